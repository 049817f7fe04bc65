using System.Security.Authentication;
using System.Text;
using Fts.Client.Connections;
using Microsoft.Extensions.Logging;

namespace Fts.Client;

/// <summary>
/// The server and the settings of an <see cref="FtpClient"/> or <see cref="FtpConnection"/>. Immutable; validated when a client or
/// connection is created.
/// </summary>
public sealed record FtpClientOptions
{
    /// <summary>The host name or IP address of the server.</summary>
    public required string Host { get; init; }

    /// <summary>The port of the control connection, 1 to 65535. Default: 21.</summary>
    public int Port { get; init; } = 21;

    /// <summary>The credentials for the login. Default: <see cref="FtpCredentials.Anonymous"/>.</summary>
    public FtpCredentials Credentials { get; init; } = FtpCredentials.Anonymous;

    /// <summary>
    /// Whether connections use TLS. Default: <see cref="FtpTlsMode.Off"/>. Use <see cref="FtpTlsMode.Required"/> if the server supports
    /// TLS; <see cref="FtpTlsMode.Preferred"/> does not protect against an attacker on the network.
    /// </summary>
    public FtpTlsMode Tls { get; init; } = FtpTlsMode.Off;

    /// <summary>
    /// The rules that decide whether the server is trusted. Default: the certificate authorities of the system are trusted.
    /// </summary>
    public FtpTrust Trust { get; init; } = FtpTrust.System;

    /// <summary>
    /// Returns whether the password and the account may be sent unencrypted. Called if <see cref="Tls"/> is
    /// <see cref="FtpTlsMode.Preferred"/>, and the server does not support TLS and is on another machine. Default: null, which fails the
    /// login with <see cref="FtpTlsFailure.PasswordNotProtected"/>.
    /// </summary>
    /// <remarks>
    /// Called at most once per <see cref="FtpClient"/>, before the user name is sent. For the user "anonymous", whose password is public,
    /// it is called only before ACCT. Not called for a server on a loopback address without a proxy.
    /// </remarks>
    public Func<CancellationToken, ValueTask<bool>>? ConfirmPlainPasswordAsync { get; init; }

    /// <summary>
    /// Returns the account for ACCT (RFC 959 §4.1.1), or null to send none. Called at most once per <see cref="FtpClient"/>, if the server
    /// requests an account (332, 532) and <see cref="FtpCredentials.Account"/> is null. Default: null, which sends no account.
    /// </summary>
    public Func<CancellationToken, ValueTask<string?>>? RequestAccountAsync { get; init; }

    /// <summary>
    /// The maximum number of control connections that an <see cref="FtpClient"/> opens, 1 or more. Default: 4. If the server allows fewer
    /// connections, the client uses fewer, and tries to open one more after <see cref="FtpTimeouts.LimitRecovery"/>.
    /// </summary>
    public int MaxConnections { get; init; } = 4;

    /// <summary>
    /// The maximum speed of all data connections together, in bytes per second, 1 or more. Null, the default, means no limit. Counted after
    /// compression and before encryption. Listings count, too.
    /// </summary>
    public long? MaxBytesPerSecond { get; init; }

    /// <summary>The timeouts and other periods.</summary>
    public FtpTimeouts Timeouts { get; init; } = new();

    /// <summary>The maximum amount of data that the client accepts from the server.</summary>
    public FtpLimits Limits { get; init; } = new();

    /// <summary>Which side opens the data connections. Default: <see cref="FtpDataMode.Passive"/>: the client opens them.</summary>
    public FtpDataMode DataMode { get; init; } = FtpDataMode.Passive;

    /// <summary>
    /// Whether the client opens passive data connections to the server address of the control connection, or to the address in the PASV
    /// reply. Default: the address of the control connection.
    /// </summary>
    public FtpPassiveAddressSource PassiveAddressSource { get; init; } = FtpPassiveAddressSource.ControlConnection;

    /// <summary>The proxy for all connections. Default: null, which uses no proxy. Active mode is not possible through a proxy.</summary>
    public FtpProxy? Proxy { get; init; }

    /// <summary>
    /// Whether transfers are compressed (MODE Z). Default: <see cref="FtpCompression.Off"/>, because compression costs processor time on
    /// both sides, and some servers lose the end of compressed uploads. After each compressed upload, the client verifies the size of the
    /// stored file.
    /// </summary>
    public FtpCompression Compression { get; init; } = FtpCompression.Off;

    /// <summary>
    /// The encoding of names and text on the control connection and in listings. Default: UTF-8 (RFC 2640). The encoding must
    /// encode each ASCII character as the same single byte, so UTF-16, UTF-32 and EBCDIC are not supported.
    /// </summary>
    /// <remarks>
    /// The client sends OPTS UTF8 ON only if the encoding is UTF-8. A byte that the encoding cannot decode becomes a lone surrogate, which
    /// the client sends back as the same byte (see <see cref="FtpName"/>).
    /// </remarks>
    public Encoding Encoding { get; init; } = Encoding.UTF8;

    /// <summary>The allowed TLS versions, 1.2, 1.3 or both. Default: both.</summary>
    public SslProtocols TlsProtocols { get; init; } = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>
    /// Receives every sent and received line of the control connections; null if not needed. Calls for one connection are in order and
    /// never overlap. The callback must not block.
    /// </summary>
    public Action<FtpTrace>? Trace { get; init; }

    /// <summary>
    /// Writes a transcript of all connections; null if not needed. The client neither disposes the recorder nor fails if it cannot write.
    /// </summary>
    public FtpRecorder? Recorder { get; init; }

    /// <summary>
    /// Receives the steps of opening each connection, for example to display the progress of a slow connection; null if not needed. The
    /// callback must not block.
    /// </summary>
    public IProgress<FtpConnectProgress>? ConnectProgress { get; init; }

    /// <summary>
    /// The clock for idle times, <see cref="FtpTimeouts.Acquire"/>, <see cref="FtpTimeouts.LimitRecovery"/>, the delays between connection
    /// attempts, and the speeds that <see cref="FtpCompression.Auto"/> compares. Default: the system clock.
    /// </summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Creates the loggers of the library. Default: null, which logs nothing. The client does not dispose the factory.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Returns these options if all values are valid.</summary>
    /// <exception cref="ArgumentException">A value is invalid. The message contains the name of the option.</exception>
    internal FtpClientOptions Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Host);
        ArgumentOutOfRangeException.ThrowIfLessThan(Port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Port, 65535);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnections, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBytesPerSecond ?? 1, 1, nameof(MaxBytesPerSecond));
        ArgumentNullException.ThrowIfNull(Credentials);
        ArgumentNullException.ThrowIfNull(Encoding);
        if (!WireText.IsSupported(Encoding))
        {
            throw new ArgumentException(
                $"The encoding {Encoding.WebName} cannot be used, because it does not encode ASCII characters as single ASCII bytes.",
                nameof(Encoding));
        }

        ArgumentNullException.ThrowIfNull(Timeouts);
        ArgumentNullException.ThrowIfNull(Limits);
        ArgumentNullException.ThrowIfNull(Trust);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        Trust.Validate();
        if (!Enum.IsDefined(Tls))
        {
            throw new ArgumentOutOfRangeException(nameof(Tls), Tls, "The value must be Off, Preferred, Required or Implicit.");
        }

        if (!Enum.IsDefined(Compression))
        {
            throw new ArgumentOutOfRangeException(nameof(Compression), Compression, "The value must be Off, Auto or Always.");
        }

        if (TlsProtocols == SslProtocols.None || (TlsProtocols & ~(SslProtocols.Tls12 | SslProtocols.Tls13)) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(TlsProtocols), TlsProtocols, "The value must be TLS 1.2, TLS 1.3 or both.");
        }

        if (!Enum.IsDefined(DataMode))
        {
            throw new ArgumentOutOfRangeException(
                nameof(DataMode), DataMode, "The value must be Passive, Active, Automatic, EpsvOnly or PasvOnly.");
        }

        if (!Enum.IsDefined(PassiveAddressSource))
        {
            throw new ArgumentOutOfRangeException(
                nameof(PassiveAddressSource), PassiveAddressSource, "The value must be ControlConnection or ServerReply.");
        }

        if (Proxy is not null)
        {
            Proxy.Validate();
            _ = FtpProxy.NormalizeHost(Host);
            if (DataMode == FtpDataMode.Active)
            {
                throw new ArgumentException(
                    "Active mode does not work through a proxy, because the server cannot connect to the client. Use Passive.",
                    nameof(DataMode));
            }
        }

        Credentials.Validate();
        Timeouts.Validate();
        Limits.Validate();
        return this;
    }
}

/// <summary>
/// One sent or received line of a control connection. Passwords are masked and control characters are escaped, so that the line is safe
/// to print.
/// </summary>
/// <param name="IsSent">True for a command to the server, false for a line of a reply.</param>
/// <param name="Line">The line, without its line break.</param>
public readonly record struct FtpTrace(bool IsSent, string Line);
