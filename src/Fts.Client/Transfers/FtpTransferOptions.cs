namespace Fts.Client;

/// <summary>How one file is transferred.</summary>
public sealed record FtpTransferOptions
{
    /// <summary>The defaults.</summary>
    public static FtpTransferOptions Default { get; } = new();

    /// <summary>
    /// Whether a target that exists is replaced; true unless said otherwise. When false, the target is looked for first and
    /// <see cref="FtpTargetExistsException"/> ends the transfer before a byte moves.
    /// </summary>
    public bool Overwrite { get; init; } = true;

    /// <summary>Whether a downloaded file gets the server's modification time, where the server tells it; true unless said otherwise.</summary>
    public bool KeepModified { get; init; } = true;

    /// <summary>What a listing already told of the file to download: saves asking again.</summary>
    public FtpEntry? Known { get; init; }
}

/// <summary>A transfer that succeeded.</summary>
/// <param name="Path">The remote path.</param>
/// <param name="Bytes">Bytes moved.</param>
/// <param name="Elapsed">From asking for a connection to the last step.</param>
/// <param name="Reply">The server's last word, usually 226.</param>
/// <param name="Modified">The server's modification time of a downloaded file, where it told.</param>
public sealed record FtpTransferResult(string Path, long Bytes, TimeSpan Elapsed, Protocol.Reply Reply, DateTime? Modified = null);
