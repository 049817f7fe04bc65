using System.Net;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Server.Data.Copy;
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
    public required IAuthenticator Authenticator { get; init; }

    /// <summary>
    /// Further hosts behind the same address, chosen by name (RFC 7151, SNI); clients that name none, or the address they connect to, get <see cref="Store"/>
    /// and <see cref="Authenticator"/>. Without any, HOST is answered with 220 whatever the name: nobody told the server under which it is known. Default: none.
    /// </summary>
    public IReadOnlyList<FtpHost> Hosts { get; init; } = [];

    /// <summary>Where to listen. Port 0 takes a free one, told by <see cref="FtpServer.EndPoint"/>. Default: 127.0.0.1, a free port.</summary>
    public IPEndPoint EndPoint { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>TLS, or null for none. Default: none.</summary>
    public FtpTlsOptions? Tls { get; init; }

    /// <summary>Where to listen for connections that speak TLS from their first byte (customarily port 990), besides <see cref="EndPoint"/>. Default: nowhere.</summary>
    public IPEndPoint? ImplicitTlsEndPoint { get; init; }

    /// <summary>The ports that data connections of passive mode are waited for on. Default: for each session a free one that the system picks at random.</summary>
    public FtpPassivePorts? PassivePorts { get; init; }

    /// <summary>What PASV tells peers to connect to. Default: the address they reached the server by.</summary>
    public IReadOnlyList<FtpPassiveAddress> PassiveAddresses { get; init; } = [];

    /// <summary>
    /// The balancers that begin each of their connections with a PROXY header, version 1 or 2, control and passive data connections alike. What the header says
    /// counts as the peer's address everywhere; from these addresses it is required, from all others never read. Default: none.
    /// </summary>
    public IReadOnlyList<IPNetwork> ProxyProtocolNetworks { get; init; } = [];

    /// <summary>
    /// The addresses that the data connections of a session may use, in passive mode and as the target of PORT and EPRT. Default: the address of the
    /// control connection only (RFC 2577 §3 and §4).
    /// </summary>
    public FtpDataPeers DataPeers { get; init; } = FtpDataPeers.Same;

    /// <summary>How long a PROXY header may take to come. Default: 5 s.</summary>
    public TimeSpan ProxyHeaderTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The text of the 220 greeting.</summary>
    public string Greeting { get; init; } = "fts ready.";

    /// <summary>How long a peer may take to sign in, without the delays after failed logins. Default: 60 s.</summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a signed-in session may stay silent with no transfer running. Default: 15 min.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// How long a transfer waits for its data connection: in passive mode for the client to connect, in active mode for the connection to
    /// the client. After that the client receives 425. Checked once a second. Default: 60 s.
    /// </summary>
    public TimeSpan DataConnectionTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The idle time of a control connection after which TCP keep-alive probes are sent, one every 15 s. After four probes without an
    /// acknowledgement the session ends. The probes also keep firewalls from discarding the connection during a long transfer. At least 1 s;
    /// zero sends none. Default: 60 s.
    /// </summary>
    public TimeSpan ControlKeepAlive { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a transfer may go without a byte before it is aborted with 426. Checked once a second. Default: 2 min.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// How long the server waits while it sends a reply and the client acknowledges no byte of it. After that the client is disconnected,
    /// even during a transfer. Default: 60 s.
    /// </summary>
    public TimeSpan ControlWriteTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long an aborted transfer, or a session that was ended, may take to finish. After that the control connection is closed without a
    /// reply. <see cref="FtpServer.StopAsync"/> also waits so long for sessions after <see cref="DrainTimeout"/>. Default: 10 s.
    /// </summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long running transfers may continue after <see cref="FtpServer.StopAsync"/> was called, so that they can finish. After that they are aborted with
    /// 426. Zero aborts them at once. At most 1 day. Default: 10 s.
    /// </summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long an upload that broke off is kept to be continued; zero keeps none. Looked after once an hour, or as often as that time is long.
    /// Default: 24 h.
    /// </summary>
    public TimeSpan PartialUploadLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Which uploads are published. Default: all that are not known to be cut.</summary>
    public FtpPublishPolicy PublishPolicy { get; init; } = FtpPublishPolicy.CompleteOrUnverified;

    /// <summary>
    /// The time after a failed login before the next password of the same account and address is checked, over all sessions. It doubles with
    /// each further failure, four times at most (16 s by default). For the address, over all accounts, it doubles with every second one,
    /// three times at most (8 s by default). An account that signed in from the same address within 24 hours waits for its own failures only.
    /// At least 8 logins of an account or address may wait; further ones are answered 421 if they would wait longer than 16 times this value.
    /// An IPv6 address counts with its network of 64 bits, and loopback addresses by the user of the client's process. Zero for no delays.
    /// Default: 1 s.
    /// </summary>
    public TimeSpan LoginDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The time after which one failed login expires. Several expire one after another; at most 60 count. Default: 1 min.</summary>
    public TimeSpan FailedLoginLifetime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The number of addresses with a record of failed logins. The record with the fewest recent failures is evicted first. Default: 10,000.</summary>
    public int MaxTrackedAddresses { get; init; } = 10_000;

    /// <summary>Refused sign-ins after which a session is closed. Default: 3.</summary>
    public int MaxFailedLogins { get; init; } = 3;

    /// <summary>
    /// The most sessions at the same time; a further client receives 421. On Linux, so does a client whose connection would use the last
    /// quarter of the file descriptors that the process may open (RLIMIT_NOFILE), which is reserved for data connections and files.
    /// Default: 50,000.
    /// </summary>
    public int MaxSessions { get; init; } = 50_000;

    /// <summary>
    /// The most sessions at the same time from one IPv4 address, or from one IPv6 /64 network, signed in or not. A further client receives
    /// 421. Loopback addresses are exempt (<see cref="ShouldLimitLoopback"/>). Default: 100, which is enough for 25 users behind one address
    /// with 4 connections each.
    /// </summary>
    public int MaxSessionsPerAddress { get; init; } = 100;

    /// <summary>
    /// Whether <see cref="MaxSessionsPerAddress"/> also applies to loopback addresses; each of them then counts separately. Default: no.
    /// </summary>
    public bool ShouldLimitLoopback { get; init; }

    /// <summary>The longest command line in bytes, without its line end; a longer one is answered 500. Default: 4096.</summary>
    public int MaxLineLength { get; init; } = 4096;

    /// <summary>Lines that are no command of ours, before sign-in, after which a session is closed. Default: 20.</summary>
    public int MaxUnknownCommands { get; init; } = 20;

    /// <summary>
    /// The maximum number of entries of one listing that are held in memory to be sorted (LIST with <c>-t</c>, <c>-S</c> or <c>-r</c>). A folder with more is listed
    /// unsorted, and the final reply reports that. An entry takes about 150 bytes. Default: 10,000.
    /// </summary>
    public int MaxSortedEntriesPerListing { get; init; } = 10_000;

    /// <summary>
    /// The maximum number of entries that the listings of all sessions together hold in memory, to be sorted or for the folders of a recursive listing. Beyond it, a
    /// folder is listed unsorted, and a recursive listing reads a folder twice instead. An entry takes about 600 bytes with a long name. Default: 200,000.
    /// </summary>
    public int MaxListingEntriesInMemory { get; init; } = 200_000;

    /// <summary>The maximum number of entries of a recursive listing (LIST with <c>-R</c>); for a larger tree the server lists these and replies 451. Default: 1,000,000.</summary>
    public int MaxRecursiveEntries { get; init; } = 1_000_000;

    /// <summary>The maximum number of levels below the listed folder in a recursive listing; for a deeper tree the server lists these and replies 451. Default: 64.</summary>
    public int MaxRecursiveDepth { get; init; } = 64;

    /// <summary>Whether transfers may be compressed (MODE Z, draft-preston-ftpext-deflate), which costs this machine's processor to spare the line. Default: yes.</summary>
    public bool SupportsDeflate { get; init; } = true;

    /// <summary>How many times what it takes on the wire a compressed upload may have in content, once it has <see cref="AlwaysAllowedExpandedBytes"/> bytes; more is answered 552. Default: 200.</summary>
    public int MaxExpansionRatio { get; init; } = 200;

    /// <summary>Bytes of content a compressed upload may have however little it took on the wire. Default: 64 MiB.</summary>
    public long AlwaysAllowedExpandedBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Told each command and reply line, passwords masked. Called on the path of every session: it must not wait.</summary>
    public Action<FtpServerTrace>? Trace { get; init; }

    /// <summary>The clock of the delays after failed logins. Default: the system's.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// Creates the logger of the server, with the category of <see cref="FtpServer"/>. Connections and transfers are logged as Information, faults as Warning
    /// or Error. The server does not dispose the factory. Default: null, which logs nothing.
    /// </summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>The logger of <see cref="LoggerFactory"/>, set by <see cref="FtpServer"/>.</summary>
    internal ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>How long an upload has stood still that makes room for its continuation on another connection.</summary>
    internal TimeSpan UploadTakeoverDelay { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>From how many bytes on the kernel copies what it can: from 1, or never, for tests of one engine.</summary>
    internal long MinKernelCopyBytes { get; init; } = PumpSelector.DefaultMinKernelBytes;

    /// <summary>The IPv4 addresses of a name; as the machine resolves it, but for tests.</summary>
    internal Func<string, CancellationToken, Task<IPAddress[]>> ResolveNameAsync { get; init; } =
        (name, cancellationToken) => Dns.GetHostAddressesAsync(name, AddressFamily.InterNetwork, cancellationToken);

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Store);
        ArgumentNullException.ThrowIfNull(Authenticator);
        ArgumentNullException.ThrowIfNull(EndPoint);
        ArgumentNullException.ThrowIfNull(Logger);
        ArgumentNullException.ThrowIfNull(TimeProvider);
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

        ValidateReachability();
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(LoginTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(IdleTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(DataConnectionTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(StallTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(ControlKeepAlive, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ControlWriteTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(CloseTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(DrainTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(DrainTimeout, TimeSpan.FromDays(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(PartialUploadLifetime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThan(LoginDelay, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(LoginDelay, TimeSpan.FromHours(1));
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(FailedLoginLifetime, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(FailedLoginLifetime, TimeSpan.FromDays(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxTrackedAddresses, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxFailedLogins, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSessions, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxSessionsPerAddress, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxLineLength, 64);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxUnknownCommands, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxExpansionRatio, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxSortedEntriesPerListing);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxListingEntriesInMemory);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRecursiveEntries, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxRecursiveDepth);
        ArgumentOutOfRangeException.ThrowIfNegative(AlwaysAllowedExpandedBytes);
    }

    private void ValidateReachability()
    {
        ArgumentNullException.ThrowIfNull(PassiveAddresses);
        ArgumentNullException.ThrowIfNull(ProxyProtocolNetworks);
        ArgumentNullException.ThrowIfNull(DataPeers);
        PassivePorts?.Validate();
        foreach (IPEndPoint? own in (IPEndPoint?[])[EndPoint, ImplicitTlsEndPoint])
        {
            if (own is not null && PassivePorts?.Contains(own.Port) == true)
            {
                throw new ArgumentException($"{nameof(PassivePorts)} hold port {own.Port}, on which the server itself listens.");
            }
        }

        foreach (FtpPassiveAddress address in PassiveAddresses)
        {
            address.Validate();
        }

        if (PassiveAddresses.GroupBy(address => address.Network).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"{nameof(PassiveAddresses)} name {(twice.Key is { } network ? $"{network}" : "everybody else")} twice.");
        }

        // Whoever may send the header may claim any address: all the world must not.
        if (ProxyProtocolNetworks.Any(network => network.PrefixLength == 0))
        {
            throw new ArgumentException($"{nameof(ProxyProtocolNetworks)} must name the balancers, not every address.");
        }

        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ProxyHeaderTimeout, TimeSpan.Zero);
    }
}

/// <summary>One line on a control connection, as sent or received, passwords masked and control characters made visible.</summary>
/// <param name="Session">The session's number, counted from 1.</param>
/// <param name="IsReply">True for the server's replies, false for the client's commands.</param>
/// <param name="Line">The line without its line end.</param>
public readonly record struct FtpServerTrace(long Session, bool IsReply, string Line);
