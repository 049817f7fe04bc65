using System.Collections.Frozen;
using Fts.Accounts;
using Fts.Protocol;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Hosts;

/// <summary>One host as its sessions see it.</summary>
/// <param name="Name">Its name; null for the one that is there without being named.</param>
/// <param name="Store">What it serves.</param>
/// <param name="Authenticator">Who may sign in.</param>
/// <param name="Certificates">What it shows; null without TLS.</param>
/// <param name="Greeting">Its 220.</param>
internal sealed record ServedHost(string? Name, IFileStore Store, IAuthenticator Authenticator, FtpCertificates? Certificates, FtpReply Greeting)
{
    /// <summary>The store that sessions use. <see cref="Store"/> serves only to identify it.</summary>
    public required IFileStore GuardedStore { get; init; }
}

/// <summary>The hosts of a server, made once from its options.</summary>
internal sealed class ServedHosts
{
    private readonly FrozenDictionary<string, ServedHost> _named;

    public ServedHosts(FtpServerOptions options)
    {
        Default = new ServedHost(null, options.Store, options.Authenticator, options.Tls?.Certificates, new FtpReply(FtpReplyCode.ServiceReady, options.Greeting))
        {
            GuardedStore = new GuardedStore(options.Store, options.Logger),
        };
        _named = options.Hosts.ToFrozenDictionary(
            host => host.Name,
            host => new ServedHost(
                host.Name, host.Store, host.Authenticator, host.Certificates ?? options.Tls?.Certificates, host.Greeting is null ? Default.Greeting : new FtpReply(FtpReplyCode.ServiceReady, host.Greeting))
            {
                GuardedStore = new GuardedStore(host.Store, options.Logger),
            },
            StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>What is served to clients that name no host.</summary>
    public ServedHost Default { get; }

    /// <summary>
    /// The host HOST names; null for one there is not (504). A server that was told of no names does not know under which it is known: it is whatever host a
    /// client takes it for. The address a client is connected to is the default host, as if nothing had been named.
    /// </summary>
    public ServedHost? Find(HostName host, Session session) =>
        host.Address is { } address ? (address.GetAddressBytes().AsSpan().SequenceEqual(session.Local.Address.GetAddressBytes()) ? Default : null)
        : _named.Count == 0 ? Default
        : _named.GetValueOrDefault(host.Name!);

    /// <summary>The host a TLS handshake asks for; the default one where there is none of that name, as for clients that ask for none.</summary>
    public ServedHost GetByServerName(string serverName) => _named.GetValueOrDefault(serverName, Default);
}
