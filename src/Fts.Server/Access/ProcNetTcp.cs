using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Fts.Server.ProxyProtocol;

namespace Fts.Server.Access;

/// <summary>
/// Reads the owner of a connection's client socket from /proc/net/tcp and /proc/net/tcp6, for kernels and containers without sock_diag.
/// </summary>
internal static class ProcNetTcp
{
    private static readonly char[] ColumnSeparator = [' '];

    /// <summary>Returns the user id of the client's process. Returns null if no readable table contains the client's socket.</summary>
    public static uint? FindUser(ConnectionEndPoints endPoints)
    {
        try
        {
            // The second table contains IPv4 connections of IPv6 sockets, with mapped addresses.
            bool isIPv4 = endPoints.Peer.AddressFamily == AddressFamily.InterNetwork;
            return (isIPv4 ? FindUser(File.ReadLines("/proc/self/net/tcp"), endPoints) : null) ??
                FindUser(File.ReadLines("/proc/self/net/tcp6"), endPoints);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// Returns the user id in the row whose local address is the client's and whose remote address is the server's. Returns null if no such
    /// row belongs to an open socket of a process.
    /// </summary>
    internal static uint? FindUser(IEnumerable<string> lines, ConnectionEndPoints endPoints)
    {
        (string ipv4Pair, string ipv6Pair) = (FormatAddressPair(endPoints, isMapped: false), FormatAddressPair(endPoints, isMapped: true));
        foreach (string line in lines)
        {
            string[] columns = line.Split(ColumnSeparator, StringSplitOptions.RemoveEmptyEntries);
            if (columns.Length < 10 || ($"{columns[1]} {columns[2]}" is var pair && pair != ipv4Pair && pair != ipv6Pair))
            {
                continue;
            }

            if (int.TryParse(columns[3], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out int state) &&
                ulong.TryParse(columns[9], CultureInfo.InvariantCulture, out ulong inode) &&
                uint.TryParse(columns[7], CultureInfo.InvariantCulture, out uint user) &&
                LocalPeer.IsHeldByProcess(state, inode))
            {
                return user;
            }
        }

        return null;
    }

    private static string FormatAddressPair(ConnectionEndPoints endPoints, bool isMapped) =>
        $"{FormatEndPoint(endPoints.Peer, isMapped)} {FormatEndPoint(endPoints.Local, isMapped)}";

    /// <summary>
    /// Formats an address and port in hexadecimal digits, as in the tables. The address consists of 32-bit words in the machine's byte
    /// order.
    /// </summary>
    private static string FormatEndPoint(IPEndPoint end, bool isMapped)
    {
        byte[] bytes = (isMapped ? end.Address.MapToIPv6() : end.Address).GetAddressBytes();
        IEnumerable<string> words = bytes.Chunk(4).Select(word => BitConverter.ToUInt32(word).ToString("X8", CultureInfo.InvariantCulture));
        return string.Create(CultureInfo.InvariantCulture, $"{string.Concat(words)}:{end.Port:X4}");
    }
}
