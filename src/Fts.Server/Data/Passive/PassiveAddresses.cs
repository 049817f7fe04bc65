using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.ProxyProtocol;

namespace Fts.Server.Data.Passive;

/// <summary>Where peers are told to connect to in passive mode. Names are resolved beside the sessions, which never wait for one.</summary>
internal sealed class PassiveAddresses(FtpServerOptions options)
{
    private static readonly TimeSpan ResolveInterval = TimeSpan.FromMinutes(5), RetryInterval = TimeSpan.FromSeconds(20), ResolveTimeout = TimeSpan.FromSeconds(30);

    private static readonly IPNetwork[] PrivateNetworks = [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.168.0.0/16")];

    private static readonly IPNetwork IPv4LinkLocal = IPNetwork.Parse("169.254.0.0/16");

    private readonly ConcurrentDictionary<string, IPAddress> _resolved = new(StringComparer.OrdinalIgnoreCase);
    private readonly FtpPassiveAddress? _defaultAddress = options.PassiveAddresses.FirstOrDefault(address => address.Network is null);
    private readonly FtpPassiveAddress[] _byNetwork =
        [.. options.PassiveAddresses.Where(address => address.Network is not null).OrderByDescending(address => address.Network!.Value.PrefixLength)];

    /// <summary>The address PASV tells the peer; null while its name has none.</summary>
    public IPAddress? GetAddress(ConnectionEndPoints ends) => FindConfiguredAddress(ends) is not { } told ? ends.Local.Address : told.Address ?? _resolved.GetValueOrDefault(told.Host);

    /// <summary>The port PASV and EPSV tell the peer.</summary>
    public int GetPort(ConnectionEndPoints ends, int port) =>
        options.PassivePorts is { } ports && (FindConfiguredAddress(ends) is not null || !IsOnSameNetwork(ends)) ? ports.ToExternalPort(port) : port;

    /// <summary>Resolves the names again and again until the server stops.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (options.PassiveAddresses.Any(address => address.Address is null))
            {
                bool all = await ResolveAsync(cancellationToken);
                await Task.Delay(all ? ResolveInterval : RetryInterval, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            // The server stops.
        }
    }

    /// <summary>Resolves every name once. One that cannot be resolved now keeps the address it had; true when there is none such.</summary>
    public async Task<bool> ResolveAsync(CancellationToken cancellationToken)
    {
        bool all = true;
        foreach (string name in options.PassiveAddresses.Where(address => address.Address is null).Select(address => address.Host))
        {
            try
            {
                IPAddress[] found = await options.ResolveNameAsync(name, cancellationToken).WaitAsync(ResolveTimeout, cancellationToken);
                if (found.Length == 0)
                {
                    throw new SocketException((int)SocketError.NoData);
                }

                // A name with several addresses brings them in changing order: no reason to tell another.
                _resolved.AddOrUpdate(name, found[0], (_, old) => found.Contains(old) ? old : found[0]);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                Log.NameNotResolved(options.Logger, name.ToPrintable(), e.Message.ToPrintable());
                if (e is not (SocketException or TimeoutException or ArgumentException))
                {
                    Log.LoopFailed(options.Logger, e, "resolution of passive addresses");
                }

                all = false;
            }
        }

        return all;
    }

    private FtpPassiveAddress? FindConfiguredAddress(ConnectionEndPoints ends) =>
        Array.Find(_byNetwork, address => address.Network!.Value.Contains(ends.Peer.Address)) ?? (IsOnSameNetwork(ends) ? null : _defaultAddress);

    /// <summary>Whether no router stands between: then the server's own address and port are the right ones.</summary>
    private static bool IsOnSameNetwork(ConnectionEndPoints ends)
    {
        IPAddress peer = ends.Peer.Address;
        return IPAddress.IsLoopback(peer) || peer.IsIPv6LinkLocal || IPv4LinkLocal.Contains(peer) ||
            Array.Exists(PrivateNetworks, block => block.Contains(peer) && block.Contains(ends.Local.Address));
    }
}
