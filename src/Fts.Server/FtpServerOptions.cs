using System.Net;
using Fts.Accounts;
using Fts.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fts.Server;

/// <summary>Everything a server is told; checked once by <see cref="FtpServer"/>, then never changed.</summary>
public sealed record FtpServerOptions
{
    /// <summary>The files to serve. The caller's: it outlives the server and is not disposed by it.</summary>
    public required IFileStore Store { get; init; }

    /// <summary>Who may sign in.</summary>
    public required IAccounts Accounts { get; init; }

    /// <summary>
    /// Further hosts behind the same address, chosen by name (RFC 7151, SNI); clients that name none, or the address they connect to, get <see cref="Store"/>
    /// and <see cref="Accounts"/>. Without any, HOST is answered with 220 whatever the name: nobody told the server under which it is known. Default: none.
    /// </summary>
    public IReadOnlyList<FtpHost> Hosts { get; init; } = [];

    /// <summary>Where to listen. Port 0 takes a free one, told by <see cref="FtpServer.EndPoint"/>. Default: 127.0.0.1, a free port.</summary>
    public IPEndPoint EndPoint { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>TLS, or null for none. Default: none.</summary>
    public FtpTlsOptions? Tls { get; init; }

    /// <summary>Where to listen for connections that speak TLS from their first byte (customarily port 990), besides <see cref="EndPoint"/>. Default: nowhere.</summary>
    public IPEndPoint? ImplicitTlsEndPoint { get; init; }

    /// <summary>The text of the 220 greeting.</summary>
    public string Greeting { get; init; } = "fts ready.";

    /// <summary>How long a peer may take to sign in. Default: 60 s.</summary>
    public TimeSpan SignInTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a signed-in session may stay silent with no transfer running. Default: 15 min.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a transfer may go without a byte, or its peer stay away, before it is ended. Default: 2 min.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The delay before the first refused sign-in is answered; it doubles with each further one of the session, six times at most. Default: 1 s.</summary>
    public TimeSpan RefusalDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Refused sign-ins after which a session is closed. Default: 3.</summary>
    public int MaxSignInAttempts { get; init; } = 3;

    /// <summary>Sessions at once; the next is answered 421. Default: 50,000.</summary>
    public int MaxSessions { get; init; } = 50_000;

    /// <summary>Sessions at once from one address. Default: no limit but <see cref="MaxSessions"/>.</summary>
    public int MaxSessionsPerAddress { get; init; } = int.MaxValue;

    /// <summary>The longest command line in bytes, without its line end; a longer one is answered 500. Default: 4096.</summary>
    public int MaxLineLength { get; init; } = 4096;

    /// <summary>Lines that are no command of ours, before sign-in, after which a session is closed. Default: 20.</summary>
    public int MaxUnknownCommands { get; init; } = 20;

    /// <summary>Told each command and reply line, passwords masked. Called on the path of every session: it must not wait.</summary>
    public Action<FtpServerTrace>? Trace { get; init; }

    /// <summary>Where connections and transfers (Information) and faults (Warning, Error) are logged. Default: nowhere.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Store);
        ArgumentNullException.ThrowIfNull(Accounts);
        ArgumentNullException.ThrowIfNull(EndPoint);
        ArgumentNullException.ThrowIfNull(Logger);
        ArgumentException.ThrowIfNullOrWhiteSpace(Greeting);
        Tls?.Validate();
        ArgumentNullException.ThrowIfNull(Hosts);
        foreach (FtpHost host in Hosts)
        {
            host.Validate(hasTls: Tls is { Control: not FtpTlsPolicy.Off });
        }

        if (Hosts.GroupBy(host => host.Name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { Key: var twice })
        {
            throw new ArgumentException($"Two hosts are named {twice}.");
        }

        if (ImplicitTlsEndPoint is not null && Tls is null or { Control: FtpTlsPolicy.Off })
        {
            throw new ArgumentException($"{nameof(ImplicitTlsEndPoint)} needs {nameof(Tls)}.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(SignInTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(IdleTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(StallTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(RefusalDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSignInAttempts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSessions, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSessionsPerAddress, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxLineLength, 64);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxUnknownCommands, 1);
    }
}

/// <summary>One line on a control connection, as sent or received, passwords masked and control characters made visible.</summary>
/// <param name="Session">The session's number, counted from 1.</param>
/// <param name="IsReply">True for the server's replies, false for the client's commands.</param>
/// <param name="Line">The line without its line end.</param>
public readonly record struct FtpServerTrace(long Session, bool IsReply, string Line);
