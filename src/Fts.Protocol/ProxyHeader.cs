using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Protocol;

/// <summary>The received bytes are not a valid PROXY protocol header, or the header is too long.</summary>
/// <param name="message">The reason, as a phrase for a log line.</param>
public sealed class ProxyHeaderException(string message) : FormatException(message);

/// <summary>
/// The PROXY protocol header, with which a load balancer reports the addresses of the client's connection. Supports version 1 (text) and
/// version 2 (binary), as specified in HAProxy's proxy-protocol.txt. Section numbers refer to that document.
/// </summary>
/// <remarks>
/// A header has no addresses if the load balancer itself opened the connection (LOCAL), or if it does not report TCP addresses (UNKNOWN,
/// UNSPEC, other protocols). The addresses of the TCP connection then apply.
/// </remarks>
/// <param name="Source">The address of the client, or null. IPv4-mapped addresses are converted to IPv4.</param>
/// <param name="Destination">The address to which the client connected, or null. IPv4-mapped addresses are converted to IPv4.</param>
public sealed record ProxyHeader(IPEndPoint? Source, IPEndPoint? Destination)
{
    /// <summary>The maximum length of a header in bytes, with the extensions (TLVs) of version 2, which are ignored.</summary>
    public const int MaxLength = 8 * 1024;

    /// <summary>The maximum length of a version 1 line in bytes, with its CRLF (§2.1).</summary>
    private const int MaxLineLength = 107;

    private const int Version2HeaderLength = 16, IPv4BlockLength = 2 * 4 + 2 * 2, IPv6BlockLength = 2 * 16 + 2 * 2;

    private static readonly ProxyHeader WithoutAddresses = new(null, null);

    private static ReadOnlySpan<byte> Version1Prefix => "PROXY "u8;

    private static ReadOnlySpan<byte> Version2Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Reads the header at the start of the received bytes. Returns null if the header is not complete yet.</summary>
    /// <param name="bytes">The bytes received so far.</param>
    /// <param name="length">The length of the header in bytes, if it is complete. All further bytes are from the client.</param>
    /// <exception cref="ProxyHeaderException">
    /// The bytes cannot be the start of a valid header. Thrown as soon as this is certain.
    /// </exception>
    public static ProxyHeader? Parse(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        if (MatchesSignature(bytes, Version1Prefix))
        {
            return ParseVersion1(bytes, out length);
        }

        return MatchesSignature(bytes, Version2Signature)
            ? ParseVersion2(bytes, out length)
            : throw new ProxyHeaderException("the connection does not start with a PROXY header");
    }

    /// <summary>Returns whether the bytes start with the signature, or are the start of the signature.</summary>
    private static bool MatchesSignature(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> signature) =>
        bytes.Length < signature.Length ? signature.StartsWith(bytes) : bytes.StartsWith(signature);

    private static ProxyHeader? ParseVersion1(ReadOnlySpan<byte> bytes, out int length)
    {
        ReadOnlySpan<byte> within = bytes[..Math.Min(bytes.Length, MaxLineLength)];
        length = within.IndexOf((byte)'\n') + 1;
        if (length == 0)
        {
            return within.Length < MaxLineLength
                ? null
                : throw new ProxyHeaderException($"the header line is longer than {MaxLineLength} bytes");
        }

        // Only CRLF ends the line (§2.1). A lone CR is rejected, because another program could read it as a line end.
        ReadOnlySpan<byte> line = within[Version1Prefix.Length..(length - 1)];
        if (line.IsEmpty || line[^1] != '\r' || line[..^1].ContainsAnyExceptInRange((byte)' ', (byte)'~'))
        {
            throw new ProxyHeaderException("the header line does not end with CRLF, or contains unprintable characters");
        }

        return ParseVersion1Fields(Encoding.ASCII.GetString(line[..^1]));
    }

    private static ProxyHeader ParseVersion1Fields(ReadOnlySpan<char> text)
    {
        Span<Range> fields = stackalloc Range[6];
        int count = text.Split(fields, ' ');
        switch (text[fields[0]])
        {
            case "UNKNOWN":
                return WithoutAddresses; // The rest of the line is ignored (§2.1).
            case "TCP4" or "TCP6" when count == 5:
                int family = text[fields[0]][^1] == '4' ? 1 : 2;
                return CreateWithAddresses(
                    ParseAddress(text[fields[1]], family), ParsePort(text[fields[3]]),
                    ParseAddress(text[fields[2]], family), ParsePort(text[fields[4]]));
            default:
                throw new ProxyHeaderException("the header line does not have two addresses and two ports after TCP4 or TCP6");
        }
    }

    private static IPAddress ParseAddress(ReadOnlySpan<char> text, int family) =>
        IPAddress.TryParse(text, out IPAddress? address) && HostPort.IsCanonical(text, address, family)
            ? address
            : throw new ProxyHeaderException("an address is not valid");

    private static int ParsePort(ReadOnlySpan<char> text) =>
        text is not ['0', _, ..] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) &&
        port <= IPEndPoint.MaxPort
            ? port
            : throw new ProxyHeaderException("a port is not valid");

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
            throw new ProxyHeaderException("the version or command is unknown");
        }

        length = Version2HeaderLength + BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        if (length > MaxLength)
        {
            throw new ProxyHeaderException($"the header is longer than {MaxLength} bytes");
        }

        // For LOCAL, the receiver must ignore everything but the length (§2.2).
        bool isLocal = command == 0;
        if (!isLocal && (family > 3 || protocol > 2))
        {
            throw new ProxyHeaderException("the address family or protocol is unknown");
        }

        int size = isLocal || protocol != 1 ? 0 : family switch { 1 => IPv4BlockLength, 2 => IPv6BlockLength, _ => 0 };
        if (length < Version2HeaderLength + size)
        {
            throw new ProxyHeaderException("the header is too short for its addresses");
        }

        if (bytes.Length < length)
        {
            return null;
        }

        return size == 0 ? WithoutAddresses : ParseVersion2Addresses(bytes.Slice(Version2HeaderLength, size));
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
        // A load balancer that listens for both families reports IPv4 clients with mapped addresses.
        source = source.UnmapIPv4();
        // No client has an unspecified, multicast or reserved address. An active data connection to 0.0.0.0 would reach this machine.
        if (source.Equals(IPAddress.Any) || source.Equals(IPAddress.IPv6Any) || source.IsIPv6Multicast ||
            (source.AddressFamily == AddressFamily.InterNetwork && source.GetAddressBytes()[0] >= 224))
        {
            throw new ProxyHeaderException("the client address is unspecified, multicast or reserved");
        }

        return new ProxyHeader(new IPEndPoint(source, sourcePort), new IPEndPoint(destination.UnmapIPv4(), destinationPort));
    }
}
