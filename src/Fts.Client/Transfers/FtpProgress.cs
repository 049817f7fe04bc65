namespace Fts.Client;

/// <summary>What a transfer is doing.</summary>
public enum FtpTransferStage
{
    /// <summary>Waiting for a connection, signing in, opening the data connection.</summary>
    Connecting,
    /// <summary>Bytes move.</summary>
    Transferring,
    /// <summary>The last byte is through; the server's word is awaited.</summary>
    AwaitingReply,
    /// <summary>The server confirmed; the local file gets its name.</summary>
    Committing,
    /// <summary>Both sides hash what they have: before a transfer is resumed, or at its end.</summary>
    Verifying,
}

/// <summary>Why a transfer that was to be resumed starts anew.</summary>
public enum FtpRestartReason
{
    /// <summary>It does not: it is resumed, or there was nothing to go on from.</summary>
    None,
    /// <summary>The server's file is not the one that the earlier transfer began.</summary>
    Changed,
    /// <summary>Nothing proves that it still is: the server tells no time of change, and no hash.</summary>
    Unverifiable,
    /// <summary>The server cannot start in the middle of a file.</summary>
    Unsupported,
}

/// <summary>How far a transfer is. Reported when the phase changes, at most ten times a second in between, and once at the end.</summary>
/// <param name="Path">The remote path.</param>
/// <param name="Stage">What is going on.</param>
/// <param name="Bytes">Bytes moved by this transfer, without <paramref name="ResumedBytes"/>.</param>
/// <param name="TotalBytes">Bytes this transfer will have moved at its end; null when nobody knows.</param>
/// <param name="ResumedBytes">Bytes that were there before, and count for no rate.</param>
/// <param name="RestartReason">Why what was there before is not gone on with.</param>
public readonly record struct FtpProgress(string Path, FtpTransferStage Stage, long Bytes, long? TotalBytes, long ResumedBytes = 0, FtpRestartReason RestartReason = FtpRestartReason.None);
