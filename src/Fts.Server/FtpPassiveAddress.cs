using System.Net;
using System.Net.Sockets;

namespace Fts.Server;

/// <summary>
/// The address that PASV tells peers where the server's own is of no use to them, because a router or balancer stands between (RFC 959 §4.1.2). EPSV tells
/// none (RFC 2428), and needs none.
/// </summary>
/// <param name="Host">An IPv4 address, or a name that has one; a name is resolved again every few minutes, beside the sessions.</param>
public sealed record FtpPassiveAddress(string Host)
{
    /// <summary>
    /// The peers that are told it; of several networks a peer is in, the smallest counts. Null: all peers that no network names, except those of the server's
    /// own network, which are told the address they reached it by. That is: loopback and link-local peers, and peers in the same block of private addresses
    /// (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16; RFC 1918) as that address.
    /// </summary>
    public IPNetwork? Network { get; init; }

    /// <summary>Whether PASV can tell this host: an IPv4 address in its usual spelling that a server can have, or a name.</summary>
    public static bool IsValidHost(string host)
    {
        ArgumentNullException.ThrowIfNull(host);
        // What looks like an address but is none must not be asked of the name service.
        return IPAddress.TryParse(host, out IPAddress? address) || host.All(c => char.IsAsciiDigit(c) || c == '.')
            ? address is { AddressFamily: AddressFamily.InterNetwork } && address.ToString() == host && address.GetAddressBytes()[0] is > 0 and < 224
            : Uri.CheckHostName(host) == UriHostNameType.Dns;
    }

    /// <summary>The address, where <see cref="Host"/> is one and no name.</summary>
    internal IPAddress? Address => IPAddress.TryParse(Host, out IPAddress? address) ? address : null;

    internal void Validate()
    {
        if (!IsValidHost(Host))
        {
            throw new ArgumentException($"{Host} is neither an IPv4 address nor a name.", nameof(Host));
        }
    }
}
