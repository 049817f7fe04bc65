using Fts.Cli;

namespace Fts.Trust;

/// <summary>Asks for a password without showing it. Only called where there is a terminal to ask on.</summary>
internal static class PasswordPrompt
{
    /// <summary>Returns the typed password.</summary>
    /// <exception cref="UserErrorException">Ctrl-C or Ctrl-D cancelled the question.</exception>
    public static string ReadPassword(Terminal terminal, string question) =>
        terminal.PromptForText(question, isEchoed: false) ?? throw new UserErrorException(ExitCode.Interrupted, "no password given");
}
