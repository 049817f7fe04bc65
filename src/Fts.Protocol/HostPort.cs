using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Fts.Protocol;

/// <summary>Addresses of data connections as they stand on the wire: <c>h1,h2,h3,h4,p1,p2</c> (RFC 959 §4.1.2) and <c>|1|address|port|</c> (RFC 2428).</summary>
internal static class HostPort
{
    /// <summary>Reads the argument of PORT: six numbers of 0 to 255. Blanks around the numbers, which some devices send, are skipped.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out IPEndPoint endPoint)
    {
        endPoint = null!;
        Span<byte> numbers = stackalloc byte[6];
        Span<Range> parts = stackalloc Range[7];
        if (text.Split(parts, ',') != 6)
        {
            return false;
        }

        for (int i = 0; i < 6; i++)
        {
            if (!byte.TryParse(text[parts[i]].Trim(' '), NumberStyles.None, CultureInfo.InvariantCulture, out numbers[i]))
            {
                return false;
            }
        }

        endPoint = new IPEndPoint(new IPAddress(numbers[..4]), (numbers[4] << 8) | numbers[5]);
        return true;
    }

    /// <summary>The six numbers of an IPv4 address and port.</summary>
    public static string Format(IPEndPoint endPoint)
    {
        Span<byte> address = stackalloc byte[4];
        if (!endPoint.Address.TryWriteBytes(address, out int length) || length != 4)
        {
            throw new ArgumentException("PORT and PASV carry IPv4 addresses only.", nameof(endPoint));
        }

        return string.Create(CultureInfo.InvariantCulture, $"{address[0]},{address[1]},{address[2]},{address[3]},{endPoint.Port >> 8},{endPoint.Port & 255}");
    }

    /// <summary>Reads the argument of EPRT. <paramref name="isKnownFamily"/> tells a protocol number that is not 1 or 2 (522) from nonsense (501).</summary>
    public static bool TryParseExtended(ReadOnlySpan<char> text, out IPEndPoint endPoint, out bool isKnownFamily)
    {
        (endPoint, isKnownFamily) = (null!, true);
        Span<Range> parts = stackalloc Range[6];
        // The delimiter is the first character, any of 33 to 126 (RFC 2428 §2).
        if (text.Length < 2 || text[0] is < '!' or > '~' || text.Split(parts, text[0]) != 5 || parts[0].End.Value != 0 || !text[parts[4]].IsEmpty)
        {
            return false;
        }

        if (!int.TryParse(text[parts[1]], NumberStyles.None, CultureInfo.InvariantCulture, out int family))
        {
            return false;
        }

        if (family is not (1 or 2))
        {
            isKnownFamily = false;
            return false;
        }

        ReadOnlySpan<char> host = text[parts[2]];
        if (!TryParsePortNumber(text[parts[3]], out int port) || !IPAddress.TryParse(host, out IPAddress? address) || !IsCanonical(host, address, family))
        {
            return false;
        }

        endPoint = new IPEndPoint(address, port);
        return true;
    }

    /// <summary>
    /// IPAddress also takes octal and hexadecimal parts, fewer than four of them, brackets, ports and scopes; on the wire an address has one spelling
    /// for everyone who checks it (RFC 2428 §2).
    /// </summary>
    public static bool IsCanonical(ReadOnlySpan<char> host, IPAddress address, int family)
    {
        if (family != 1)
        {
            return address.AddressFamily == AddressFamily.InterNetworkV6 && host.IndexOfAny('%', '[', ']') < 0;
        }

        Span<char> spelling = stackalloc char["255.255.255.255".Length];
        return address.AddressFamily == AddressFamily.InterNetwork && address.TryFormat(spelling, out int length) && host.SequenceEqual(spelling[..length]);
    }

    /// <summary>The argument of EPRT for an address and port.</summary>
    public static string FormatExtended(IPEndPoint endPoint) =>
        string.Create(CultureInfo.InvariantCulture, $"|{(endPoint.AddressFamily == AddressFamily.InterNetwork ? 1 : 2)}|{endPoint.Address}|{endPoint.Port}|");

    private static bool TryParsePortNumber(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65535;
}
