using Fts.Cli;

namespace Fts.Trust;

/// <summary>Asks for a password without showing it. Only called where there is a terminal to ask on.</summary>
internal static class PasswordPrompt
{
    /// <summary>Returns the typed password.</summary>
    /// <exception cref="FailureException">Ctrl-C or Ctrl-D cancelled the question.</exception>
    public static string Ask(Terminal terminal, string question) =>
        terminal.Prompt(question, isShown: false) ?? throw new FailureException(ExitCode.Interrupted, "no password given");
}
