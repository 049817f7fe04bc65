using System.Net;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Fts.Protocol.Tests;

public sealed class ProxyHeaderTests
{
    private static readonly byte[] Signature = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10];

    [Theory]
    [InlineData("PROXY TCP4 192.0.2.7 198.51.100.1 56324 21\r\n", "192.0.2.7:56324", "198.51.100.1:21")]
    [InlineData("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", null, null)]
    [InlineData("PROXY TCP4 1.1.1.1 2.2.2.2 0 0\r\n", "1.1.1.1:0", "2.2.2.2:0")]
    [InlineData("PROXY TCP6 2001:db8::7 2001:DB8::1 1 990\r\n", "[2001:db8::7]:1", "[2001:db8::1]:990")]
    [InlineData("PROXY TCP6 ::ffff:192.0.2.7 ::ffff:192.0.2.1 1 21\r\n", "192.0.2.7:1", "192.0.2.1:21")]
    [InlineData("PROXY UNKNOWN\r\n", "", "")]
    [InlineData("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n", "", "")]
    [InlineData("PROXY UNKNOWN  what ever\r\n", "", "")]
    public void A_version_1_header_is_read_without_the_bytes_after_it(string line, string? source, string? destination)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(line + "PROXY TCP4 and more\r\n");
        if (source is null)
        {
            Assert.Throws<ProxyHeaderException>(() => ProxyHeader.Parse(bytes, out _)); // a client cannot have the broadcast address
            return;
        }

        ProxyHeader header = ProxyHeader.Parse(bytes, out int length)!;
        Assert.Equal((line.Length, source, destination), (length, $"{header.Source}", $"{header.Destination}"));
    }

    [Theory]
    [InlineData("USER anonymous\r\n")]
    [InlineData("proxy TCP4 192.0.2.7 198.51.100.1 56324 21\r\n")]
    [InlineData("PROXY\r\n")]
    [InlineData("PROXY \r\n")]
    [InlineData("PROXY  TCP4 192.0.2.7 198.51.100.1 56324 21\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 198.51.100.1 56324 21\n")]
    [InlineData("PROXY TCP4 192.0.2.7 198.51.100.1 56324 21\r\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 198.51.100.1 56324 21 \r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7  198.51.100.1 56324 21\r\n")]
    [InlineData("PROXY TCP4 192.0.2.07 198.51.100.1 56324 21\r\n")]
    [InlineData("PROXY TCP4 192.0.2 198.51.100.1 56324 21\r\n")]
    [InlineData("PROXY TCP4 3221225991 198.51.100.1 56324 21\r\n")]
    [InlineData("PROXY TCP4 ::1 ::2 56324 21\r\n")]
    [InlineData("PROXY TCP6 192.0.2.7 198.51.100.1 56324 21\r\n")]
    [InlineData("PROXY TCP6 fe80::1%1 ::2 56324 21\r\n")]
    [InlineData("PROXY TCP6 [::1] ::2 56324 21\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 198.51.100.1 056324 21\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 198.51.100.1 65536 21\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 198.51.100.1 -1 21\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 198.51.100.1 +1 21\r\n")]
    [InlineData("PROXY TCP4 192.0.2.7 198.51.100.1  21\r\n")]
    [InlineData("PROXY UDP4 192.0.2.7 198.51.100.1 56324 21\r\n")]
    [InlineData("PROXY UNKNOWNS\r\n")]
    [InlineData("PROXY TCP4 0.0.0.0 198.51.100.1 56324 21\r\n")]
    [InlineData("PROXY TCP4 224.0.0.1 198.51.100.1 56324 21\r\n")]
    [InlineData("PROXY TCP6 :: ::1 56324 21\r\n")]
    [InlineData("PROXY TCP6 ff02::1 ::1 56324 21\r\n")]
    [InlineData("PROXY TCP6 ::ffff:0.0.0.0 ::1 56324 21\r\n")]
    [InlineData("PROXY UNKNOWN\u0001\r\n")]
    public void Any_other_line_is_rejected(string line) =>
        Assert.Throws<ProxyHeaderException>(() => ProxyHeader.Parse(Encoding.ASCII.GetBytes(line), out _));

    [Fact]
    public void A_line_without_end_is_rejected_at_the_limit()
    {
        byte[] line = [.. "PROXY UNKNOWN "u8, .. Enumerable.Repeat((byte)'x', 200)];
        Assert.Null(ProxyHeader.Parse(line.AsSpan(0, 106), out _));
        Assert.Throws<ProxyHeaderException>(() => ProxyHeader.Parse(line.AsSpan(0, 107), out _));
    }

    [Fact]
    public void A_version_2_header_is_read_with_either_family_and_its_extensions_are_skipped()
    {
        byte[] ipv4 = Binary(0x21, 0x11, [192, 0, 2, 7, 198, 51, 100, 1, 0xDC, 0x04, 0, 21, /* a TLV: NOOP */ 4, 0, 2, 0, 0]);
        ProxyHeader header = ProxyHeader.Parse([.. ipv4, 1, 2, 3], out int length)!;
        Assert.Equal((ipv4.Length, "192.0.2.7:56324", "198.51.100.1:21"), (length, $"{header.Source}", $"{header.Destination}"));

        byte[] ipv6 = Binary(0x21, 0x21,
            [.. IPAddress.Parse("2001:db8::7").GetAddressBytes(), .. IPAddress.Parse("2001:db8::1").GetAddressBytes(), 0, 1, 3, 0xDE]);
        header = ProxyHeader.Parse(ipv6, out length)!;
        Assert.Equal((ipv6.Length, "[2001:db8::7]:1", "[2001:db8::1]:990"), (length, $"{header.Source}", $"{header.Destination}"));
    }

    [Theory]
    [InlineData(0x20, 0x00)] // LOCAL
    [InlineData(0x20, 0x11)] // LOCAL with a family, which is ignored
    [InlineData(0x20, 0xFF)]
    [InlineData(0x21, 0x00)] // UNSPEC
    [InlineData(0x21, 0x01)]
    [InlineData(0x21, 0x10)]
    [InlineData(0x21, 0x12)] // UDP
    [InlineData(0x21, 0x31)] // a Unix socket
    public void A_header_without_TCP_addresses_has_none(byte command, byte family)
    {
        byte[] bytes = Binary(command, family, new byte[300]);
        ProxyHeader header = ProxyHeader.Parse(bytes, out int length)!;
        Assert.Equal((bytes.Length, null, null), (length, header.Source, header.Destination));
        Assert.NotNull(ProxyHeader.Parse(Binary(command, family, []), out _));
    }

    [Theory]
    [InlineData(0x11, 0x11, 12)] // version 1
    [InlineData(0x31, 0x11, 12)]
    [InlineData(0x22, 0x11, 12)] // an undefined command
    [InlineData(0x21, 0x41, 12)] // an undefined family
    [InlineData(0x21, 0x13, 12)] // an undefined protocol
    [InlineData(0x21, 0x11, 11)] // too short for its addresses
    [InlineData(0x21, 0x21, 35)]
    [InlineData(0x21, 0x11, 8177)] // one byte over the limit
    [InlineData(0x20, 0x00, 65535)]
    public void Any_other_version_2_header_is_rejected(byte command, byte family, int length)
    {
        byte[] bytes = Binary(command, family, [.. Enumerable.Repeat((byte)1, length)]);
        Assert.Throws<ProxyHeaderException>(() => ProxyHeader.Parse(bytes.AsSpan(0, 16), out _));
    }

    [Fact]
    public void A_version_2_header_of_the_maximum_length_is_accepted() =>
        Assert.NotNull(ProxyHeader.Parse(Binary(0x21, 0x11, [.. Enumerable.Repeat((byte)1, ProxyHeader.MaxLength - 16)]), out _));

    [Fact]
    public void Every_pair_of_addresses_is_read_only_when_the_header_is_complete() =>
        Prop.ForAll<ulong, ushort, ushort>((bits, port, other) =>
    {
        bool isIPv4 = port % 2 == 0;
        byte[] random = BitConverter.GetBytes(bits);
        var client = new IPAddress(isIPv4 ? [(byte)(1 + (random[0] % 223)), .. random[1..4]] : [0x20, .. random, .. random[1..]]);
        var server = IPAddress.Parse(isIPv4 ? "192.0.2.1" : "2001:db8::1");
        byte[] text = Encoding.ASCII.GetBytes($"PROXY {(isIPv4 ? "TCP4" : "TCP6")} {client} {server} {port} {other}\r\n");
        byte[] binary = Binary(0x21, (byte)(isIPv4 ? 0x11 : 0x21),
            [.. client.GetAddressBytes(), .. server.GetAddressBytes(), (byte)(port >> 8), (byte)port, (byte)(other >> 8), (byte)other]);
        foreach (byte[] bytes in (byte[][])[text, binary])
        {
            for (int come = 0; come < bytes.Length; come++)
            {
                Assert.Null(ProxyHeader.Parse(bytes.AsSpan(0, come), out _));
            }

            ProxyHeader header = ProxyHeader.Parse(bytes, out int length)!;
            Assert.Equal((bytes.Length, new IPEndPoint(client, port), new IPEndPoint(server, other)),
                (length, header.Source, header.Destination));
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_bytes_are_a_header_incomplete_or_rejected() => Prop.ForAll<byte[], byte, byte>((bytes, family, start) =>
    {
        ReadOnlySpan<byte> given = bytes ?? [];
        byte[] any = (start % 4) switch
        {
            0 => given.ToArray(),
            1 => [.. "PROXY "u8, .. given],
            2 => [.. "PROXY TCP4 "u8, .. given, (byte)'\r', (byte)'\n'],
            _ => [.. Signature, (byte)(0x20 | ((start >> 2) & 1)), family, .. given],
        };
        try
        {
            ProxyHeader? header = ProxyHeader.Parse(any, out int length);
            Assert.True(header is null || length is > 0 and <= ProxyHeader.MaxLength && length <= any.Length);
        }
        catch (ProxyHeaderException)
        {
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_incomplete_header_exceeds_the_limit() => Prop.ForAll<byte>(filler =>
    {
        foreach (byte[] start in (byte[][])[[], [.. "PROXY UNKNOWN "u8], [.. Signature, 0x21, 0x11]])
        {
            byte[] bytes = [.. start, .. Enumerable.Repeat(filler, ProxyHeader.MaxLength)];
            try
            {
                Assert.NotNull(ProxyHeader.Parse(bytes, out _));
            }
            catch (ProxyHeaderException)
            {
            }
        }
    }).QuickCheckThrowOnFailure();

    private static byte[] Binary(byte command, byte family, byte[] rest) =>
        [.. Signature, command, family, (byte)(rest.Length >> 8), (byte)rest.Length, .. rest];
}
