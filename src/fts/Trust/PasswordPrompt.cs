using Fts.Cli;

namespace Fts.Trust;

/// <summary>Asks for a password, or for the account of a login, without echo. Used only on an interactive terminal.</summary>
internal static class PasswordPrompt
{
    /// <summary>Asks the question and returns the typed text.</summary>
    /// <exception cref="UserErrorException">Ctrl-C or Ctrl-D cancelled the question.</exception>
    public static string ReadPassword(Terminal terminal, string question) =>
        terminal.PromptForText(question, isEchoed: false)
        ?? throw new UserErrorException(ExitCode.Interrupted, "the question was not answered");
}
