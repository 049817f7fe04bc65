using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Protocol;

namespace Fts.Trust;

/// <summary>Asks before a password is sent unencrypted to another machine. Used only on an interactive terminal.</summary>
internal static class UnencryptedPasswordPrompt
{
    /// <summary>Asks the user. Returns true if the user agrees.</summary>
    /// <exception cref="OperationCanceledException">Ctrl-C or Ctrl-D cancelled the question.</exception>
    public static async ValueTask<bool> ConfirmAsync(Terminal terminal, Target target, string user, CancellationToken cancellationToken)
    {
        string question = $"{target} does not support TLS: others on the network can read the password of {user.ToPrintable()}. " +
            "Send the password? [y/N] ";
        // The question runs on another thread, because waiting for a key would block the thread that reads the sockets.
        string? answer = await Task.Run(() => terminal.AskQuestion(question), cancellationToken).WaitAsync(cancellationToken);
        return answer is null ? throw new OperationCanceledException() : answer is "y" or "yes";
    }
}
