using System.Globalization;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;

namespace Fts.Transfers.Remote;

/// <summary><c>fts stat URL…</c> prints the metadata of remote files and folders.</summary>
internal static class StatCommand
{
    private const string Usage = "fts stat URL… [options]";

    /// <summary>The arguments, options and help page of <c>fts stat</c>.</summary>
    public static SubcommandDefinition Definition => CreateDefinition(new ConnectionOptions());

    /// <summary>Runs <c>fts stat</c> and returns its exit code.</summary>
    public static Task<ExitCode> RunAsync(string[] args)
    {
        var options = new ConnectionOptions();
        var line = new CommandLine(CreateDefinition(options), args);
        IReadOnlyList<ServerPaths> servers = UrlArguments.Parse(line.Arguments, options.GetUser(line), Usage);
        bool isFirst = true;
        return UrlCommand.RunAsync(line, options, servers, "stat", (shell, paths, cancel) =>
            shell.ForEachAsync("stat", paths, (path, token) => PrintAsync(shell, path, token), cancel));

        async Task PrintAsync(ClientShell shell, ShellWord path, CancellationToken cancellationToken)
        {
            string resolved = shell.CurrentDirectory.Resolve(path);
            FtpEntry entry = path.Text.Trim('/').Length == 0
                ? new FtpEntry { Path = path.Text, Name = path.Text, Kind = FtpEntryKind.Directory }
                : await shell.Client.GetEntryAsync(resolved.TrimEnd('/'), cancellationToken) ?? throw new UserErrorException(
                    ExitCode.NotFound,
                    $"stat {path}: no such file or folder on the server {shell.Target}",
                    "ls, to list the remote folder");
            if (JsonOutput.Current is { } json)
            {
                json.WriteEntry(entry, entry.Path);
                return;
            }

            if (!isFirst)
            {
                shell.Terminal.WriteData("");
            }

            isFirst = false;
            foreach ((string name, string value) in Describe(entry))
            {
                shell.Terminal.WriteData($"{name,-8}  {value}");
            }
        }
    }

    private static SubcommandDefinition CreateDefinition(ConnectionOptions options) => new("stat", int.MaxValue, new HelpPage
    {
        Usage = [Usage],
        Purpose = "Prints the kind, the size, the last-modified time and the mode of files and folders on a server.",
        Examples =
        [
            new("fts stat ftp://files.example.com/pub/report.pdf", "print the metadata of a file"),
            new("fts stat ftp://files.example.com/pub/report.pdf >/dev/null && echo yes", "check that a file exists"),
        ],
        Arguments = [new("URL", "a file or folder")],
        OptionGroups = options.GetRemoteOptions(),
        ExitCodes = ConnectionOptions.ExitCodes,
        Notes =
        [
            "Each line has a name and a value: path, kind, size in bytes, modified (UTC), mode, target of a link. A value that the " +
            "server does not report is omitted.",
            ConnectionOptions.PasswordNote,
        ],
    });

    private static IEnumerable<(string Name, string Value)> Describe(FtpEntry entry)
    {
        yield return ("path", FtpName.Escape(entry.Path));
        yield return ("kind", FormatKind(entry.Kind));
        if (entry.Length is { } length && entry.Kind != FtpEntryKind.Directory)
        {
            yield return ("size", length.ToString(CultureInfo.InvariantCulture));
        }

        if (entry.LastModified is not null)
        {
            yield return ("modified", ListCommand.FormatTime(entry));
        }

        if (entry.UnixMode is { } mode)
        {
            yield return ("mode", Convert.ToString((int)mode, 8).PadLeft(4, '0'));
        }

        if (entry.LinkTarget is { } target)
        {
            yield return ("target", FtpName.Escape(target));
        }
    }

    /// <summary>Returns the kind of an entry as a word.</summary>
    public static string FormatKind(FtpEntryKind kind) => kind switch
    {
        FtpEntryKind.File => "file",
        FtpEntryKind.Directory => "folder",
        FtpEntryKind.Link => "link",
        _ => "unknown",
    };
}
