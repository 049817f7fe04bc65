using Fts.Protocol;

namespace Fts.Client.Downloads;

/// <summary>The step that a download to a local file executes next (<see cref="FileDownload"/>).</summary>
internal enum DownloadStep
{
    /// <summary>Requests the metadata, verifies the bytes of an earlier download, and chooses between one connection and several.</summary>
    Prepare,
    /// <summary>Retrieves the missing bytes over the connection of the previous step, or over a new connection.</summary>
    Retrieve,
    /// <summary>
    /// Retrieves the missing bytes over several connections of the pool. The connection of the previous step is released first.
    /// </summary>
    RetrieveSegments,
    /// <summary>Verifies the content over the connection of the previous step, or over a new connection.</summary>
    Verify,
    /// <summary>Verifies the content over another connection, because the first connection was lost after the final reply.</summary>
    VerifyAgain,
    /// <summary>Renames the partial file to the target. Needs no connection.</summary>
    Commit,
    /// <summary>The download is complete.</summary>
    Completed,
}

/// <summary>
/// The state of a download to a local file. The methods are the transitions: each method is named after an event and returns the state
/// after that event. The pool may repeat a step over another connection, so states are immutable.
/// </summary>
internal sealed record DownloadState
{
    /// <summary>The next step.</summary>
    public DownloadStep Step { get; private init; } = DownloadStep.Prepare;

    /// <summary>The metadata of the remote file; null if the server does not report it.</summary>
    public FtpEntry? Metadata { get; private init; }

    /// <summary>The record that is stored beside the partial file; null if a later download could not verify the bytes.</summary>
    public PartialDownloadRecord? Record { get; private init; }

    /// <summary>
    /// The number of local bytes that are kept instead of being retrieved again. In a retrieval over one connection, it is the restart
    /// offset.
    /// </summary>
    public long ResumedBytes { get; private init; }

    /// <summary>
    /// The reason why the download starts from the beginning although bytes of an interrupted download exist, or
    /// <see cref="FtpRestartReason.None"/>.
    /// </summary>
    public FtpRestartReason RestartReason { get; private init; }

    /// <summary>The number of connections for <see cref="DownloadStep.RetrieveSegments"/>.</summary>
    public int SegmentCount { get; private init; }

    /// <summary>Whether the local file contains bytes that arrived over several connections.</summary>
    public bool IsSegmented { get; private init; }

    /// <summary>Whether the server reported the length of the file and did not send more bytes.</summary>
    public bool IsLengthConfirmed { get; private init; }

    /// <summary>The final reply to RETR; null if no bytes were missing, or if the client ended each segment itself.</summary>
    public FtpReply? FinalReply { get; private init; }

    /// <summary>The proof that the local file has the content of the remote file.</summary>
    public FtpVerifiedBy VerifiedBy { get; private init; }

    /// <summary>A warning about a wrong reported length or a growing file, although the download succeeded.</summary>
    public FtpTransferWarning Warning { get; private init; }

    /// <summary>The length in bytes that <see cref="Warning"/> refers to; null without a warning.</summary>
    public long? ReportedLength { get; private init; }

    /// <summary>
    /// Whether the step can continue on the connection of the previous step. False for steps that need another connection or several.
    /// </summary>
    public bool UsesOneConnection => Step is DownloadStep.Prepare or DownloadStep.Retrieve or DownloadStep.Verify;

    /// <summary>
    /// Whether another connection may verify the content. False without a final reply. Also false for a segmented download: its segments
    /// may belong to different versions of the file, so <see cref="VerifiedByReply"/> is not a sufficient proof.
    /// </summary>
    public bool CanVerifyAgain => FinalReply is not null && !IsSegmented;

    /// <summary>The proof that needs no further command: the reported length if it is confirmed, otherwise the final reply.</summary>
    public FtpVerifiedBy VerifiedByReply => IsLengthConfirmed ? FtpVerifiedBy.Length : FtpVerifiedBy.Reply;

    // Transitions of Prepare.

    /// <summary>Returns the state after the verification that the target already has the content of the remote file.</summary>
    public DownloadState TargetComplete(FtpEntry metadata, FtpVerifiedBy proof) =>
        this with { Step = DownloadStep.Completed, Metadata = metadata, ResumedBytes = metadata.Length!.Value, VerifiedBy = proof };

    /// <summary>Returns the state after the decision to retrieve the missing bytes over one connection.</summary>
    public DownloadState Prepared(FtpEntry? metadata, PartialDownloadRecord? record, ResumePoint start) =>
        this with
        {
            Step = DownloadStep.Retrieve,
            Metadata = metadata,
            Record = record,
            ResumedBytes = start.Offset,
            RestartReason = start.RestartReason,
        };

    /// <summary>Returns the state after the decision to retrieve the missing bytes over several connections.</summary>
    public DownloadState PreparedForSegments(FtpEntry metadata, PartialDownloadRecord? record, ResumePoint start, int count) =>
        Prepared(metadata, record, start) with { Step = DownloadStep.RetrieveSegments, SegmentCount = count, IsSegmented = true };

    // Transitions of Retrieve.

    /// <summary>Returns the state if the local file already has the length of the remote file.</summary>
    public DownloadState NothingMissing() => this with { Step = DownloadStep.Verify, IsLengthConfirmed = true, FinalReply = null };

    /// <summary>Returns the state after the server confirmed RETR.</summary>
    public DownloadState Retrieved(ReceivedFile received) => this with
    {
        Step = DownloadStep.Verify,
        IsLengthConfirmed = received.ExpectedLength is not null,
        FinalReply = received.Reply,
        Warning = received.ExceededLength is null ? FtpTransferWarning.None : FtpTransferWarning.LongerThanReported,
        ReportedLength = received.ExceededLength,
    };

    /// <summary>Returns the state after the server rejected REST: the file is retrieved from its beginning.</summary>
    public DownloadState RestartRejected() =>
        this with { Step = DownloadStep.Retrieve, ResumedBytes = 0, RestartReason = FtpRestartReason.Unsupported };

    /// <summary>
    /// Returns the state after a resumed file exceeded the reported length. The existing bytes may belong to another file, so the next step
    /// retrieves the remote file from its beginning.
    /// </summary>
    public DownloadState ResumedFileTooLong() =>
        this with { Step = DownloadStep.Retrieve, ResumedBytes = 0, RestartReason = FtpRestartReason.Changed };

    // Transitions of RetrieveSegments.

    /// <summary>Returns the state after all segments were received.</summary>
    public DownloadState SegmentsRetrieved(long resumedBytes, FtpReply? reply) =>
        this with { Step = DownloadStep.Verify, ResumedBytes = resumedBytes, IsLengthConfirmed = true, FinalReply = reply };

    /// <summary>
    /// Returns the state after the server rejected REST for a segment: one connection retrieves all bytes from the first gap on.
    /// </summary>
    public DownloadState SegmentRestartRejected(long prefixLength) =>
        this with { Step = DownloadStep.Retrieve, ResumedBytes = prefixLength };

    /// <summary>
    /// Returns the state after segments exceeded the reported length. The reported length is wrong, so one connection retrieves the whole
    /// file.
    /// </summary>
    public DownloadState SegmentsExceedLength() => this with { Step = DownloadStep.Retrieve, ResumedBytes = 0, IsSegmented = false };

    // Transitions of Verify, VerifyAgain and Commit.

    /// <summary>Returns the state after the connection was lost between the final reply and the end of the verification.</summary>
    public DownloadState VerificationInterrupted() => this with { Step = DownloadStep.VerifyAgain };

    /// <summary>Returns the state after a successful verification.</summary>
    public DownloadState Verified(VerifiedFile verified) => this with
    {
        Step = DownloadStep.Commit,
        VerifiedBy = verified.By,
        Warning = Warning == FtpTransferWarning.None && verified.GrownLength is not null ? FtpTransferWarning.StillGrowing : Warning,
        ReportedLength = ReportedLength ?? verified.GrownLength,
    };

    /// <summary>Returns the state after the partial file was renamed to the target.</summary>
    public DownloadState Committed() => this with { Step = DownloadStep.Completed };
}
