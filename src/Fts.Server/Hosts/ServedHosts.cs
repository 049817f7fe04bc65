using System.Collections.Frozen;
using System.Runtime.CompilerServices;
using Fts.Accounts;
using Fts.Accounts.Recording;
using Fts.Protocol;
using Fts.Server.Sessions;
using Fts.Storage;
using Fts.Storage.Workers;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Hosts;

/// <summary>One host of a server, with the objects that its sessions use.</summary>
/// <param name="Name">The host name, or null for the default host.</param>
/// <param name="Store">The configured store, used only to identify the host's files. Sessions use <see cref="GuardedStore"/>.</param>
/// <param name="Authenticator">Authenticates the clients that select this host.</param>
/// <param name="Certificates">The host's certificates, or null without TLS.</param>
/// <param name="Greeting">The 220 reply to a new connection and to HOST.</param>
internal sealed record ServedHost(
    string? Name, IFileStore Store, IAuthenticator Authenticator, FtpCertificates? Certificates, FtpReply Greeting)
{
    /// <summary>
    /// The store that sessions use: a guard around <see cref="Store"/>. If <see cref="Store"/> can block, a <see cref="WorkerStore"/> is
    /// between the two.
    /// </summary>
    public required IFileStore GuardedStore { get; init; }

    /// <summary>The real directories of <see cref="Store"/>, or null if unknown.</summary>
    public StoreLocations? StoreLocations { get; init; }
}

/// <summary>The hosts of a server, created once from its options.</summary>
internal sealed class ServedHosts
{
    private readonly FrozenDictionary<string, ServedHost> _hostsByName;

    /// <summary>
    /// The guarded store of each configured store. Users of the same store share one <see cref="WorkerStore"/>, and therefore its threads.
    /// An entry disappears with its store, because accounts can get other stores while the server runs.
    /// </summary>
    private readonly ConditionalWeakTable<IFileStore, IFileStore> _guardedStores = new();

    private readonly ILogger _logger;

    public ServedHosts(FtpServerOptions options)
    {
        _logger = options.Logger;
        var greeting = new FtpReply(FtpReplyCode.ServiceReady, options.Greeting);
        Default = new ServedHost(null, options.Store, options.Authenticator, options.Tls?.Certificates, greeting)
        {
            GuardedStore = GetGuardedStore(options.Store),
            StoreLocations = options.StoreLocations,
        };
        _hostsByName = options.Hosts.ToFrozenDictionary(
            host => host.Name,
            host => new ServedHost(
                host.Name,
                host.Store,
                host.Authenticator,
                host.Certificates ?? options.Tls?.Certificates,
                host.Greeting is null ? greeting : new FtpReply(FtpReplyCode.ServiceReady, host.Greeting))
            {
                GuardedStore = GetGuardedStore(host.Store),
                StoreLocations = host.StoreLocations,
            },
            StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The host for clients that select none.</summary>
    public ServedHost Default { get; }

    /// <summary>
    /// Returns the store that sessions use instead of a configured store or a store of an account. Thread-safe.
    /// </summary>
    public IFileStore GetGuardedStore(IFileStore store) =>
        _guardedStores.GetValue(store, key => new GuardedStore(key.CanBlockCaller ? new WorkerStore(key) : key, _logger));

    /// <summary>Returns the host that HOST selects, or null if no host has the name or address (504).</summary>
    /// <remarks>
    /// The server's address selects the default host. So does every name on a server without named hosts, because such a server does not
    /// know its own names.
    /// </remarks>
    public ServedHost? Find(HostName host, Session session)
    {
        if (host.Address is { } address)
        {
            return address.GetAddressBytes().AsSpan().SequenceEqual(session.Local.Address.GetAddressBytes()) ? Default : null;
        }

        return _hostsByName.Count == 0 ? Default : _hostsByName.GetValueOrDefault(host.Name!);
    }

    /// <summary>Returns the host with the name that a TLS handshake requests, or the default host if no host has that name.</summary>
    public ServedHost GetByServerName(string serverName) => _hostsByName.GetValueOrDefault(serverName, Default);
}
