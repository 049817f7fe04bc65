namespace Fts.Client;

/// <summary>The stages of a transfer.</summary>
public enum FtpTransferStage
{
    /// <summary>The client waits for a connection, logs in, or opens the data connection.</summary>
    Connecting,
    /// <summary>Bytes are transferred.</summary>
    Transferring,
    /// <summary>All bytes are transferred, and the client waits for the final reply.</summary>
    AwaitingReply,
    /// <summary>The server confirmed the download, and the client renames the hidden file to the local target.</summary>
    Committing,
    /// <summary>Both sides compute hashes, before a transfer is resumed or at its end.</summary>
    Verifying,
}

/// <summary>The reason why a transfer starts from the beginning although bytes of an interrupted transfer exist.</summary>
public enum FtpRestartReason
{
    /// <summary>No reason: the transfer is resumed, or no bytes of an interrupted transfer exist.</summary>
    None,
    /// <summary>The remote file changed after the interrupted transfer: its length, last-modified time or hash differs.</summary>
    Changed,
    /// <summary>
    /// The existing bytes cannot be verified, for example because the server reports neither a last-modified time nor a hash.
    /// </summary>
    Unverifiable,
    /// <summary>The server does not support restart offsets (REST).</summary>
    Unsupported,
}

/// <summary>
/// The progress of a transfer. Reported when the stage changes, at most ten times a second in between, and once at the end.
/// </summary>
/// <param name="Path">The remote path.</param>
/// <param name="Stage">The current stage.</param>
/// <param name="Bytes">The number of bytes transferred, without <paramref name="ResumedBytes"/>.</param>
/// <param name="TotalBytes">The number of bytes to transfer, without <paramref name="ResumedBytes"/>; null if it is unknown.</param>
/// <param name="ResumedBytes">
/// The number of bytes of an interrupted transfer, or of an existing target, that are not transferred again.
/// </param>
/// <param name="RestartReason">
/// The reason why the transfer starts from the beginning although bytes of an interrupted transfer exist.
/// </param>
public readonly record struct FtpProgress(
    string Path,
    FtpTransferStage Stage,
    long Bytes,
    long? TotalBytes,
    long ResumedBytes = 0,
    FtpRestartReason RestartReason = FtpRestartReason.None);
