using System.CommandLine;
using System.Globalization;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Client;
using Fts.Transfers.Remote;

namespace Fts.Sync;

/// <summary>The source and the target of a sync: one is a URL, the other a local folder.</summary>
/// <param name="IsUpload">Whether the local folder is the source.</param>
/// <param name="Local">The local folder as the user typed it.</param>
/// <param name="Server">The server, with the user and the path.</param>
internal sealed record SyncSides(bool IsUpload, string Local, Target Server)
{
    /// <summary>The direction of the transfers.</summary>
    public FtpMirrorDirection Direction => IsUpload ? FtpMirrorDirection.Upload : FtpMirrorDirection.Download;
}

/// <summary>The options that <c>fts sync</c> and <c>fts plan</c> share.</summary>
internal sealed class SyncSettings
{
    private readonly Option<bool> _delete =
        new("--delete") { Description = "also delete what the source lacks, after all transfers" };

    private readonly Option<bool> _checksum =
        new("--checksum") { Description = "compare files of the same size by SHA-256, not by time" };

    private readonly Option<string> _maxDelete = new("--max-delete")
    {
        HelpName = "N|N%",
        Description = "delete at most N files, or N % of the files in the target",
    };

    private readonly Option<string> _trash = new("--trash")
    {
        HelpName = "FOLDER",
        Description = "folder in the target's place for deleted and replaced files",
    };

    /// <summary>The options of the connection.</summary>
    public ConnectionOptions Connection { get; } = new();

    /// <summary>Returns the options of the comparison, for the help page.</summary>
    public OptionGroup CreateGroup(params Option[] others) => new("Sync", [_delete, _checksum, _maxDelete, _trash, .. others]);

    /// <summary>Returns the options of the comparison.</summary>
    /// <exception cref="UserErrorException">A value is invalid, or an option requires <c>--delete</c>.</exception>
    public FtpSyncOptions GetOptions(CommandLine line)
    {
        var options = new FtpSyncOptions
        {
            Delete = line.HasOption(_delete),
            Checksum = line.HasOption(_checksum),
            Trash = line.GetValue(_trash),
        };
        if (line.GetValue(_maxDelete) is not { } text)
        {
            return options;
        }

        bool isPercent = text.EndsWith('%');
        if (!int.TryParse(text.TrimEnd('%'), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            || (isPercent && number > 100))
        {
            throw CommandLine.CreateUsageError($"--max-delete {text}: must be a number, or a percentage such as 20%");
        }

        return options.Delete
            ? isPercent ? options with { MaxDeletePercent = number } : options with { MaxDelete = number }
            : throw CommandLine.CreateUsageError("--max-delete requires --delete");
    }

    /// <summary>Returns the sides that the two arguments name.</summary>
    /// <exception cref="UserErrorException">There is not exactly one URL and one folder.</exception>
    public SyncSides GetSides(CommandLine line, string verb, string usage)
    {
        if (line.Arguments.Count != 2 || Target.IsUrl(line.Arguments[0]) == Target.IsUrl(line.Arguments[1]))
        {
            throw CommandLine.CreateUsageError(
                $"{verb} requires a source and a target: a URL and a local folder, in either order", null, usage);
        }

        bool isUpload = Target.IsUrl(line.Arguments[1]);
        (string local, string url) = isUpload ? (line.Arguments[0], line.Arguments[1]) : (line.Arguments[1], line.Arguments[0]);
        Target target = Target.FromUrl(url);
        if (Connection.IsAscii(line) || target.Type == FtpTransferType.Ascii)
        {
            throw CommandLine.CreateUsageError($"{verb} does not support ASCII mode, because {verb} compares lengths");
        }

        return new SyncSides(isUpload, local, target with { User = Connection.GetUser(line) ?? target.User });
    }

    /// <summary>Returns the option with which a command deletes without a question.</summary>
    public static Option<bool> CreateForceOption() =>
        ListCommand.CreateSwitch("--force", "-f", "do not ask before files and folders are deleted");
}
