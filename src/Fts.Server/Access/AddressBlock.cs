using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Fts.Protocol;

namespace Fts.Server.Access;

/// <summary>
/// The addresses that one client can use: a single IPv4 address, or an IPv6 /64 network, because an IPv6 host chooses the lower 64 bits of
/// its address itself (RFC 8981). The server counts sessions and failed logins per block.
/// </summary>
/// <param name="IsIPv4">Whether <paramref name="Bits"/> contains an IPv4 address.</param>
/// <param name="Bits">The IPv4 address, or the upper 64 bits of the IPv6 address.</param>
internal readonly record struct AddressBlock(bool IsIPv4, ulong Bits)
{
    /// <summary>
    /// The block for all loopback addresses together in the records of logins, because every local user can connect from each of them.
    /// <see cref="FromAddress"/> returns this block for ::1, but a separate block for each IPv4 loopback address.
    /// </summary>
    public static readonly AddressBlock Loopback = new(IsIPv4: false, Bits: 0);

    /// <summary>Returns the block of an address. An IPv4-mapped IPv6 address belongs to the block of its IPv4 address.</summary>
    public static AddressBlock FromAddress(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        IPAddress unmapped = address.UnmapIPv4();
        unmapped.TryWriteBytes(bytes, out _);
        return unmapped.AddressFamily == AddressFamily.InterNetwork
            ? new AddressBlock(IsIPv4: true, BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : new AddressBlock(IsIPv4: false, BinaryPrimitives.ReadUInt64BigEndian(bytes));
    }
}
