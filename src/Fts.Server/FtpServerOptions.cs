using System.Net;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Accounts.Recording;
using Fts.Server.Data.Copy;
using Fts.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fts.Server;

/// <summary>The options of a server. <see cref="FtpServer"/> validates them once; after that they must not change.</summary>
public sealed record FtpServerOptions
{
    /// <summary>The store of the files. The caller owns it; the server does not dispose it.</summary>
    public required IFileStore Store { get; init; }

    /// <summary>Authenticates clients and returns their accounts.</summary>
    public required IAuthenticator Authenticator { get; init; }

    /// <summary>
    /// Returns the stores of accounts (<see cref="Account.Store"/>), without the stores of hosts. The server deletes expired partial
    /// uploads in them. Called on a background thread at each sweep. Default: returns none.
    /// </summary>
    public Func<IEnumerable<IFileStore>> GetAccountStores { get; init; } = static () => [];

    /// <summary>
    /// Additional virtual hosts on the same address, selected by HOST (RFC 7151) or by the server name of TLS (SNI). Default: none.
    /// </summary>
    /// <remarks>
    /// Clients that select no host, or the address of the server, use <see cref="Store"/> and <see cref="Authenticator"/>. If the list is
    /// empty, HOST with any name is accepted.
    /// </remarks>
    public IReadOnlyList<FtpHost> Hosts { get; init; } = [];

    /// <summary>
    /// The address on which to listen. With port 0 the system chooses a port, which <see cref="FtpServer.EndPoint"/> returns. Default:
    /// 127.0.0.1, port 0.
    /// </summary>
    public IPEndPoint EndPoint { get; init; } = new(IPAddress.Loopback, 0);

    /// <summary>
    /// A TCP socket that already listens, for example a socket of a service manager. Null: the server opens a socket on
    /// <see cref="EndPoint"/>, which is otherwise not used. The server owns the socket from its start on. Default: null.
    /// </summary>
    public Socket? ListeningSocket { get; init; }

    /// <summary>The TLS options; null for no TLS. Default: null.</summary>
    public FtpTlsOptions? Tls { get; init; }

    /// <summary>
    /// The address on which to listen for implicit TLS (usually port 990), in addition to <see cref="EndPoint"/>. Null for none. Default:
    /// null.
    /// </summary>
    public IPEndPoint? ImplicitTlsEndPoint { get; init; }

    /// <summary>The ports for passive data connections. Null: the system chooses a port for each session. Default: null.</summary>
    public FtpPassivePorts? PassivePorts { get; init; }

    /// <summary>
    /// The addresses for replies to PASV. If none applies to a client, the reply contains the address to which the client connected.
    /// Default: none.
    /// </summary>
    public IReadOnlyList<FtpPassiveAddress> PassiveAddresses { get; init; } = [];

    /// <summary>
    /// The networks of the load balancers that send a PROXY header (version 1 or 2) at the start of each control and passive data
    /// connection. Default: none.
    /// </summary>
    /// <remarks>
    /// The server uses the address in the header as the client's address everywhere. Connections from these networks must have a header.
    /// Headers from other addresses are never read.
    /// </remarks>
    public IReadOnlyList<IPNetwork> ProxyProtocolNetworks { get; init; } = [];

    /// <summary>
    /// Determines which addresses may connect to a session's passive port and may be the target of its PORT and EPRT. Default: only the
    /// client's address on the control connection (RFC 2577 §3 and §4).
    /// </summary>
    public FtpDataPeers DataPeers { get; init; } = FtpDataPeers.Same;

    /// <summary>The time limit for receiving a PROXY header. After it, the connection is closed. Default: 5 s.</summary>
    public TimeSpan ProxyHeaderTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The text of the 220 greeting. Default: "fts ready."</summary>
    public string Greeting { get; init; } = "fts ready.";

    /// <summary>
    /// The time limit for the login, excluding the delays after failed logins. After it, the session is closed with 421. Default: 60 s.
    /// </summary>
    public TimeSpan LoginTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a session without a transfer may be idle before it is closed with 421. Default: 15 min.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>
    /// The time limit for establishing a data connection, in passive and in active mode. After it, the client receives 425. Checked once a
    /// second. Default: 60 s.
    /// </summary>
    public TimeSpan DataConnectionTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// The idle time of a control connection before the server sends TCP keep-alive probes, one every 15 s. At least 1 s; zero for no
    /// probes. Default: 60 s.
    /// </summary>
    /// <remarks>
    /// The session ends after four probes without an acknowledgement. The probes also keep firewalls from dropping the connection during a
    /// long transfer.
    /// </remarks>
    public TimeSpan ControlKeepAlive { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a transfer may make no progress before it is aborted with 426. Checked once a second. Default: 2 min.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// How long the sending of a reply may make no progress (TCP acknowledges no further bytes) before the client is disconnected, even
    /// during a transfer. Checked once a second. Default: 60 s.
    /// </summary>
    public TimeSpan ControlWriteTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long an aborted transfer may take to finish, and how long a session that the server ends may take to finish. After this time,
    /// the control connection is closed without a reply. <see cref="FtpServer.StopAsync"/> also waits this long for sessions after
    /// <see cref="DrainTimeout"/>. Default: 10 s.
    /// </summary>
    public TimeSpan CloseTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long running transfers may continue after <see cref="FtpServer.StopAsync"/> was called. After this time, they are aborted with
    /// 426. Zero aborts them at once. At most 1 day. Default: 10 s.
    /// </summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a partial upload is kept for resumption. Zero keeps none. Expired uploads are removed once an hour, or more often if this
    /// time is shorter than an hour. Default: 24 h.
    /// </summary>
    public TimeSpan PartialUploadLifetime { get; init; } = TimeSpan.FromHours(24);

    /// <summary>Determines which uploads are published. Default: all uploads without a sign of truncation.</summary>
    public FtpPublishPolicy PublishPolicy { get; init; } = FtpPublishPolicy.CompleteOrUnverified;

    /// <summary>
    /// The delay after a failed login. Further passwords from the same address are checked only after this delay, in all sessions. At most
    /// 1 h. Zero for no delays. Default: 1 s.
    /// </summary>
    /// <remarks>
    /// <para>The server counts the failures of each address, and of each account at that address. The delay of an account doubles with each
    /// further failure, at most four times (16 s by default). The delay of an address doubles with every second failure, at most three
    /// times (8 s by default). An account that logged in from the same address within 24 hours waits only for its own failures.</para>
    /// <para>Eight logins of an account or address may always wait. A further login receives 421 if it would wait longer than 16 times the
    /// value of this option. An IPv6 /64 network counts as one address. On loopback, each local user counts as one address.</para>
    /// </remarks>
    public TimeSpan LoginDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The time after which a failed login no longer counts towards <see cref="LoginDelay"/>. Several failed logins expire one after
    /// another, at intervals of this time. At most 60 failed logins of an address or account count. At most 1 day. Default: 1 min.
    /// </summary>
    public TimeSpan FailedLoginLifetime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The maximum number of addresses with a record of failed logins. The record with the fewest recent failures is evicted first.
    /// Default: 10,000.
    /// </summary>
    /// <remarks>The same limit applies to the addresses for which the server records successful logins.</remarks>
    public int MaxTrackedAddresses { get; init; } = 10_000;

    /// <summary>The number of failed logins after which a session is closed. Default: 3.</summary>
    public int MaxFailedLogins { get; init; } = 3;

    /// <summary>The maximum number of concurrent sessions. Further clients receive 421. Default: 50,000.</summary>
    /// <remarks>
    /// On Linux, a quarter of the process's file descriptors (RLIMIT_NOFILE) is reserved for data connections and files. If only reserved
    /// descriptors are free, new clients receive 421. New connections of load balancers are then closed without a reply.
    /// </remarks>
    public int MaxSessions { get; init; } = 50_000;

    /// <summary>
    /// The maximum number of concurrent sessions from one IPv4 address or one IPv6 /64 network, with or without login. Further clients
    /// receive 421. Default: 100.
    /// </summary>
    /// <remarks>
    /// Loopback addresses are exempt (<see cref="ShouldLimitLoopback"/>). The default is enough for 25 users behind one address with 4
    /// connections each.
    /// </remarks>
    public int MaxSessionsPerAddress { get; init; } = 100;

    /// <summary>
    /// The maximum number of new connections per second, from all clients together. After a pause, twice as many may arrive at once.
    /// Further clients receive 421. 0 for no limit. Default: 1,000.
    /// </summary>
    /// <remarks>Loopback addresses are exempt (<see cref="ShouldLimitLoopback"/>).</remarks>
    public int MaxConnectionsPerSecond { get; init; } = 1_000;

    /// <summary>
    /// The maximum number of new connections per second from one IPv4 address or one IPv6 /64 network. After a pause, twice as many may
    /// arrive at once. Further clients receive 421. 0 for no limit. Default: 50.
    /// </summary>
    /// <remarks>Loopback addresses are exempt (<see cref="ShouldLimitLoopback"/>).</remarks>
    public int MaxConnectionsPerSecondPerAddress { get; init; } = 50;

    /// <summary>
    /// Whether <see cref="MaxSessionsPerAddress"/>, <see cref="MaxConnectionsPerSecond"/> and
    /// <see cref="MaxConnectionsPerSecondPerAddress"/> also apply to loopback addresses, each of which counts separately. Default: false.
    /// </summary>
    public bool ShouldLimitLoopback { get; init; }

    /// <summary>The maximum length of a command line in bytes, without its line end. A longer line receives 500. Default: 4096.</summary>
    public int MaxLineLength { get; init; } = 4096;

    /// <summary>
    /// The number of rejected lines, such as unknown commands, after which a session that is not logged in is closed. Default: 20.
    /// </summary>
    public int MaxUnknownCommands { get; init; } = 20;

    /// <summary>
    /// The number of lines after which a session that is not logged in is closed with 421. A login restarts the count. Default: 100.
    /// </summary>
    public int MaxCommandsBeforeLogin { get; init; } = 100;

    /// <summary>Bans after many failed logins. Null for no bans. Default: bans with the default values.</summary>
    public FtpBanOptions? Bans { get; init; } = new();

    /// <summary>
    /// The maximum number of entries that one listing holds in memory for sorting (LIST, NLST or STAT with <c>-t</c>, <c>-S</c> or
    /// <c>-r</c>). Default: 10,000.
    /// </summary>
    /// <remarks>
    /// A larger directory is listed unsorted. The final reply to LIST and NLST reports this. An entry needs about 150 bytes of memory.
    /// </remarks>
    public int MaxSortedEntriesPerListing { get; init; } = 10_000;

    /// <summary>
    /// The maximum number of entries that the sorted and recursive listings of all sessions together hold in memory. Default: 200,000.
    /// </summary>
    /// <remarks>
    /// If the limit is reached, a directory is listed unsorted. A recursive listing then reads a directory twice, so that it need not hold
    /// the names of the subdirectories. An entry with a long name needs about 600 bytes of memory.
    /// </remarks>
    public int MaxListingEntriesInMemory { get; init; } = 200_000;

    /// <summary>
    /// The maximum number of entries of a recursive listing (LIST or NLST with <c>-R</c>). A larger listing ends at the limit with 451.
    /// Default: 1,000,000.
    /// </summary>
    public int MaxRecursiveEntries { get; init; } = 1_000_000;

    /// <summary>
    /// The maximum depth of a recursive listing below the listed directory. Deeper directories are not listed, and the final reply is then
    /// 451. Default: 64.
    /// </summary>
    public int MaxRecursiveDepth { get; init; } = 64;

    /// <summary>
    /// Whether transfers may be compressed (MODE Z, draft-preston-ftpext-deflate). Compression uses CPU time to reduce network
    /// traffic. Default: true.
    /// </summary>
    public bool SupportsDeflate { get; init; } = true;

    /// <summary>
    /// The maximum ratio of the decompressed size of an upload in MODE Z to its compressed size. An upload that exceeds both this ratio and
    /// <see cref="AlwaysAllowedExpandedBytes"/> receives 552. Default: 200.
    /// </summary>
    public int MaxExpansionRatio { get; init; } = 200;

    /// <summary>
    /// The decompressed size in bytes up to which <see cref="MaxExpansionRatio"/> does not apply to an upload. Default: 64 MiB.
    /// </summary>
    public long AlwaysAllowedExpandedBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>
    /// The quotas and events of the accounts. The caller disposes it after the server. Null for none. Default: null.
    /// </summary>
    /// <remarks>
    /// Changes of a store are recorded only if its real directories are known: <see cref="Account.Locations"/> or
    /// <see cref="StoreLocations"/>.
    /// </remarks>
    public AccountRecords? Records { get; init; }

    /// <summary>The real directories of <see cref="Store"/>, for <see cref="Records"/>. Null if unknown. Default: null.</summary>
    public StoreLocations? StoreLocations { get; init; }

    /// <summary>
    /// Receives each command and reply line, with passwords masked. All sessions call it synchronously and concurrently, so it must be
    /// thread-safe and must not block. Null for no tracing. Default: null.
    /// </summary>
    public Action<FtpServerTrace>? Trace { get; init; }

    /// <summary>
    /// Returns whether <see cref="Trace"/> receives lines now. Called for each command and reply, so it must be fast and thread-safe. Null
    /// for always. Default: null.
    /// </summary>
    public Func<bool>? IsTracing { get; init; }

    /// <summary>The receiver of trace lines, or null if it receives none now.</summary>
    internal Action<FtpServerTrace>? CurrentTrace => Trace is not null && (IsTracing is null || IsTracing()) ? Trace : null;

    /// <summary>The clock for the delays after failed logins. Default: the system clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>
    /// Creates the logger of the server, with the category of <see cref="FtpServer"/>. Connections and transfers are logged as Information,
    /// faults as Warning or Error. The server does not dispose the factory. Default: null, which logs nothing.
    /// </summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>The logger of <see cref="LoggerFactory"/>, set by <see cref="FtpServer"/>.</summary>
    internal ILogger Logger { get; init; } = NullLogger.Instance;

    /// <summary>
    /// How long a stopping server waits for the next command of a client whose transfer has just ended. A client could take a 421 directly
    /// behind a 226 for a failure of the transfer.
    /// </summary>
    internal TimeSpan FinalReplyGrace { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an upload must make no progress before the client may resume it on another connection.</summary>
    internal TimeSpan UploadTakeoverDelay { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The minimum size in bytes of a transfer that the kernel copies. Tests set it to select a copy engine.</summary>
    internal long MinKernelCopyBytes { get; init; } = PumpSelector.DefaultMinKernelBytes;

    /// <summary>Resolves a host name to IPv4 addresses. Tests replace it.</summary>
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

        var hostsByName = Hosts.GroupBy(host => host.Name, StringComparer.OrdinalIgnoreCase);
        if (hostsByName.FirstOrDefault(group => group.Count() > 1) is { Key: var duplicate })
        {
            throw new ArgumentException($"{nameof(Hosts)} contains the name {duplicate} more than once.");
        }

        if (ImplicitTlsEndPoint is not null && Tls is null or { Control: FtpTlsPolicy.Off })
        {
            throw new ArgumentException(
                $"{nameof(ImplicitTlsEndPoint)} requires {nameof(Tls)} with TLS enabled for control connections.");
        }

        ValidateAddresses();
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(LoginTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(IdleTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(DataConnectionTimeout, TimeSpan.Zero);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(StallTimeout, TimeSpan.Zero);
        if (ControlKeepAlive != TimeSpan.Zero)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(ControlKeepAlive, TimeSpan.FromSeconds(1));
        }

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
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxCommandsBeforeLogin, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxConnectionsPerSecond);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxConnectionsPerSecondPerAddress);
        Bans?.Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxExpansionRatio, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxSortedEntriesPerListing);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxListingEntriesInMemory);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxRecursiveEntries, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(MaxRecursiveDepth);
        ArgumentOutOfRangeException.ThrowIfNegative(AlwaysAllowedExpandedBytes);
    }

    /// <summary>Validates the addresses and ports of data connections and load balancers.</summary>
    private void ValidateAddresses()
    {
        ArgumentNullException.ThrowIfNull(PassiveAddresses);
        ArgumentNullException.ThrowIfNull(ProxyProtocolNetworks);
        ArgumentNullException.ThrowIfNull(DataPeers);
        PassivePorts?.Validate();
        foreach (IPEndPoint? control in (IPEndPoint?[])[EndPoint, ImplicitTlsEndPoint])
        {
            if (control is not null && PassivePorts?.Contains(control.Port) == true)
            {
                throw new ArgumentException($"{nameof(PassivePorts)} contains port {control.Port}, which is for control connections.");
            }
        }

        foreach (FtpPassiveAddress address in PassiveAddresses)
        {
            address.Validate();
        }

        if (PassiveAddresses.GroupBy(address => address.Network).FirstOrDefault(group => group.Count() > 1) is { } duplicate)
        {
            string kind = duplicate.Key is { } network ? $"for the network {network}" : "without a network";
            throw new ArgumentException($"{nameof(PassiveAddresses)} contains more than one address {kind}.");
        }

        // A host that may send a PROXY header can claim any client address, so not every host may send one.
        if (ProxyProtocolNetworks.Any(network => network.PrefixLength == 0))
        {
            throw new ArgumentException($"{nameof(ProxyProtocolNetworks)} must not contain a network of all addresses (/0).");
        }

        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(ProxyHeaderTimeout, TimeSpan.Zero);
    }
}

/// <summary>A line of a control connection, for tracing. Passwords are masked, and control characters are escaped.</summary>
/// <param name="Session">The number of the session, starting at 1.</param>
/// <param name="IsReply">True for a reply, false for a command.</param>
/// <param name="Line">The line without its line end.</param>
public readonly record struct FtpServerTrace(long Session, bool IsReply, string Line);
