using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Shell;

namespace Fts.Transfers;

/// <summary>One command and the connection for it: no prompt, no history, nothing on stdout but data.</summary>
internal static class OneShot
{
    /// <summary>Connects, does it, and leaves; shows what went wrong.</summary>
    /// <param name="connection">The server; not connected yet.</param>
    /// <param name="doing">The command as the user would name it.</param>
    /// <param name="wording">How commands are named in advice.</param>
    /// <param name="command">Does it.</param>
    public static async Task<ExitCode> RunAsync(Connection connection, string doing, Wording wording, Func<ClientShell, CancellationToken, Task<ExitCode>> command)
    {
        using var interrupts = new Interrupts();
        await using (connection)
        {
            var shell = new ClientShell(connection.Client, connection.Target, connection.Terminal, interrupts, connection.Transfers, wording);
            ExitCode opened = await shell.RunOnceAsync("connect", async cancellationToken =>
            {
                await connection.OpenAsync(greets: false, cancellationToken);
                return ExitCode.Done;
            });
            return opened == ExitCode.Done ? await shell.RunOnceAsync(doing, cancellationToken => command(shell, cancellationToken)) : opened;
        }
    }

    /// <summary>The words of advice outside a session.</summary>
    public static Wording Wording(Target target, Func<Word, string> nameOf, string after = "") =>
        new("fts ", nameOf, after, $"fts client {target.Host} {target.Port}{(target.User is null ? "" : $" --user {Words.Escape(target.User)}")}");
}
