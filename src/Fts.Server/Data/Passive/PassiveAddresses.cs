using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.ProxyProtocol;

namespace Fts.Server.Data.Passive;

/// <summary>
/// Provides the addresses and ports that the replies to PASV and EPSV contain. Host names are resolved in the background, so that
/// sessions never wait for name resolution.
/// </summary>
internal sealed class PassiveAddresses(FtpServerOptions options)
{
    private static readonly TimeSpan ResolveInterval = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan ResolveTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The private IPv4 networks (RFC 1918 §3).</summary>
    private static readonly IPNetwork[] PrivateNetworks =
        [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.168.0.0/16")];

    private static readonly IPNetwork IPv4LinkLocal = IPNetwork.Parse("169.254.0.0/16");

    private readonly ConcurrentDictionary<string, IPAddress> _resolvedAddresses = new(StringComparer.OrdinalIgnoreCase);
    private readonly FtpPassiveAddress? _defaultAddress = options.PassiveAddresses.FirstOrDefault(address => address.Network is null);
    // The address for the smallest network comes first.
    private readonly FtpPassiveAddress[] _networkAddresses =
        [.. options.PassiveAddresses.Where(address => address.Network is not null)
            .OrderByDescending(address => address.Network!.Value.PrefixLength)];

    /// <summary>
    /// Returns the address for the reply to PASV: the address that is configured for the client, or else the local address of the control
    /// connection. Returns null if the configured host name has not been resolved yet.
    /// </summary>
    public IPAddress? GetAddress(ConnectionEndPoints endPoints)
    {
        if (FindConfiguredAddress(endPoints) is not { } configured)
        {
            return endPoints.Local.Address;
        }

        return configured.Address ?? _resolvedAddresses.GetValueOrDefault(configured.Host);
    }

    /// <summary>
    /// Returns the port for the replies to PASV and EPSV: the external port for clients that connect through address translation, or else
    /// the local port.
    /// </summary>
    public int GetPort(ConnectionEndPoints endPoints, int port) =>
        options.PassivePorts is { } ports && (FindConfiguredAddress(endPoints) is not null || !IsOnSameNetwork(endPoints))
            ? ports.ToExternalPort(port)
            : port;

    /// <summary>Resolves the host names periodically until the server stops.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (options.PassiveAddresses.Any(address => address.Address is null))
            {
                bool allResolved = await ResolveAsync(cancellationToken);
                await Task.Delay(allResolved ? ResolveInterval : RetryInterval, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    /// <summary>
    /// Resolves every host name once. Returns false if a name could not be resolved. Such a name keeps its previous address.
    /// </summary>
    public async Task<bool> ResolveAsync(CancellationToken cancellationToken)
    {
        bool allResolved = true;
        foreach (string name in options.PassiveAddresses.Where(address => address.Address is null).Select(address => address.Host))
        {
            try
            {
                IPAddress[] found = await options.ResolveNameAsync(name, cancellationToken).WaitAsync(ResolveTimeout, cancellationToken);
                if (found.Length == 0)
                {
                    throw new SocketException((int)SocketError.NoData);
                }

                // Each resolution may return the addresses in another order. The previous address stays in use if it is returned again.
                _resolvedAddresses.AddOrUpdate(name, found[0], (_, old) => found.Contains(old) ? old : found[0]);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                Log.NameNotResolved(options.Logger, name.ToPrintable(), e.Message.ToPrintable());
                if (e is not (SocketException or TimeoutException or ArgumentException))
                {
                    Log.LoopFailed(options.Logger, e, "resolution of passive addresses");
                }

                allResolved = false;
            }
        }

        return allResolved;
    }

    /// <summary>
    /// Returns the address that is configured for the client's network, or else the default address. The default address does not apply to
    /// clients on the server's network. Returns null if no address applies.
    /// </summary>
    private FtpPassiveAddress? FindConfiguredAddress(ConnectionEndPoints endPoints) =>
        Array.Find(_networkAddresses, address => address.Network!.Value.Contains(endPoints.Peer.Address)) ??
            (IsOnSameNetwork(endPoints) ? null : _defaultAddress);

    /// <summary>
    /// Returns whether the client needs no translated address or port, because it is on the server's network. Such a client is on this
    /// machine or on the same link, or its address and the server's address belong to the same private network.
    /// </summary>
    private static bool IsOnSameNetwork(ConnectionEndPoints endPoints)
    {
        IPAddress peer = endPoints.Peer.Address;
        return IPAddress.IsLoopback(peer) || peer.IsIPv6LinkLocal || IPv4LinkLocal.Contains(peer) ||
            Array.Exists(PrivateNetworks, block => block.Contains(peer) && block.Contains(endPoints.Local.Address));
    }
}
