namespace Fts.Client;

/// <summary>What a transfer is doing.</summary>
public enum FtpPhase
{
    /// <summary>Waiting for a connection, signing in, opening the data connection.</summary>
    Connecting,
    /// <summary>Bytes move.</summary>
    Transferring,
    /// <summary>The last byte is through; the server's word is awaited.</summary>
    AwaitingReply,
    /// <summary>The server confirmed; the local file gets its name.</summary>
    Committing,
}

/// <summary>How far a transfer is. Reported when the phase changes, at most ten times a second in between, and once at the end.</summary>
/// <param name="Path">The remote path.</param>
/// <param name="Phase">What is going on.</param>
/// <param name="Bytes">Bytes moved by this transfer, without <paramref name="Resumed"/>.</param>
/// <param name="Total">Bytes this transfer will have moved at its end; null when nobody knows.</param>
/// <param name="Resumed">Bytes that were there before, and count for no rate.</param>
public readonly record struct FtpProgress(string Path, FtpPhase Phase, long Bytes, long? Total, long Resumed = 0);
