using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Protocol;

/// <summary>What came is no header of the PROXY protocol, or one longer than is taken.</summary>
internal sealed class ProxyHeaderException(string message) : FormatException(message);

/// <summary>
/// The header in which a balancer says whose connection it passes on: the PROXY protocol, versions 1 (a line of text) and 2 (binary), as HAProxy's
/// proxy-protocol.txt has it. Without addresses the connection is the balancer's own (LOCAL), or it could not tell (UNKNOWN, UNSPEC, a family that is
/// not TCP): then the connection's real ends count.
/// </summary>
/// <param name="Source">The client's end.</param>
/// <param name="Destination">The end the client connected to.</param>
internal sealed record ProxyHeader(IPEndPoint? Source, IPEndPoint? Destination)
{
    /// <summary>The longest header taken, in bytes: addresses, and whatever a version 2 adds to them (TLVs), which is skipped.</summary>
    public const int MaxLength = 8 * 1024;

    /// <summary>The longest line of version 1, its CRLF included (§2.1).</summary>
    private const int MaxLineLength = 107;

    private const int Version2HeaderLength = 16, IPv4Length = 2 * 4 + 2 * 2, IPv6Length = 2 * 16 + 2 * 2;

    private static readonly ProxyHeader WithoutAddresses = new(null, null);

    private static ReadOnlySpan<byte> Version1Prefix => "PROXY "u8;

    private static ReadOnlySpan<byte> Version2Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Reads the header at the start of <paramref name="bytes"/>; null while more of it has to come.</summary>
    /// <param name="bytes">What came so far.</param>
    /// <param name="length">How many bytes the header is; what follows is the client's.</param>
    /// <exception cref="ProxyHeaderException">No header: said as soon as it is certain.</exception>
    public static ProxyHeader? Parse(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        if (IsPrefix(bytes, Version1Prefix))
        {
            return ParseVersion1(bytes, out length);
        }

        return IsPrefix(bytes, Version2Signature) ? ParseVersion2(bytes, out length) : throw new ProxyHeaderException("it begins with something else");
    }

    private static bool IsPrefix(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> with) =>
        bytes.Length < with.Length ? with.StartsWith(bytes) : bytes.StartsWith(with);

    private static ProxyHeader? ParseVersion1(ReadOnlySpan<byte> bytes, out int length)
    {
        ReadOnlySpan<byte> within = bytes[..Math.Min(bytes.Length, MaxLineLength)];
        length = within.IndexOf((byte)'\n') + 1;
        if (length == 0)
        {
            return within.Length < MaxLineLength ? null : throw new ProxyHeaderException("its line does not end");
        }

        // No line end but CRLF, and nothing that is not printable, is tolerated (§2.1): a lone CR is a line end to somebody else.
        ReadOnlySpan<byte> line = within[Version1Prefix.Length..(length - 1)];
        if (line.IsEmpty || line[^1] != '\r' || line[..^1].ContainsAnyExceptInRange((byte)' ', (byte)'~'))
        {
            throw new ProxyHeaderException("its line does not end with CRLF");
        }

        return ParseVersion1Fields(Encoding.ASCII.GetString(line[..^1]));
    }

    private static ProxyHeader ParseVersion1Fields(ReadOnlySpan<char> text)
    {
        Span<Range> words = stackalloc Range[6];
        int count = text.Split(words, ' ');
        switch (text[words[0]])
        {
            case "UNKNOWN":
                return WithoutAddresses; // whatever stands behind the word (§2.1)
            case "TCP4" or "TCP6" when count == 5:
                int family = text[words[0]][^1] == '4' ? 1 : 2;
                return CreateWithAddresses(
                    ParseAddress(text[words[1]], family), ParsePort(text[words[3]]), ParseAddress(text[words[2]], family), ParsePort(text[words[4]]));
            default:
                throw new ProxyHeaderException("it is not made of a protocol, two addresses and two ports");
        }
    }

    private static IPAddress ParseAddress(ReadOnlySpan<char> text, int family) =>
        IPAddress.TryParse(text, out IPAddress? address) && HostPort.IsCanonical(text, address, family) ? address : throw new ProxyHeaderException("an address is none");

    private static int ParsePort(ReadOnlySpan<char> text) =>
        text is not ['0', _, ..] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port <= IPEndPoint.MaxPort
            ? port
            : throw new ProxyHeaderException("a port is none");

    private static ProxyHeader? ParseVersion2(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        if (bytes.Length < Version2HeaderLength)
        {
            return null;
        }

        (int version, int command, int family, int protocol) = (bytes[12] >> 4, bytes[12] & 15, bytes[13] >> 4, bytes[13] & 15);
        if (version != 2 || command > 1)
        {
            throw new ProxyHeaderException("its version or command is not known");
        }

        length = Version2HeaderLength + BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        if (length > MaxLength)
        {
            throw new ProxyHeaderException($"it is longer than {MaxLength} bytes");
        }

        // Of a LOCAL connection everything but the length is to be ignored (§2.2).
        bool isLocal = command == 0;
        if (!isLocal && (family > 3 || protocol > 2))
        {
            throw new ProxyHeaderException("its address family or protocol is not known");
        }

        int size = isLocal || protocol != 1 ? 0 : family switch { 1 => IPv4Length, 2 => IPv6Length, _ => 0 };
        if (length < Version2HeaderLength + size)
        {
            throw new ProxyHeaderException("it is too short for its addresses");
        }

        return bytes.Length < length ? null : size == 0 ? WithoutAddresses : ParseVersion2Addresses(bytes.Slice(Version2HeaderLength, size));
    }

    private static ProxyHeader ParseVersion2Addresses(ReadOnlySpan<byte> block)
    {
        int size = (block.Length - 4) / 2;
        return CreateWithAddresses(
            new IPAddress(block[..size]), BinaryPrimitives.ReadUInt16BigEndian(block[(2 * size)..]),
            new IPAddress(block[size..(2 * size)]), BinaryPrimitives.ReadUInt16BigEndian(block[(2 * size + 2)..]));
    }

    private static ProxyHeader CreateWithAddresses(IPAddress source, int sourcePort, IPAddress destination, int destinationPort)
    {
        source = source.UnmapIPv4(); // A load balancer that listens for both families sends IPv4 clients as mapped addresses.
        // Nobody connects from there; and as a target of PORT 0.0.0.0 would be this machine.
        if (source.Equals(IPAddress.Any) || source.Equals(IPAddress.IPv6Any) || source.IsIPv6Multicast ||
            (source.AddressFamily == AddressFamily.InterNetwork && source.GetAddressBytes()[0] >= 224))
        {
            throw new ProxyHeaderException("no client has that address");
        }

        return new ProxyHeader(new IPEndPoint(source, sourcePort), new IPEndPoint(destination.UnmapIPv4(), destinationPort));
    }
}
