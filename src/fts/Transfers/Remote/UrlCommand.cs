using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Client;
using Fts.Shell;
using Fts.Transfers.Retries;

namespace Fts.Transfers.Remote;

/// <summary>Runs a one-shot command on each server that its URLs name.</summary>
internal static class UrlCommand
{
    /// <summary>
    /// Connects to one server after the other and runs the command there. Returns <see cref="ExitCode.SomeFailed"/> if the command failed
    /// on one of several servers. A signal ends the loop.
    /// </summary>
    /// <param name="line">The command line.</param>
    /// <param name="options">The options of the connections.</param>
    /// <param name="servers">The servers and their paths.</param>
    /// <param name="verb">The verb of the command.</param>
    /// <param name="command">Runs the command for the paths of one server.</param>
    /// <param name="isListing">Whether the command starts with a download or listing over one connection.</param>
    public static async Task<ExitCode> RunAsync(
        CommandLine line,
        ConnectionOptions options,
        IReadOnlyList<ServerPaths> servers,
        string verb,
        Func<ClientShell, IReadOnlyList<ShellWord>, CancellationToken, Task<ExitCode>> command,
        bool isListing = false)
    {
        Terminal terminal = options.CreateTerminal(line);
        IReadOnlyList<ServerConnection> connections =
            options.PrepareConnections(line, [.. servers.Select(server => server.Server)], terminal, options.IsDebug(line));
        string formattedOptions = OptionFormatter.FormatWithoutExistingFileOption(line);
        ExitCode result = ExitCode.Success;
        for (int i = 0; i < servers.Count; i++)
        {
            (Target server, IReadOnlyList<ShellWord> paths) = servers[i];
            CommandFormatter formatter =
                OneShotCommand.CreateFormatter(server, name => ShellQuoting.Quote(server.FormatUrl(name)), formattedOptions);
            ExitCode code = await OneShotCommand.RunAsync(
                connections[i],
                paths is [{ Text.Length: 0 }] ? verb : $"{verb} {string.Join(' ', paths)}",
                formatter with { Options = formattedOptions },
                (shell, cancel) => command(shell, paths, cancel),
                isTransferNext: isListing && paths.Count == 1);
            if (code != ExitCode.Success)
            {
                result = servers.Count > 1 ? ExitCode.SomeFailed : code;
            }

            if (code is ExitCode.Interrupted or ExitCode.Terminated or ExitCode.HungUp)
            {
                return code;
            }
        }

        return result;
    }

    /// <summary>
    /// Changes something on the server. Repeats the change if the server refuses it for now. After a lost connection it is not repeated,
    /// because the server may have made the change.
    /// </summary>
    public static Task ChangeAsync(ClientShell shell, Func<CancellationToken, Task> change, CancellationToken cancellationToken) =>
        shell.TransferSettings.Retries.RunAsync(
            shell.Terminal,
            async _ =>
            {
                await change(cancellationToken);
                return true;
            },
            RetryPolicy.IsRefusedForNow,
            describeKept: null,
            cancellationToken);

    /// <summary>Prints a change that a dry run does not make.</summary>
    public static void WritePlannedChange(ClientShell shell, string action, string path, string? newPath = null)
    {
        if (JsonOutput.Current is { } json)
        {
            json.WriteChange(action, path, isDryRun: true, newPath);
            return;
        }

        string target = newPath is null ? "" : $" -> {FtpName.Escape(newPath)}";
        shell.Terminal.WriteData($"{action,-10}{FtpName.Escape(path)}{target}");
    }
}
