namespace Fts.Client;

/// <summary>The representation type of a transfer (TYPE, RFC 959 §3.1.1).</summary>
public enum FtpTransferType
{
    /// <summary>The bytes as they are (TYPE I).</summary>
    Binary,
    /// <summary>
    /// Text (TYPE A): lines end in CRLF on the wire, and in <see cref="Environment.NewLine"/> in the local file. The server converts to its own line ends.
    /// The lengths and hashes of the two files differ. Only the server's final reply confirms the transfer, and it cannot be resumed.
    /// </summary>
    Ascii,
}
