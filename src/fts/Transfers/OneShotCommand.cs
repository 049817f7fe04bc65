using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Shell;

namespace Fts.Transfers;

/// <summary>One command and the connection for it: no prompt, no history, nothing on stdout but data.</summary>
internal static class OneShotCommand
{
    /// <summary>Connects, does it, and leaves; shows what went wrong.</summary>
    /// <param name="connection">The server; not connected yet.</param>
    /// <param name="operation">The command as the user would name it.</param>
    /// <param name="formatter">How commands are named in advice.</param>
    /// <param name="command">Does it.</param>
    public static async Task<ExitCode> RunAsync(ServerConnection connection, string operation, CommandFormatter formatter, Func<ClientShell, CancellationToken, Task<ExitCode>> command)
    {
        using var interrupts = new InterruptHandler();
        await using (connection)
        {
            var shell = new ClientShell(connection.Client, connection.Target, connection.Terminal, interrupts, connection.TransferSettings, formatter);
            ExitCode connectResult = await shell.RunOnceAsync("connect", async cancellationToken =>
            {
                await connection.OpenAsync(showsGreeting: false, cancellationToken);
                return ExitCode.Success;
            });
            return connectResult == ExitCode.Success ? await shell.RunOnceAsync(operation, cancellationToken => command(shell, cancellationToken)) : connectResult;
        }
    }

    /// <summary>The words of advice outside a session.</summary>
    public static CommandFormatter CreateFormatter(Target target, Func<ShellWord, string> formatName, string suffix = "") =>
        new("fts ", formatName, suffix, $"fts client {target.Host} {target.Port}{(target.User is null ? "" : $" --user {ShellLineParser.Escape(target.User)}")}");
}
