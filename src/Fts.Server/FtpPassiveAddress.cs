using System.Net;
using System.Net.Sockets;

namespace Fts.Server;

/// <summary>
/// An address that the server reports in the reply to PASV, if clients reach it through a router or load balancer (RFC 959 §4.1.2).
/// </summary>
/// <remarks>EPSV replies contain no address (RFC 2428) and are not affected.</remarks>
/// <param name="Host">An IPv4 address, or a name with an IPv4 address. The server resolves a name again every few minutes.</param>
public sealed record FtpPassiveAddress(string Host)
{
    /// <summary>
    /// The clients that receive this address. If a client is in several networks, the smallest network applies. Null: all other clients.
    /// </summary>
    /// <remarks>
    /// With null, clients in the local network of the server receive the address to which they connected instead. These are loopback and
    /// link-local clients, and clients in the same private address block (10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16; RFC 1918) as that
    /// address.
    /// </remarks>
    public IPNetwork? Network { get; init; }

    /// <summary>
    /// Returns whether a host is valid: a name, or an IPv4 address in canonical form that is neither 0.0.0.0/8 nor multicast or reserved.
    /// </summary>
    public static bool IsValidHost(string host)
    {
        ArgumentNullException.ThrowIfNull(host);
        // An invalid address must not be sent to the name service.
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
            throw new ArgumentException($"'{Host}' is not an IPv4 address or a host name.", nameof(Host));
        }
    }
}
