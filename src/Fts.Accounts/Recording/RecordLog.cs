using Microsoft.Extensions.Logging;

namespace Fts.Accounts.Recording;

/// <summary>The log messages of quotas and events.</summary>
internal static partial class RecordLog
{
    [LoggerMessage(8000, LogLevel.Error,
        "cannot write events and quotas to the database, keeping them in the journal and trying again: {Reason}")]
    public static partial void FoldFailed(ILogger logger, string reason);

    [LoggerMessage(8001, LogLevel.Information, "recovered the journal: {Settled} operations completed, {Dropped} not completed")]
    public static partial void Recovered(ILogger logger, int settled, int dropped);

    [LoggerMessage(8002, LogLevel.Warning,
        "the journal ends with {Bytes} bytes of an incomplete record, which a killed server left; the quotas are counted again")]
    public static partial void JournalDamaged(ILogger logger, long bytes);

    [LoggerMessage(8003, LogLevel.Warning,
        "the usage of {Directory} was corrected by {Bytes} bytes and {Files} files, because other programs changed the directory")]
    public static partial void QuotaCorrected(ILogger logger, string directory, long bytes, long files);

    [LoggerMessage(8004, LogLevel.Information, "counted {Directory}: {Bytes} bytes in {Files} files")]
    public static partial void QuotaCounted(ILogger logger, string directory, long bytes, long files);

    [LoggerMessage(8005, LogLevel.Error, "cannot count the files of {Directory}, will retry: {Reason}")]
    public static partial void CountFailed(ILogger logger, string directory, string reason);

    [LoggerMessage(8006, LogLevel.Error, "cannot determine whether an operation on {Path} was completed: {Reason}")]
    public static partial void OutcomeUnknown(ILogger logger, string path, string reason);

    [LoggerMessage(8007, LogLevel.Error, "cannot record the event {Type}: {Reason}")]
    public static partial void EventLost(ILogger logger, string type, string reason);
}
