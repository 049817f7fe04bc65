using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Protocol;
using Fts.Shell;

namespace Fts.Transfers.Remote;

/// <summary><c>fts mv URL… URL</c> renames and moves files and folders on a server.</summary>
internal static class MoveCommand
{
    private const string Usage = "fts mv URL… URL [options]";

    /// <summary>The arguments, options and help page of <c>fts mv</c>.</summary>
    public static SubcommandDefinition Definition => CreateDefinition(new ConnectionOptions(), CreateOverwriteOption(),
        RemoveCommand.CreateDryRunOption());

    /// <summary>Runs <c>fts mv</c> and returns its exit code.</summary>
    public static Task<ExitCode> RunAsync(string[] args)
    {
        var options = new ConnectionOptions();
        (Option<bool> overwrite, Option<bool> dryRun) = (CreateOverwriteOption(), RemoveCommand.CreateDryRunOption());
        var line = new CommandLine(CreateDefinition(options, overwrite, dryRun), args);
        if (line.Arguments.Count < 2)
        {
            throw CommandLine.CreateUsageError("mv requires one or more sources, then the target", null, Usage);
        }

        IReadOnlyList<ServerPaths> sources = UrlArguments.Parse([.. line.Arguments.SkipLast(1)], options.GetUser(line), Usage);
        (Target targetServer, ShellWord target) = UrlArguments.ParseUrl(line.Arguments[^1], options.GetUser(line), Usage);
        if (sources.Count > 1 || sources[0].Server != targetServer)
        {
            throw CommandLine.CreateUsageError("mv works within one server: all URLs must have the same user, host and port");
        }

        if (sources[0].Paths.FirstOrDefault(path => path.IsPattern || path.Text.Trim('/').Length == 0) is { Text: { } text })
        {
            throw CommandLine.CreateUsageError($"mv requires the name of a file or folder, without * and ?, not '/{text}'", null, Usage);
        }

        return UrlCommand.RunAsync(line, options, sources, "mv", MoveAllAsync);

        async Task<ExitCode> MoveAllAsync(ClientShell shell, IReadOnlyList<ShellWord> paths, CancellationToken cancellationToken)
        {
            string path = shell.CurrentDirectory.Resolve(target);
            bool isFolder = path.Trim('/').Length == 0 || path.EndsWith('/') || paths.Count > 1
                || await shell.Client.GetEntryAsync(path, cancellationToken) is { Kind: FtpEntryKind.Directory };
            return await shell.ForEachAsync("mv", paths, MoveAsync, cancellationToken);

            async Task MoveAsync(ShellWord word, CancellationToken cancel)
            {
                string source = shell.CurrentDirectory.Resolve(word).TrimEnd('/'), name = RemoteDirectory.GetName(source);
                string renamed = !isFolder ? path : path.Length == 0 ? name : $"{path.TrimEnd('/')}/{name}";
                if (line.HasOption(dryRun))
                {
                    UrlCommand.WritePlannedChange(shell, "rename", source, renamed);
                    return;
                }

                await UrlCommand.ChangeAsync(
                    shell, token => shell.Client.RenameAsync(source, renamed, line.HasOption(overwrite), token), cancel);
                JsonOutput.Current?.WriteChange("rename", source, isDryRun: false, renamed);
                shell.Terminal.WriteMessage($"renamed {source.ToPrintable()} to {renamed.ToPrintable()}");
            }
        }
    }

    private static SubcommandDefinition CreateDefinition(ConnectionOptions options, Option<bool> overwrite, Option<bool> dryRun) =>
        new("mv", int.MaxValue, new HelpPage
    {
        Usage = [Usage],
        Purpose = "Renames and moves files and folders on a server.",
        Examples =
        [
            new("fts mv ftp://ann@192.168.1.5/in/a.txt ftp://ann@192.168.1.5/in/b.txt", "rename a file"),
            new("fts mv ftp://ann@192.168.1.5/in/a.txt ftp://ann@192.168.1.5/done/", "move a file to a folder"),
        ],
        Arguments =
        [
            new("URL…", "the files and folders to rename or move"),
            new("URL", "the new name; or the target folder, if it exists or the URL ends with a slash"),
        ],
        OptionGroups = [new OptionGroup("Renaming", overwrite, dryRun), .. options.GetRemoteOptions()],
        ExitCodes = ConnectionOptions.ExitCodes,
        Notes = ["An existing file is not replaced, unless --overwrite is given.", ConnectionOptions.PasswordNote],
    });

    private static Option<bool> CreateOverwriteOption() => new("--overwrite") { Description = "replace an existing file" };
}
