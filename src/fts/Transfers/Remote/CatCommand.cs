using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Shell.Commands;

namespace Fts.Transfers.Remote;

/// <summary><c>fts cat URL…</c> writes the content of remote files to standard output.</summary>
internal static class CatCommand
{
    private const string Usage = "fts cat URL… [options]";

    /// <summary>The arguments, options and help page of <c>fts cat</c>.</summary>
    public static SubcommandDefinition Definition => CreateDefinition(new ConnectionOptions());

    /// <summary>Runs <c>fts cat</c> and returns its exit code.</summary>
    public static Task<ExitCode> RunAsync(string[] args)
    {
        var options = new ConnectionOptions();
        var line = new CommandLine(CreateDefinition(options), args);
        IReadOnlyList<ServerPaths> servers = UrlArguments.Parse(line.Arguments, options.GetUser(line), Usage);
        return UrlCommand.RunAsync(line, options, servers, "cat", TransferCommands.CatAsync, isListing: true);
    }

    private static SubcommandDefinition CreateDefinition(ConnectionOptions options) => new("cat", int.MaxValue, new HelpPage
    {
        Usage = [Usage],
        Purpose = "Writes the content of files on a server to standard output, one after the other.",
        Examples =
        [
            new("fts cat ftp://files.example.com/pub/list.txt", "print a file"),
            new("fts cat ftp://files.example.com/pub/disk.iso | sha256sum", "compute the hash of a file without storing it"),
        ],
        Arguments = [new("URL", "a file; * and ? in the last part select all matching files, and must be quoted for your shell")],
        OptionGroups = options.GetRemoteOptions(hasJson: false),
        ExitCodes = ConnectionOptions.ExitCodes,
        Notes =
        [
            "Standard output receives exactly the bytes of the files. Everything else is written to standard error.",
            ConnectionOptions.PasswordNote,
        ],
    });
}
