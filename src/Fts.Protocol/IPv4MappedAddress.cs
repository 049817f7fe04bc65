using System.Net;

namespace Fts.Protocol;

/// <summary>
/// Converts IPv4-mapped IPv6 addresses (<c>::ffff:192.0.2.1</c>, RFC 4291 §2.5.5.2) to IPv4 addresses. Sockets that accept both families
/// return the mapped form, so addresses must be converted before they are compared, printed or sent.
/// </summary>
public static class IPv4MappedAddress
{
    /// <summary>Returns the IPv4 address if the address is IPv4-mapped, and otherwise the address itself.</summary>
    /// <param name="address">An address of either family.</param>
    public static IPAddress UnmapIPv4(this IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    /// <summary>Returns the end point with its IPv4 address if its address is IPv4-mapped, and otherwise the end point itself.</summary>
    /// <param name="endPoint">An end point of either family.</param>
    public static IPEndPoint UnmapIPv4(this IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        return endPoint.Address.IsIPv4MappedToIPv6 ? new IPEndPoint(endPoint.Address.MapToIPv4(), endPoint.Port) : endPoint;
    }
}
