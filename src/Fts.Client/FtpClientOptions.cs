using System.Security.Authentication;
using System.Text;
using Fts.Client.Connections;
using Microsoft.Extensions.Logging;

namespace Fts.Client;

/// <summary>Where and how to connect. Immutable; validated once, when a client or a connection is made from it.</summary>
public sealed record FtpClientOptions
{
    /// <summary>Name or address of the server.</summary>
    public required string Host { get; init; }

    /// <summary>Port of the control connection, 1 to 65535.</summary>
    public int Port { get; init; } = 21;

    /// <summary>Who signs in; anonymous unless said otherwise.</summary>
    public FtpCredentials Credentials { get; init; } = FtpCredentials.Anonymous;

    /// <summary>
    /// Whether connections are encrypted. Off unless said otherwise: what a library sends in plain, or refuses to, is its caller's decision and not the
    /// server's, or that of whoever sits in between. Use <see cref="FtpTlsMode.Required"/> wherever the server can.
    /// </summary>
    public FtpTlsMode Tls { get; init; } = FtpTlsMode.Off;

    /// <summary>Which servers are believed to be who they say, when encrypted.</summary>
    public FtpTrust Trust { get; init; } = FtpTrust.System;

    /// <summary>
    /// Decides whether the password may be sent in plain. Used with <see cref="FtpTlsMode.Preferred"/> if the server offers no TLS and is
    /// on another machine (its address is not loopback, or a proxy is used). Returns true to send it. Null, the default, refuses it with
    /// <see cref="FtpTlsFailure.PasswordNotProtected"/>. Called at most once per <see cref="FtpClient"/>, before the user name is sent. Not
    /// called for the user "anonymous", whose password is public.
    /// </summary>
    public Func<CancellationToken, ValueTask<bool>>? ConfirmPlainPasswordAsync { get; init; }

    /// <summary>
    /// Returns the account for ACCT (RFC 959 §4.1.1), or null if there is none. Called at most once per <see cref="FtpClient"/>, when the server asks for
    /// an account (332, 532) and <see cref="FtpCredentials.Account"/> is null. If this is null (the default), no account is sent.
    /// </summary>
    public Func<CancellationToken, ValueTask<string?>>? RequestAccountAsync { get; init; }

    /// <summary>
    /// How many control connections an <see cref="FtpClient"/> may have open at once, 1 or more. If the server allows fewer, fewer are
    /// used. After <see cref="FtpTimeouts.LimitRecovery"/> one more is tried.
    /// </summary>
    public int MaxConnections { get; init; } = 4;

    /// <summary>How long each kind of wait may last.</summary>
    public FtpTimeouts Timeouts { get; init; } = new();

    /// <summary>How much a server may make this side read or remember.</summary>
    public FtpLimits Limits { get; init; } = new();

    /// <summary>Who opens the data connections.</summary>
    public FtpDataMode DataMode { get; init; } = FtpDataMode.Passive;

    /// <summary>Whose word counts for the address of passive data connections.</summary>
    public FtpPassiveAddressSource PassiveAddressSource { get; init; } = FtpPassiveAddressSource.ControlConnection;

    /// <summary>The proxy that all connections go through; null for none. With one there is no active mode.</summary>
    public FtpProxy? Proxy { get; init; }

    /// <summary>
    /// Whether files travel compressed. Off unless said otherwise: it costs both sides processor time, and some servers' decoders have lost data; after every
    /// compressed upload the server is asked for the size it has.
    /// </summary>
    public FtpCompression Compression { get; init; } = FtpCompression.Off;

    /// <summary>
    /// The encoding of names and text on the wire. UTF-8 (RFC 2640) by default. OPTS UTF8 ON is sent only with UTF-8. Bytes that
    /// the encoding cannot decode become lone surrogates, which are sent back as the same bytes (see <see cref="FtpName"/>). The encoding must encode ASCII as
    /// single ASCII bytes, so UTF-16, UTF-32 and EBCDIC throw.
    /// </summary>
    public Encoding Encoding { get; init; } = Encoding.UTF8;

    /// <summary>The versions of TLS that may be spoken: 1.2 and 1.3.</summary>
    public SslProtocols TlsProtocols { get; init; } = SslProtocols.Tls12 | SslProtocols.Tls13;

    /// <summary>Called with every line as it is sent and received, in order, one call at a time per connection; must not block.</summary>
    public Action<FtpTrace>? Trace { get; init; }

    /// <summary>
    /// Receives the steps of opening each connection, so that a caller can show the progress of a slow one; null if not needed. Must not
    /// block.
    /// </summary>
    public IProgress<FtpConnectProgress>? ConnectProgress { get; init; }

    /// <summary>
    /// The clock of the connection pool: idle times, <see cref="FtpTimeouts.Acquire"/>, <see cref="FtpTimeouts.LimitRecovery"/> and the delays between attempts to connect.
    /// It also measures the speeds that <see cref="FtpCompression.Auto"/> compares. The system's clock by default; a test can set another.
    /// </summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the library logs; nowhere unless said otherwise.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <exception cref="ArgumentException">A value that cannot work; the message names it.</exception>
    internal FtpClientOptions Validate()
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(Host);
        ArgumentOutOfRangeException.ThrowIfLessThan(Port, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Port, 65535);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxConnections, 1);
        ArgumentNullException.ThrowIfNull(Credentials);
        ArgumentNullException.ThrowIfNull(Encoding);
        if (!WireText.IsSupported(Encoding))
        {
            throw new ArgumentException($"The encoding {Encoding.WebName} cannot be used, because it does not encode ASCII characters as single ASCII bytes.", nameof(Encoding));
        }

        ArgumentNullException.ThrowIfNull(Timeouts);
        ArgumentNullException.ThrowIfNull(Limits);
        ArgumentNullException.ThrowIfNull(Trust);
        ArgumentNullException.ThrowIfNull(TimeProvider);
        Trust.Validate();
        if (!Enum.IsDefined(Tls))
        {
            throw new ArgumentOutOfRangeException(nameof(Tls), Tls, "Off, Preferred, Required or Implicit.");
        }

        if (!Enum.IsDefined(Compression))
        {
            throw new ArgumentOutOfRangeException(nameof(Compression), Compression, "Off, Auto or Always.");
        }

        if (TlsProtocols == SslProtocols.None || (TlsProtocols & ~(SslProtocols.Tls12 | SslProtocols.Tls13)) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(TlsProtocols), TlsProtocols, "TLS 1.2, 1.3 or both.");
        }

        if (!Enum.IsDefined(DataMode))
        {
            throw new ArgumentOutOfRangeException(nameof(DataMode), DataMode, "Passive, Active or Automatic.");
        }

        if (!Enum.IsDefined(PassiveAddressSource))
        {
            throw new ArgumentOutOfRangeException(nameof(PassiveAddressSource), PassiveAddressSource, "Control or Server.");
        }

        if (Proxy is not null)
        {
            Proxy.Validate();
            _ = FtpProxy.NormalizeHost(Host);
            if (DataMode == FtpDataMode.Active)
            {
                throw new ArgumentException("Active mode does not work through a proxy: the server cannot connect to this side.", nameof(DataMode));
            }
        }

        Credentials.Validate();
        Timeouts.Validate();
        Limits.Validate();
        return this;
    }
}

/// <summary>One line of the control connection, as text that is safe to print: passwords are masked, control characters escaped.</summary>
/// <param name="IsSent">True for a line to the server, false for one from it.</param>
/// <param name="Line">The line without its line end.</param>
public readonly record struct FtpTrace(bool IsSent, string Line);
