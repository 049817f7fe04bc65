using Fts.Protocol;

namespace Fts.Client.Uploads;

/// <summary>The step that an upload executes next (<see cref="Upload"/>).</summary>
internal enum UploadStep
{
    /// <summary>Checks that the target does not exist. May close the connection (<see cref="Transfers.RemoteTargetCheck"/>).</summary>
    CheckTarget,
    /// <summary>Finds the restart offset, and chooses compression and the number of segments.</summary>
    Prepare,
    /// <summary>Sends the bytes with STOR or APPE.</summary>
    Send,
    /// <summary>Sends a text file in ASCII mode.</summary>
    SendText,
    /// <summary>Sends segments over several connections of the pool. The connection of the previous step is released first.</summary>
    SendSegments,
    /// <summary>Verifies the stored file on the connection of the previous step.</summary>
    Verify,
    /// <summary>Verifies the stored file on another connection, because the first connection ended after the final reply.</summary>
    VerifyAgain,
    /// <summary>The upload is complete.</summary>
    Completed,
}

/// <summary>
/// The state of an upload. Each method is a transition: it is named after an event and returns the state after that event. States are
/// immutable, because the pool may run a step again on another connection.
/// </summary>
internal sealed record UploadState
{
    private UploadState()
    {
    }

    /// <summary>The step to execute next.</summary>
    public UploadStep Step { get; private init; }

    /// <summary>The restart offset: the number of bytes at the beginning of the source that the server already has.</summary>
    public long ResumedBytes { get; private init; }

    /// <summary>Whether <see cref="UploadStep.Send"/> uses MODE Z.</summary>
    public bool ShouldDeflate { get; private init; }

    /// <summary>The number of segments, and the maximum number of connections, for <see cref="UploadStep.SendSegments"/>.</summary>
    public int SegmentCount { get; private init; }

    /// <summary>Whether the file is sent over one connection because the server rejected its segments.</summary>
    public bool HasServerRejectedSegments { get; private init; }

    /// <summary>The length of the stored file in bytes: resumed and sent bytes. Set by <see cref="Sent"/> for the verification.</summary>
    public long StoredBytes { get; private init; }

    /// <summary>The final reply; null before the reply, and if the server already had the whole file.</summary>
    public FtpReply? FinalReply { get; private init; }

    /// <summary>The proof that the upload is complete. Valid only in the final state.</summary>
    public FtpVerifiedBy VerifiedBy { get; private init; }

    /// <summary>
    /// Whether the step can continue on the connection of the previous step. False for steps that need another connection or several.
    /// </summary>
    public bool UsesOneConnection =>
        Step is UploadStep.CheckTarget or UploadStep.Prepare or UploadStep.Send or UploadStep.SendText or UploadStep.Verify;

    /// <summary>Returns the first state of an upload.</summary>
    public static UploadState Start(FtpTransferOptions options) =>
        new() { Step = options.Overwrite ? GetStepAfterCheck(options) : UploadStep.CheckTarget };

    // Transition of CheckTarget.

    /// <summary>Returns the state after the check found that the target does not exist.</summary>
    public UploadState TargetChecked(FtpTransferOptions options) => this with { Step = GetStepAfterCheck(options) };

    // Transitions of Prepare.

    /// <summary>Returns the final state if the server already has the whole file.</summary>
    public UploadState TargetComplete(long length, FtpVerifiedBy proof) =>
        this with { Step = UploadStep.Completed, ResumedBytes = length, VerifiedBy = proof };

    /// <summary>Returns the state before the file is sent over one connection.</summary>
    public UploadState Prepared(long offset, bool shouldDeflate) =>
        this with { Step = UploadStep.Send, ResumedBytes = offset, ShouldDeflate = shouldDeflate };

    /// <summary>Returns the state before the file is sent over several connections.</summary>
    public UploadState PreparedForSegments(int count) => this with { Step = UploadStep.SendSegments, SegmentCount = count };

    // Transitions of Send and SendText.

    /// <summary>Returns the state after the server confirmed the upload.</summary>
    public UploadState Sent(FtpReply reply, long storedBytes) =>
        this with { Step = UploadStep.Verify, FinalReply = reply, StoredBytes = storedBytes };

    /// <summary>
    /// Returns the final state after the server confirmed a text file. The stored file may have a different length, so it is not verified.
    /// </summary>
    public UploadState TextSent(FtpReply reply) =>
        this with { Step = UploadStep.Completed, FinalReply = reply, VerifiedBy = FtpVerifiedBy.Reply };

    /// <summary>
    /// Returns the state after the server rejected compressed data or stored it wrongly. The file is sent again without compression.
    /// </summary>
    public UploadState DeflateFailed() => this with { Step = UploadStep.Send, ShouldDeflate = false };

    // Transitions of SendSegments.

    /// <summary>Returns the final state after all segments were stored, joined and verified.</summary>
    public UploadState SegmentsStored(FtpReply reply, FtpVerifiedBy proof) =>
        this with { Step = UploadStep.Completed, FinalReply = reply, VerifiedBy = proof };

    /// <summary>Returns the state after the server rejected the segments or COMB. The file is sent over one connection.</summary>
    public UploadState SegmentsRejected() => this with { Step = UploadStep.Send, HasServerRejectedSegments = true };

    // Transitions of Verify and VerifyAgain.

    /// <summary>Returns the state after the connection ended before the verification was complete.</summary>
    public UploadState VerificationInterrupted() => this with { Step = UploadStep.VerifyAgain };

    /// <summary>Returns the final state after the stored file was verified.</summary>
    public UploadState Verified(FtpVerifiedBy proof) => this with { Step = UploadStep.Completed, VerifiedBy = proof };

    private static UploadStep GetStepAfterCheck(FtpTransferOptions options) =>
        options.Type == FtpTransferType.Ascii ? UploadStep.SendText : UploadStep.Prepare;
}
