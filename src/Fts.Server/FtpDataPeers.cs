using System.Net;
using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Server;

/// <summary>
/// The addresses that are treated as the same client for data connections. Clients behind a load balancer or an address pool may use
/// another address for data connections than for the control connection.
/// </summary>
/// <remarks>
/// RFC 2577 §3 and §4: a server that accepts other addresses can be misused to reach third parties with PORT, and another host may connect
/// to a passive port first. <see cref="FtpDataBinding.Require"/> closes the second gap over TLS.
/// </remarks>
public sealed record FtpDataPeers
{
    private const int IPv4Bits = 32, IPv6Bits = 128;

    private FtpDataPeers(int prefix4, int prefix6) => (PrefixLength, IPv6PrefixLength) = (prefix4, prefix6);

    /// <summary>Only the address of the control connection.</summary>
    public static FtpDataPeers Same { get; } = new(IPv4Bits, IPv6Bits);

    /// <summary>
    /// All addresses. PORT and EPRT may use a loopback, link-local, multicast or broadcast address, or an address of the server, only if it
    /// is the client's own.
    /// </summary>
    public static FtpDataPeers Any { get; } = new(0, 0);

    /// <summary>The number of leading bits in which two IPv4 addresses must agree.</summary>
    public int PrefixLength { get; }

    /// <summary>The number of leading bits in which two IPv6 addresses must agree.</summary>
    public int IPv6PrefixLength { get; }

    /// <summary>Addresses in the same network as the address of the control connection.</summary>
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

    /// <summary>Returns whether a data connection from an address may belong to the session of a client.</summary>
    internal bool Accepts(IPAddress address, IPAddress client) =>
        HasSameBytes(address, client) || (this != Same && GetKey(address).Equals(GetKey(client)));

    /// <summary>Returns whether PORT or EPRT may use a target address.</summary>
    internal bool AcceptsTarget(IPAddress target, IPAddress client) =>
        HasSameBytes(target, client) ||
        (Accepts(target, client) && !IsReserved(target.UnmapIPv4()) && !IsLocalAddress(target));

    /// <summary>Returns the address with which the server identifies the client: all addresses of one client have the same key.</summary>
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

    /// <summary>Compares addresses without the scope, because the argument of EPRT has no scope for a link-local IPv6 address.</summary>
    private static bool HasSameBytes(IPAddress one, IPAddress other) =>
        one.GetAddressBytes().AsSpan().SequenceEqual(other.GetAddressBytes());

    /// <summary>Returns whether an address is reserved for the local host, the local link or several hosts.</summary>
    private static bool IsReserved(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork
        ? address.GetAddressBytes() is [0 or 127 or >= 224, ..] or [169, 254, ..]
        : IPAddress.IsLoopback(address) || address.IsIPv6Multicast || address.IsIPv6LinkLocal || address.IsIPv6SiteLocal ||
            address.Equals(IPAddress.IPv6Any);

    /// <summary>
    /// Returns whether the address belongs to this machine. A firewall may hide local services from all other hosts. Binding a datagram
    /// socket sends nothing.
    /// </summary>
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
