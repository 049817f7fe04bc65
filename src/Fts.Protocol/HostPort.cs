using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Fts.Protocol;

/// <summary>
/// Reads and writes the addresses of data connections: <c>h1,h2,h3,h4,p1,p2</c> for PORT and PASV (RFC 959 §4.1.2), and
/// <c>|1|address|port|</c> for EPRT (RFC 2428 §2).
/// </summary>
public static class HostPort
{
    /// <summary>Reads the argument of PORT: six numbers from 0 to 255. Returns false for any other text.</summary>
    /// <remarks>Spaces around the numbers are skipped, because some devices send them. Port 0 is accepted.</remarks>
    /// <param name="text">The argument.</param>
    /// <param name="endPoint">The IPv4 address and port, if the method returns true.</param>
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

    /// <summary>Returns the six numbers of an IPv4 address and port, as in PORT and in the reply to PASV.</summary>
    /// <param name="endPoint">The address and port.</param>
    /// <exception cref="ArgumentException">The address is not an IPv4 address.</exception>
    public static string Format(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        Span<byte> address = stackalloc byte[4];
        if (!endPoint.Address.TryWriteBytes(address, out int length) || length != 4)
        {
            throw new ArgumentException("PORT and PASV support IPv4 addresses only.", nameof(endPoint));
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"{address[0]},{address[1]},{address[2]},{address[3]},{endPoint.Port >> 8},{endPoint.Port & 255}");
    }

    /// <summary>Reads the argument of EPRT. Returns false if it is not valid.</summary>
    /// <param name="text">The argument.</param>
    /// <param name="endPoint">The address and port, if the method returns true.</param>
    /// <param name="isKnownFamily">
    /// False if the argument has a network protocol other than 1 (IPv4) and 2 (IPv6). A server replies 522 to such an argument, and 501 to
    /// an argument with another error.
    /// </param>
    public static bool TryParseExtended(ReadOnlySpan<char> text, out IPEndPoint endPoint, out bool isKnownFamily)
    {
        (endPoint, isKnownFamily) = (null!, true);
        Span<Range> parts = stackalloc Range[6];
        // The delimiter is the first character, any from 33 to 126 (RFC 2428 §2).
        if (text.Length < 2 || text[0] is < '!' or > '~' || text.Split(parts, text[0]) != 5 || parts[0].End.Value != 0 ||
            !text[parts[4]].IsEmpty)
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
        if (!TryParsePortNumber(text[parts[3]], out int port) || !IPAddress.TryParse(host, out IPAddress? address) ||
            !IsCanonical(host, address, family))
        {
            return false;
        }

        endPoint = new IPEndPoint(address, port);
        return true;
    }

    /// <summary>Returns the argument of EPRT for an address and port.</summary>
    /// <param name="endPoint">The address and port.</param>
    public static string FormatExtended(IPEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        int family = endPoint.AddressFamily == AddressFamily.InterNetwork ? 1 : 2;
        return string.Create(CultureInfo.InvariantCulture, $"|{family}|{endPoint.Address}|{endPoint.Port}|");
    }

    /// <summary>Returns whether the text is an address in a form that RFC 2428 §2 allows.</summary>
    /// <remarks>
    /// <see cref="IPAddress.TryParse(string, out IPAddress)"/> also accepts octal and hexadecimal parts, fewer than four parts, brackets,
    /// ports and scopes. A firewall that inspects the command could read such text as another address.
    /// </remarks>
    /// <param name="host">The text from which the address was parsed.</param>
    /// <param name="address">The parsed address.</param>
    /// <param name="family">The network protocol: 1 for IPv4, 2 for IPv6.</param>
    internal static bool IsCanonical(ReadOnlySpan<char> host, IPAddress address, int family)
    {
        if (family != 1)
        {
            return address.AddressFamily == AddressFamily.InterNetworkV6 && host.IndexOfAny('%', '[', ']') < 0;
        }

        Span<char> spelling = stackalloc char["255.255.255.255".Length];
        return address.AddressFamily == AddressFamily.InterNetwork && address.TryFormat(spelling, out int length) &&
            host.SequenceEqual(spelling[..length]);
    }

    private static bool TryParsePortNumber(ReadOnlySpan<char> text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is > 0 and <= 65535;
}
