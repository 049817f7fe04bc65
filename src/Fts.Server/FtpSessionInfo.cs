using System.Net;
using System.Net.Security;
using System.Security.Authentication;

namespace Fts.Server;

/// <summary>The state of one session at the time of <see cref="FtpServer.GetSessions"/>. Immutable.</summary>
public sealed record FtpSessionInfo
{
    /// <summary>The number of the session, as in the log. Numbers start at 1 and are never reused by the same server.</summary>
    public required long Id { get; init; }

    /// <summary>The name of the logged-in account, or null before login.</summary>
    public string? Account { get; init; }

    /// <summary>The client's address and port: from the PROXY header if a load balancer sent one.</summary>
    public required IPEndPoint Client { get; init; }

    /// <summary>The host name that the client selected (RFC 7151), or null for the default host.</summary>
    public string? Host { get; init; }

    /// <summary>The TLS protocol and cipher suite of the control connection. Null if the connection is not encrypted.</summary>
    public FtpTlsInfo? Tls { get; init; }

    /// <summary>The time of the connection.</summary>
    public required DateTimeOffset ConnectedAt { get; init; }

    /// <summary>The time since the last command or the end of the last transfer. Zero during a transfer.</summary>
    public required TimeSpan IdleTime { get; init; }

    /// <summary>The verb of the last command, for example <c>CWD</c>. Null before the first command.</summary>
    public string? LastCommand { get; init; }

    /// <summary>The running transfer, or null.</summary>
    public FtpTransferInfo? Transfer { get; init; }
}

/// <summary>The parameters that a TLS handshake negotiated.</summary>
/// <param name="Protocol">The version of TLS.</param>
/// <param name="CipherSuite">The cipher suite.</param>
public sealed record FtpTlsInfo(SslProtocols Protocol, TlsCipherSuite CipherSuite);

/// <summary>What a transfer does.</summary>
public enum FtpTransferKind
{
    /// <summary>The client sends a file: STOR, APPE or STOU.</summary>
    Upload,
    /// <summary>The client receives a file: RETR.</summary>
    Download,
    /// <summary>The client receives a listing: LIST, NLST or MLSD.</summary>
    Listing,
    /// <summary>A long operation without file data on the network, for example HASH, COMB or RMDA.</summary>
    Other,
}

/// <summary>The state of a running transfer.</summary>
public sealed record FtpTransferInfo
{
    /// <summary>What the transfer does.</summary>
    public required FtpTransferKind Kind { get; init; }

    /// <summary>The verb of the command, for example <c>STOR</c>.</summary>
    public required string Verb { get; init; }

    /// <summary>The virtual path of the file or directory. For other commands, their argument. Empty if the command has none.</summary>
    public required string Path { get; init; }

    /// <summary>The number of bytes transferred so far. In MODE Z, the number of uncompressed bytes.</summary>
    public required long Bytes { get; init; }

    /// <summary>The expected number of bytes, or null if it is unknown.</summary>
    public long? TotalBytes { get; init; }

    /// <summary>The start of the transfer.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The speed in bytes per second, measured over about the last second.</summary>
    public required long BytesPerSecond { get; init; }
}
