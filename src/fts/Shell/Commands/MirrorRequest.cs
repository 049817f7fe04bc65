using Fts.Cli;
using Fts.Client;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>The folders and the settings of a mirror.</summary>
/// <param name="Direction">The direction of the transfers.</param>
/// <param name="LocalPath">The local folder.</param>
/// <param name="RemotePath">The remote folder; empty for the folder of the connections.</param>
/// <param name="FormatRetryCommand">Returns the command that continues after an interruption.</param>
internal sealed record MirrorRequest(FtpMirrorDirection Direction, string LocalPath, string RemotePath, Func<string> FormatRetryCommand)
{
    /// <summary>The verb for messages.</summary>
    public string Verb { get; init; } = "mirror";

    /// <summary>Whether to print the plan without changing anything.</summary>
    public bool IsDryRun { get; init; }

    /// <summary>The action for existing files; null for the setting of the session.</summary>
    public ExistingFileAction? ExistingFile { get; init; }

    /// <summary>Returns the files of the plan to transfer, and the exit code for the other files; null for all files.</summary>
    public Func<IReadOnlyList<FtpBatchFile>, CancellationToken, Task<(IReadOnlyList<FtpBatchFile> Files, ExitCode Result)>>? SelectFiles
    {
        get;
        init;
    }

    /// <summary>Removes what the source does not have; null to remove nothing.</summary>
    public MirrorDeletion? Deletion { get; init; }
}
