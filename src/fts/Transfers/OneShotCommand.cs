using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Shell;
using Fts.Transfers.Retries;

namespace Fts.Transfers;

/// <summary>Runs one command on a connection of its own, without an interactive session.</summary>
internal static class OneShotCommand
{
    /// <summary>Connects, runs a command, disconnects, and reports errors. Returns the exit code.</summary>
    /// <param name="connection">The connection, not opened yet. Disposed at the end.</param>
    /// <param name="operation">The command in the form that the user typed, for messages.</param>
    /// <param name="formatter">Formats commands for advice.</param>
    /// <param name="command">Runs the command.</param>
    /// <param name="isTransferNext">Whether the command starts with a download or listing over one connection.</param>
    public static async Task<ExitCode> RunAsync(
        ServerConnection connection,
        string operation,
        CommandFormatter formatter,
        Func<ClientShell, CancellationToken, Task<ExitCode>> command,
        bool isTransferNext = false)
    {
        using var interrupts = new InterruptHandler();
        await using (connection)
        {
            var shell = new ClientShell(
                connection.Client, connection.Target, connection.Terminal, interrupts, connection.TransferSettings, formatter);
            ExitCode connectResult = await shell.RunOnceAsync("connect", async cancellationToken =>
            {
                return await connection.TransferSettings.Retries.RunAsync(
                    connection.Terminal,
                    async _ =>
                    {
                        await connection.OpenAsync(showsGreeting: false, isTransferNext, cancellationToken);
                        return ExitCode.Success;
                    },
                    RetryPolicy.IsTransientConnect,
                    describeKept: null,
                    cancellationToken);
            });
            return connectResult == ExitCode.Success
                ? await shell.RunOnceAsync(operation, cancellationToken => command(shell, cancellationToken))
                : connectResult;
        }
    }

    /// <summary>Returns a formatter for <c>fts</c> commands in the system's shell.</summary>
    /// <param name="target">The server.</param>
    /// <param name="formatName">Returns a file name as the user types it.</param>
    /// <param name="suffix">The text after the last name.</param>
    public static CommandFormatter CreateFormatter(Target target, Func<ShellWord, string> formatName, string suffix = "")
    {
        string userOption = target.User is null ? "" : $" --user {ShellQuoting.Quote(target.User)}";
        return new CommandFormatter("fts ", formatName, suffix, $"fts client {ShellQuoting.Quote(target.Host)} {target.Port}{userOption}");
    }
}
