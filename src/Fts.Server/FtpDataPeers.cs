using System.Net;
using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Server;

/// <summary>
/// The addresses that count as the same client for data connections. Clients behind a load balancer, or behind an address pool of a router,
/// may open their data connections from another address than their control connection.
/// </summary>
/// <remarks>
/// RFC 2577 §3 and §4: a server that accepts other addresses can be misused to reach third parties with PORT, and another host may take a passive
/// port. <see cref="FtpDataBinding.Require"/> closes the second gap over TLS.
/// </remarks>
public sealed record FtpDataPeers
{
    private const int IPv4Bits = 32, IPv6Bits = 128;

    private FtpDataPeers(int prefix4, int prefix6) => (PrefixLength, IPv6PrefixLength) = (prefix4, prefix6);

    /// <summary>Only the address of the control connection.</summary>
    public static FtpDataPeers Same { get; } = new(IPv4Bits, IPv6Bits);

    /// <summary>
    /// Every address. PORT and EPRT may lead to a loopback, link-local, multicast or broadcast address, or an address of this machine, only if it is
    /// the client's own.
    /// </summary>
    public static FtpDataPeers Any { get; } = new(0, 0);

    /// <summary>The number of leading bits in which two IPv4 addresses must agree.</summary>
    public int PrefixLength { get; }

    /// <summary>The number of leading bits in which two IPv6 addresses must agree.</summary>
    public int IPv6PrefixLength { get; }

    /// <summary>The network of the control connection's address.</summary>
    /// <param name="prefixLength">The prefix length for IPv4, 8 to 32 bits.</param>
    /// <param name="ipv6PrefixLength">The prefix length for IPv6, 32 to 128 bits.</param>
    /// <exception cref="ArgumentOutOfRangeException">A prefix length is out of its range.</exception>
    public static FtpDataPeers Network(int prefixLength, int ipv6PrefixLength = 64)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(prefixLength, 8);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(prefixLength, IPv4Bits);
        ArgumentOutOfRangeException.ThrowIfLessThan(ipv6PrefixLength, 32);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(ipv6PrefixLength, IPv6Bits);
        return new FtpDataPeers(prefixLength, ipv6PrefixLength);
    }

    /// <summary>Returns whether a data connection with this address may belong to the session of a client with that address.</summary>
    internal bool Accepts(IPAddress address, IPAddress client) => HasSameBytes(address, client) || (this != Same && GetKey(address).Equals(GetKey(client)));

    /// <summary>Returns whether PORT or EPRT may lead to this address.</summary>
    internal bool AcceptsTarget(IPAddress target, IPAddress client) =>
        HasSameBytes(target, client) || (Accepts(target, client) && !IsReserved(target.UnmapIPv4()) && !IsLocalAddress(target));

    /// <summary>Returns a key that all addresses of one client share, and no address of another client.</summary>
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
            bytes[i] &= (byte)(0xFF00 >> Math.Clamp(bits - (i * 8), 0, 8));
        }

        return new IPAddress(bytes[..length]);
    }

    /// <summary>Compares without the scope: EPRT names a link-local IPv6 address without the scope that it has on this machine.</summary>
    private static bool HasSameBytes(IPAddress one, IPAddress other) => one.GetAddressBytes().AsSpan().SequenceEqual(other.GetAddressBytes());

    /// <summary>Whether an address belongs to this machine or link, or to no single host.</summary>
    private static bool IsReserved(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork
        ? address.GetAddressBytes() is [0 or 127 or >= 224, ..] or [169, 254, ..]
        : IPAddress.IsLoopback(address) || address.IsIPv6Multicast || address.IsIPv6LinkLocal || address.IsIPv6SiteLocal || address.Equals(IPAddress.IPv6Any);

    /// <summary>A service of this machine may be hidden by a firewall from everyone but this machine. Binding a datagram socket sends nothing.</summary>
    private static bool IsLocalAddress(IPAddress address)
    {
        try
        {
            using var socket = new Socket(address.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Bind(new IPEndPoint(address, 0));
            return true;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode != SocketError.AddressNotAvailable;
        }
    }
}
