using System.Net;
using System.Net.Sockets;

namespace Fts.Server;

/// <summary>
/// An address for the server's replies to PASV (RFC 959 §4.1.2). Needed if clients reach the server through a router or load balancer that
/// translates addresses.
/// </summary>
/// <remarks>EPSV replies contain no address (RFC 2428) and are not affected.</remarks>
/// <param name="Host">An IPv4 address, or a name with an IPv4 address. The server resolves a name again every few minutes.</param>
public sealed record FtpPassiveAddress(string Host)
{
    /// <summary>
    /// The network of the clients that receive this address. If several networks contain a client, the smallest network applies. Null: all
    /// clients outside the networks of the other passive addresses.
    /// </summary>
    /// <remarks>
    /// If the network is null, clients in the local network of the server do not receive this address, but the address to which they
    /// connected. Loopback and link-local clients are in the local network. So are clients in the same private address block as the address
    /// to which they connected (10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, RFC 1918 §3).
    /// </remarks>
    public IPNetwork? Network { get; init; }

    /// <summary>
    /// Returns whether a host is valid: a DNS name, or an IPv4 address in canonical form. Addresses in 0.0.0.0/8 are invalid. So are
    /// multicast and reserved addresses (224.0.0.0 and above).
    /// </summary>
    public static bool IsValidHost(string host)
    {
        ArgumentNullException.ThrowIfNull(host);
        // Text with only digits and dots is never treated as a name, because an invalid address must not be sent to the name service.
        return IPAddress.TryParse(host, out IPAddress? address) || host.All(c => char.IsAsciiDigit(c) || c == '.')
            ? address is { AddressFamily: AddressFamily.InterNetwork } && address.ToString() == host &&
                address.GetAddressBytes()[0] is > 0 and < 224
            : Uri.CheckHostName(host) == UriHostNameType.Dns;
    }

    /// <summary>The address; null if <see cref="Host"/> is a name.</summary>
    internal IPAddress? Address => IPAddress.TryParse(Host, out IPAddress? address) ? address : null;

    internal void Validate()
    {
        if (!IsValidHost(Host))
        {
            throw new ArgumentException($"'{Host}' is not a valid IPv4 address or host name for the replies to PASV.", nameof(Host));
        }
    }
}
