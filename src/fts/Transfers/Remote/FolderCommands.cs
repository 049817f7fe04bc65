using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;
using Fts.Shell.Commands;

namespace Fts.Transfers.Remote;

/// <summary><c>fts mkdir URL…</c> and <c>fts rmdir URL…</c> create folders and remove empty folders on a server.</summary>
internal sealed class FolderCommands
{
    private const string MakeUsage = "fts mkdir URL… [-p] [options]", RemoveUsage = "fts rmdir URL… [options]";

    private readonly ConnectionOptions _connection = new();
    private readonly Option<bool> _parents =
        ListCommand.CreateSwitch("--parents", "-p", "also create the missing parent folders; accept an existing folder");

    private readonly Option<bool> _dryRun = RemoveCommand.CreateDryRunOption();

    /// <summary>The arguments, options and help page of <c>fts mkdir</c>.</summary>
    public static SubcommandDefinition MakeDefinition => new FolderCommands().CreateMakeDefinition();

    /// <summary>The arguments, options and help page of <c>fts rmdir</c>.</summary>
    public static SubcommandDefinition RemoveDefinition => new FolderCommands().CreateRemoveDefinition();

    /// <summary>Runs <c>fts mkdir</c> and returns its exit code.</summary>
    public static Task<ExitCode> MakeAsync(string[] args)
    {
        var command = new FolderCommands();
        var line = new CommandLine(command.CreateMakeDefinition(), args);
        return command.RunAsync(line, "mkdir", MakeUsage, "created", command.CreateFolderAsync);
    }

    /// <summary>Runs <c>fts rmdir</c> and returns its exit code.</summary>
    public static Task<ExitCode> RemoveAsync(string[] args)
    {
        var command = new FolderCommands();
        var line = new CommandLine(command.CreateRemoveDefinition(), args);
        return command.RunAsync(
            line, "rmdir", RemoveUsage, "removed", (_, client, path, cancel) => client.DeleteDirectoryAsync(path, cancel));
    }

    private SubcommandDefinition CreateMakeDefinition() => new("mkdir", int.MaxValue, new HelpPage
    {
        Usage = [MakeUsage],
        Purpose = "Creates folders on a server.",
        Examples =
        [
            new("fts mkdir ftp://ann@192.168.1.5:2121/in/2026", "create a folder"),
            new("fts mkdir -p ftp://ann@192.168.1.5:2121/in/2026/05", "create a folder and its parents"),
        ],
        Arguments = [new("URL", "the new folder")],
        OptionGroups = [new OptionGroup("Folders", _parents, _dryRun), .. _connection.GetRemoteOptions()],
        ExitCodes = ConnectionOptions.ExitCodes,
        Notes = [ConnectionOptions.PasswordNote],
    });

    private SubcommandDefinition CreateRemoveDefinition() => new("rmdir", int.MaxValue, new HelpPage
    {
        Usage = [RemoveUsage],
        Purpose = "Removes empty folders on a server. To remove a folder with its content, use fts rm -r.",
        Examples =
        [
            new("fts rmdir ftp://ann@192.168.1.5:2121/in/2026", "remove an empty folder"),
            new("fts rm -r ftp://ann@192.168.1.5:2121/in/2026", "remove a folder with everything in it"),
        ],
        Arguments = [new("URL", "the empty folder")],
        OptionGroups = [new OptionGroup("Folders", _dryRun), .. _connection.GetRemoteOptions()],
        ExitCodes = ConnectionOptions.ExitCodes,
        Notes = [ConnectionOptions.PasswordNote],
    });

    private Task<ExitCode> RunAsync(
        CommandLine line,
        string verb,
        string usage,
        string pastVerb,
        Func<CommandLine, FtpClient, string, CancellationToken, Task> change)
    {
        IReadOnlyList<ServerPaths> servers = UrlArguments.Parse(line.Arguments, _connection.GetUser(line), usage);
        if (servers.SelectMany(server => server.Paths).FirstOrDefault(path => path.IsPattern || path.Text.Trim('/').Length == 0) is
            { Text: { } text })
        {
            throw CommandLine.CreateUsageError($"{verb} requires the name of a folder, without * and ?, not '/{text}'", null, usage);
        }

        return UrlCommand.RunAsync(line, _connection, servers, verb, (shell, paths, cancel) =>
            shell.ForEachAsync(verb, paths, (path, token) => ChangeAsync(shell, path, token), cancel));

        async Task ChangeAsync(ClientShell shell, ShellWord path, CancellationToken cancellationToken)
        {
            string resolved = shell.CurrentDirectory.Resolve(path).TrimEnd('/');
            if (line.HasOption(_dryRun))
            {
                UrlCommand.WritePlannedChange(shell, verb, resolved);
                return;
            }

            try
            {
                await UrlCommand.ChangeAsync(shell, token => change(line, shell.Client, resolved, token), cancellationToken);
            }
            catch (FtpReplyException e)
            {
                throw await EntryKindErrors.ClarifyAsync(shell, e, verb, FtpName.Escape(resolved), cancellationToken);
            }

            JsonOutput.Current?.WriteChange(verb, resolved, isDryRun: false);
            shell.Terminal.WriteMessage($"{pastVerb} {resolved.ToPrintable()}");
        }
    }

    private async Task CreateFolderAsync(CommandLine line, FtpClient client, string path, CancellationToken cancellationToken)
    {
        if (line.HasOption(_parents))
        {
            await RemoteFolders.CreateWithParentsAsync(client, path, cancellationToken);
        }
        else
        {
            await client.CreateDirectoryAsync(path, cancellationToken);
        }
    }
}
