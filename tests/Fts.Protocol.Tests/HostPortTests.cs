using System.Net;
using FsCheck;
using FsCheck.Fluent;

namespace Fts.Protocol.Tests;

public sealed class HostPortTests
{
    [Theory]
    [InlineData("127,0,0,1,4,1", "127.0.0.1:1025")]
    [InlineData("255,255,255,255,255,255", "255.255.255.255:65535")]
    public void Six_numbers_are_an_address_and_port(string text, string expected)
    {
        Assert.True(HostPort.TryParse(text, out IPEndPoint endPoint));
        Assert.Equal(expected, endPoint.ToString());
        Assert.Equal(text, HostPort.Format(endPoint));
    }

    [Theory]
    [InlineData("1,2,3,4,5, 6")]
    [InlineData(" 1, 2, 3, 4, 5, 6 ")]
    [InlineData("1 ,2 ,3 ,4 ,5 ,6")]
    public void Spaces_around_the_numbers_are_skipped(string text)
    {
        Assert.True(HostPort.TryParse(text, out IPEndPoint endPoint));
        Assert.Equal("1.2.3.4:1286", endPoint.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("1,2,3,4,5")]
    [InlineData("1,2,3,4,5,6,7")]
    [InlineData("1,2,3,4,5,256")]
    [InlineData("1,2,3,4,5,-1")]
    [InlineData("1,2,3,4,5,6 7")]
    [InlineData("1,2,3,4,5,")]
    [InlineData("1,2,3,4,5, ")]
    [InlineData("1,2,3,4,,6")]
    public void Any_other_text_is_rejected(string text) => Assert.False(HostPort.TryParse(text, out _));

    [Theory]
    [InlineData("|1|10.0.0.1|1025|", "10.0.0.1:1025")]
    [InlineData("|2|::1|1025|", "[::1]:1025")]
    [InlineData("!2!2001:db8::5!65535!", "[2001:db8::5]:65535")]
    public void An_extended_address_is_read_with_any_delimiter(string text, string expected)
    {
        Assert.True(HostPort.TryParseExtended(text, out IPEndPoint endPoint, out _));
        Assert.Equal(expected, endPoint.ToString());
        Assert.Equal(text.Replace('!', '|'), HostPort.FormatExtended(endPoint));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("|1|10.0.0.1|1025", true)]
    [InlineData("|1|10.0.0.1|0|", true)]
    [InlineData("|1|10.0.0.1|65536|", true)]
    [InlineData("|1|::1|1025|", true)]
    [InlineData("|2|10.0.0.1|1025|", true)]
    [InlineData("|1|167772161|1025|", true)]
    [InlineData("|2|fe80::1%1|1025|", true)]
    [InlineData("|3|10.0.0.1|1025|", false)]
    [InlineData("|1|010.0.0.1|1025|", true)]
    [InlineData("|1|0x7f.0.0.1|1025|", true)]
    [InlineData("|2|[::1]|1025|", true)]
    public void An_invalid_extended_address_is_rejected_and_an_unknown_protocol_is_reported(string text, bool knownFamily)
    {
        Assert.False(HostPort.TryParseExtended(text, out _, out bool known));
        Assert.Equal(knownFamily, known);
    }

    [Fact]
    public void Every_address_and_port_survives_the_round_trip() => Prop.ForAll<uint, ushort>((address, port) =>
    {
        var endPoint = new IPEndPoint(new IPAddress(BitConverter.GetBytes(address)), Math.Max((ushort)1, port));
        Assert.True(HostPort.TryParse(HostPort.Format(endPoint), out IPEndPoint read));
        Assert.True(HostPort.TryParseExtended(HostPort.FormatExtended(endPoint), out IPEndPoint extended, out _));
        Assert.Equal((endPoint, endPoint), (read, extended));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_text_throws() => Prop.ForAll<string>(text =>
    {
        string given = text ?? "";
        _ = HostPort.TryParse(given, out _);
        _ = HostPort.TryParseExtended(given, out _, out _);
    }).QuickCheckThrowOnFailure();
}
