using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Fts.Protocol;

/// <summary>The address and port at which a server in passive mode accepts the data connection.</summary>
/// <param name="Address">The address in the reply, or null if the reply has no valid address.</param>
/// <param name="Port">The port, from 1 to 65535.</param>
public readonly record struct PassiveEndPoint(IPAddress? Address, int Port);

/// <summary>
/// Reads the replies to PASV and EPSV. Accepts <c>h1,h2,h3,h4,p1,p2</c> (RFC 959 §4.1.2) and <c>|||port|</c> (RFC 2428 §3) with either
/// reply code (227 or 229), with or without parentheses, and with spaces, because servers send all these forms.
/// </summary>
public static class PassiveReply
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789");
    private const int MaxAddressLength = 45; // the longest IPv6 address as text
    private const int MinEndPointLength = 11; // 0,0,0,0,0,1

    /// <summary>Reads the port and, if present, the address. Returns false for a negative reply, and if no line has a port.</summary>
    /// <param name="reply">The reply, positive or negative.</param>
    /// <param name="endPoint">The port and address, if the method returns true. IPv4-mapped addresses are converted to IPv4.</param>
    public static bool TryRead(FtpReply reply, out PassiveEndPoint endPoint)
    {
        ArgumentNullException.ThrowIfNull(reply);
        endPoint = default;
        if (!reply.IsCompletion)
        {
            return false;
        }

        // Starts with the last line, because all known servers send the port there. An earlier line may be a notice.
        for (int i = reply.Lines.Count - 1; i >= 0; i--)
        {
            if (TryRead(reply.Lines[i], reply.Code, out endPoint))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Reads the port and, if present, the address from one line. The reply code decides which form is tried first.</summary>
    internal static bool TryRead(string line, FtpReplyCode code, out PassiveEndPoint endPoint) => code == FtpReplyCode.PassiveMode
        ? TryReadNumbers(line, out endPoint) || TryReadExtended(line, out endPoint)
        : TryReadExtended(line, out endPoint) || TryReadNumbers(line, out endPoint);

    /// <summary>Finds the numbers of an address and port anywhere in the line (RFC 1123 §4.1.2.6). Rejects port 0.</summary>
    private static bool TryReadNumbers(ReadOnlySpan<char> line, out PassiveEndPoint endPoint)
    {
        if (TryFindNumbers(line, allowsDots: false, out endPoint))
        {
            return true;
        }

        char[] buffer = ArrayPool<char>.Shared.Rent(line.Length);
        try
        {
            ReadOnlySpan<char> compact = RemoveSpaces(line, buffer);
            return TryFindNumbers(compact, allowsDots: false, out endPoint) || TryFindNumbers(compact, allowsDots: true, out endPoint);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(buffer);
        }
    }

    /// <summary>
    /// Finds the first address and port in the line, written as numbers that are separated by commas or, if allowed, by dots.
    /// </summary>
    private static bool TryFindNumbers(ReadOnlySpan<char> line, bool allowsDots, out PassiveEndPoint endPoint)
    {
        for (int start = FindNextNumber(line, 0); start >= 0;)
        {
            int end = start;
            while (end < line.Length && (char.IsAsciiDigit(line[end]) || line[end] == ',' || (allowsDots && line[end] == '.')))
            {
                end++;
            }

            if (end - start >= MinEndPointLength && TryReadEndPoint(line[start..end].TrimEnd(",."), out endPoint))
            {
                return true;
            }

            start = FindNextNumber(line, end);
        }

        endPoint = default;
        return false;
    }

    private static int FindNextNumber(ReadOnlySpan<char> line, int from)
    {
        int next = line[from..].IndexOfAny(Digits);
        return next < 0 ? -1 : from + next;
    }

    /// <summary>Reads the bytes of an address and port: six numbers for IPv4, or eighteen numbers for IPv6.</summary>
    private static bool TryReadEndPoint(ReadOnlySpan<char> text, out PassiveEndPoint endPoint)
    {
        const int IPv6AddressBytes = 16, IPv4AddressBytes = 4, PortBytes = 2;
        endPoint = default;
        Span<byte> numbers = stackalloc byte[IPv6AddressBytes + PortBytes];
        int count = 0;
        for (bool isLast = false; !isLast; count++)
        {
            int end = text.IndexOfAny(',', '.');
            isLast = end < 0;
            ReadOnlySpan<char> number = isLast ? text : text[..end];
            if (count == numbers.Length || !byte.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out numbers[count]))
            {
                return false;
            }

            text = isLast ? default : text[(end + 1)..];
        }

        int length = count - PortBytes;
        if (length is not (IPv4AddressBytes or IPv6AddressBytes))
        {
            return false;
        }

        int port = (numbers[length] << 8) | numbers[length + 1];
        endPoint = new PassiveEndPoint(new IPAddress(numbers[..length]).UnmapIPv4(), port);
        return port > 0;
    }

    /// <summary>
    /// Finds the last <c>|||port|</c> or <c>|protocol|address|port|</c> in the line. After an opening parenthesis, any delimiter is
    /// accepted. Elsewhere the delimiter must be a bar.
    /// </summary>
    private static bool TryReadExtended(ReadOnlySpan<char> line, out PassiveEndPoint endPoint)
    {
        for (int start = line.Length - 1; start >= 0; start--)
        {
            bool isParenthesis = line[start] == '(';
            bool isStart = isParenthesis || (line[start] == '|' && (start == 0 || line[..start].TrimEnd() is [] or [.., not '|']));
            if (isStart && TryReadExtendedAt(line[(isParenthesis ? start + 1 : start)..].TrimStart(), out endPoint))
            {
                return true;
            }
        }

        endPoint = default;
        return false;
    }

    /// <summary>Reads the extended form at the start of the text. The first character is the delimiter.</summary>
    private static bool TryReadExtendedAt(ReadOnlySpan<char> text, out PassiveEndPoint endPoint)
    {
        endPoint = default;
        // RFC 2428 §2 allows the delimiters ! to ~ (33 to 126). Parentheses and the characters of addresses and ports are rejected.
        if (text.IsEmpty || text[0] is < '!' or > '~' || char.IsAsciiLetterOrDigit(text[0]) || text[0] is '(' or ')' or ':' or '.')
        {
            return false;
        }

        char delimiter = text[0];
        if (!TryReadField(ref text, delimiter, out ReadOnlySpan<char> before) || !before.IsEmpty ||
            !TryReadField(ref text, delimiter, out ReadOnlySpan<char> family) || family is not ("" or "1" or "2") ||
            !TryReadField(ref text, delimiter, out ReadOnlySpan<char> host) || host.Length > MaxAddressLength)
        {
            return false;
        }

        text = text.TrimStart();
        int digits = text.IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : text.Length;
        ReadOnlySpan<char> rest = text[digits..].TrimStart();
        bool hasEnd = rest.IsEmpty || rest[0] == delimiter || rest[0] == ')';
        if (!hasEnd || !int.TryParse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out int port) ||
            port is < 1 or > IPEndPoint.MaxPort)
        {
            return false;
        }

        endPoint = new PassiveEndPoint(TryReadAddress(host, out IPAddress? address) ? address.UnmapIPv4() : null, port);
        return true;
    }

    /// <summary>Reads an address in its standard form. <see cref="IPAddress"/> also parses other forms, such as octal numbers.</summary>
    private static bool TryReadAddress(ReadOnlySpan<char> host, [NotNullWhen(true)] out IPAddress? address) =>
        IPAddress.TryParse(host, out address) &&
        (HostPort.IsCanonical(host, address, family: 1) || HostPort.IsCanonical(host, address, family: 2));

    /// <summary>Removes the next field and its delimiter from the start of the text. Returns false if the delimiter is missing.</summary>
    private static bool TryReadField(ref ReadOnlySpan<char> text, char delimiter, out ReadOnlySpan<char> field)
    {
        int end = text.IndexOf(delimiter);
        field = end < 0 ? default : text[..end].Trim();
        text = end < 0 ? text : text[(end + 1)..];
        return end >= 0;
    }

    /// <summary>
    /// Removes the spaces beside commas. Replaces each other run of spaces by one space, so that the numbers stay separate from the text
    /// before them.
    /// </summary>
    private static ReadOnlySpan<char> RemoveSpaces(ReadOnlySpan<char> line, Span<char> compact)
    {
        int length = 0, spaces = 0;
        foreach (char c in line)
        {
            if (c is ' ' or '\t')
            {
                spaces++;
                continue;
            }

            if (spaces > 0 && c != ',' && length > 0 && compact[length - 1] != ',')
            {
                compact[length++] = ' ';
            }

            compact[length++] = c;
            spaces = 0;
        }

        return compact[..length];
    }
}
