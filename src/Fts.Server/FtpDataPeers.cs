using System.Net;
using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Server;

/// <summary>
/// Determines which addresses the server accepts as the peer of a client's data connections. A client behind a load balancer or an address
/// pool can have different addresses on its control and data connections.
/// </summary>
/// <remarks>
/// Accepting more addresses than that of the control connection has two risks (RFC 2577 §3 and §4). A client can make the server connect to
/// a third host with PORT. Another host can connect to a passive port before the client. With TLS, <see cref="FtpDataBinding.Require"/>
/// prevents the attack on the passive port.
/// </remarks>
public sealed record FtpDataPeers
{
    private const int IPv4Bits = 32, IPv6Bits = 128;

    private FtpDataPeers(int prefix4, int prefix6) => (PrefixLength, IPv6PrefixLength) = (prefix4, prefix6);

    /// <summary>Accepts only the client's address on the control connection.</summary>
    public static FtpDataPeers Same { get; } = new(IPv4Bits, IPv6Bits);

    /// <summary>
    /// Accepts all addresses. For PORT and EPRT, some addresses are accepted only from a client with the same address: loopback,
    /// link-local, site-local, multicast, reserved and unspecified addresses, and the addresses of the server.
    /// </summary>
    public static FtpDataPeers Any { get; } = new(0, 0);

    /// <summary>The number of leading bits that an accepted IPv4 address has in common with the client's address.</summary>
    public int PrefixLength { get; }

    /// <summary>The number of leading bits that an accepted IPv6 address has in common with the client's address.</summary>
    public int IPv6PrefixLength { get; }

    /// <summary>Accepts addresses in the same network as the client's address on the control connection.</summary>
    /// <param name="prefixLength">The prefix length for IPv4, 8 to 32 bits.</param>
    /// <param name="ipv6PrefixLength">The prefix length for IPv6, 32 to 128 bits.</param>
    /// <exception cref="ArgumentOutOfRangeException">A prefix length is out of its range.</exception>
    /// <remarks>For PORT and EPRT, the addresses that <see cref="Any"/> excludes are excluded too.</remarks>
    public static FtpDataPeers Network(int prefixLength, int ipv6PrefixLength = 64)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(prefixLength, 8);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(prefixLength, IPv4Bits);
        ArgumentOutOfRangeException.ThrowIfLessThan(ipv6PrefixLength, 32);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ipv6PrefixLength, IPv6Bits);
        return new FtpDataPeers(prefixLength, ipv6PrefixLength);
    }

    /// <summary>
    /// Returns whether <paramref name="address"/> may open data connections for the client with the address <paramref name="client"/>.
    /// </summary>
    internal bool Accepts(IPAddress address, IPAddress client) =>
        HasSameBytes(address, client) || (this != Same && GetKey(address).Equals(GetKey(client)));

    /// <summary>Returns whether the client with the address <paramref name="client"/> may send the target in PORT or EPRT.</summary>
    internal bool AcceptsTarget(IPAddress target, IPAddress client) =>
        HasSameBytes(target, client) ||
        (Accepts(target, client) && !IsReserved(target.UnmapIPv4()) && !IsLocalAddress(target));

    /// <summary>Returns the network part of an address. Addresses with the same network part count as the same client.</summary>
    internal IPAddress GetKey(IPAddress address)
    {
        int bits = address.AddressFamily == AddressFamily.InterNetwork ? PrefixLength : IPv6PrefixLength;
        Span<byte> bytes = stackalloc byte[16];
        if (this == Same || !address.TryWriteBytes(bytes, out int length))
        {
            return address;
        }

        for (int i = 0; i < length; i++)
        {
            // Clears the bits after the prefix.
            bytes[i] &= (byte)(0xFF00 >> Math.Clamp(bits - (i * 8), 0, 8));
        }

        return new IPAddress(bytes[..length]);
    }

    /// <summary>
    /// Returns whether two addresses are equal apart from their scopes, because the argument of EPRT has no scope for a link-local IPv6
    /// address.
    /// </summary>
    private static bool HasSameBytes(IPAddress one, IPAddress other) =>
        one.GetAddressBytes().AsSpan().SequenceEqual(other.GetAddressBytes());

    /// <summary>
    /// Returns whether an address has a special purpose: loopback, link-local, site-local, multicast, broadcast, unspecified or reserved
    /// for future use.
    /// </summary>
    private static bool IsReserved(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork
        ? address.GetAddressBytes() is [0 or 127 or >= 224, ..] or [169, 254, ..]
        : IPAddress.IsLoopback(address) || address.IsIPv6Multicast || address.IsIPv6LinkLocal || address.IsIPv6SiteLocal ||
            address.Equals(IPAddress.IPv6Any);

    /// <summary>
    /// Returns whether the address belongs to this machine. A client must not use the server to reach local services that a firewall hides
    /// from other hosts.
    /// </summary>
    private static bool IsLocalAddress(IPAddress address)
    {
        try
        {
            // Binding fails for an address of another machine. The socket is a datagram socket, because binding it sends nothing.
            using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode != SocketError.AddressNotAvailable; // after another error, the address counts as local
        }
    }
}
