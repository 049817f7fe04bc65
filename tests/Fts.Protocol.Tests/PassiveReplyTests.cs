using System.Net;
using FsCheck;
using FsCheck.Fluent;

namespace Fts.Protocol.Tests;

/// <summary>Replies to PASV and EPSV, in the standard form and in the forms of servers that deviate from it.</summary>
public sealed class PassiveReplyTests
{
    [Theory]
    [InlineData("Entering Passive Mode (10,0,0,1,4,1).")]
    [InlineData("=10,0,0,1,4,1")]
    [InlineData("10,0,0,1,4,1")]
    [InlineData("Mode 7, version 1,2: 10,0,0,1,4,1, enjoy")]
    [InlineData("Entering Passive Mode ( 10, 0, 0, 1, 4, 1 )")]
    [InlineData("Entering Passive Mode (10 ,0 ,0 ,1 ,4 ,1)")]
    [InlineData("Entering Passive Mode (10,0,0,1,4, 1)")]
    [InlineData("Passive 5 10, 0, 0, 1, 4, 1")]
    [InlineData("Entering Passive Mode (010,000,000,001,004,001)")]
    [InlineData("Entering Passive Mode (10.0.0.1,4,1)")]
    [InlineData("Entering Passive Mode (::ffff:10.0.0.1,4,1)")]
    [InlineData("Entering Passive Mode (0,0,0,0,0,0,0,0,0,0,255,255,10,0,0,1,4,1)")]
    [InlineData("Entering Passive Mode (10,0,0,1,4,1")]
    [InlineData("(|1|10.0.0.1|1025|)")]
    public void The_address_and_port_of_a_227_reply_are_found_anywhere_in_the_text(string text) =>
        Assert.Equal("10.0.0.1:1025", Read(FtpReplyCode.PassiveMode, text));

    [Theory]
    [InlineData("Entering Extended Passive Mode (|||6446|)", "?:6446")]
    [InlineData("(really) ok (!!!1!)", "?:1")]
    [InlineData("Entering Extended Passive Mode |||6446|", "?:6446")]
    [InlineData("Entering Extended Passive Mode (|||6446)", "?:6446")]
    [InlineData("Extended ( | | | 6446 | )", "?:6446")]
    [InlineData("Extended ||| 6446 |.", "?:6446")]
    [InlineData("(|1|10.0.0.1|1025|)", "10.0.0.1:1025")]
    [InlineData("(|2|2001:db8::5|1025|)", "2001:db8::5:1025")]
    [InlineData("(|2|::ffff:10.0.0.1|1025|)", "10.0.0.1:1025")]
    [InlineData("|1||1025|", "?:1025")]
    [InlineData("(||10.0.0.1|1025|)", "10.0.0.1:1025")]
    [InlineData("(#1#010.0.0.1#1025#)", "?:1025")]
    [InlineData("(|||5|) then (|||6|)", "?:6")]
    [InlineData("Entering Passive Mode (10,0,0,1,4,1).", "10.0.0.1:1025")]
    [InlineData("(,,,6446,)", "?:6446")]
    public void The_port_of_a_229_reply_is_found(string text, string expected) =>
        Assert.Equal(expected, Read(FtpReplyCode.ExtendedPassiveMode, text));

    [Theory]
    [InlineData("(|||0|)")]
    [InlineData("(|||65536|)")]
    [InlineData("(|||-1|)")]
    [InlineData("(|||64 46|)")]
    [InlineData("(|||6446/tcp|)")]
    [InlineData("(||6446|)")]
    [InlineData("(|||)")]
    [InlineData("(||||)")]
    [InlineData("(|3||1025|)")]
    [InlineData("6446")]
    [InlineData("Enjoy!!! 6446 files!")]
    [InlineData("Entering Passive Mode (10,0,0,1,0,0)")]
    [InlineData("Entering Passive Mode (10,0,0,1,4,256)")]
    [InlineData("Entering Passive Mode (10,0,0,1,4)")]
    [InlineData("Entering Passive Mode (1,10,0,0,1,4,1)")]
    [InlineData("Entering Passive Mode (10,0,0,1,-4,1)")]
    [InlineData("")]
    public void A_reply_without_a_valid_port_is_rejected(string text)
    {
        Assert.Null(Read(FtpReplyCode.ExtendedPassiveMode, text));
        Assert.Null(Read(FtpReplyCode.PassiveMode, text));
    }

    [Theory]
    [InlineData(200, "10.0.0.1:1025")]
    [InlineData(202, "10.0.0.1:1025")]
    [InlineData(227, "10.0.0.1:1025")]
    [InlineData(229, "10.0.0.1:1025")]
    [InlineData(350, null)]
    [InlineData(425, null)]
    [InlineData(500, null)]
    public void Only_positive_replies_are_read(int code, string? expected) =>
        Assert.Equal(expected, Format(new FtpReply((FtpReplyCode)code, "ok (10,0,0,1,4,1)")));

    [Fact]
    public void The_port_is_read_from_the_last_line_that_has_one()
    {
        Assert.Equal("?:7", Format(new FtpReply(FtpReplyCode.ExtendedPassiveMode, "Entering (|||7|)", " have fun")));
        Assert.Equal("?:8", Format(new FtpReply(FtpReplyCode.ExtendedPassiveMode, "Entering (|||7|)", "no: (|||8|)")));
    }

    [Fact]
    public void Every_address_and_port_is_found_in_each_common_form() => Prop.ForAll<uint, ushort>((address, port) =>
    {
        var endPoint = new IPEndPoint(new IPAddress(BitConverter.GetBytes(address)), Math.Max((ushort)1, port));
        string numbers = HostPort.Format(endPoint);
        string[] forms =
        [
            $"Entering Passive Mode ({numbers}).", numbers, $"={numbers}", $"ok {numbers.Replace(",", ", ", StringComparison.Ordinal)}",
                $"({HostPort.FormatExtended(endPoint)})",
        ];
        Assert.All(forms, form => Assert.Equal(endPoint.ToString(), Read(FtpReplyCode.PassiveMode, form)));
        Assert.All(forms, form => Assert.Equal(endPoint.ToString(), Read(FtpReplyCode.ExtendedPassiveMode, form)));
        Assert.Equal($"?:{endPoint.Port}", Read(FtpReplyCode.ExtendedPassiveMode, $"Entering Extended Passive Mode (|||{endPoint.Port}|)"));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_text_throws_and_every_port_is_valid() => Prop.ForAll<string, bool>((text, isExtended) =>
        !PassiveReply.TryRead(text ?? "", isExtended
            ? FtpReplyCode.ExtendedPassiveMode
            : FtpReplyCode.PassiveMode, out PassiveEndPoint found)
        || found.Port is > 0 and <= 65535).QuickCheckThrowOnFailure();

    private static string? Read(FtpReplyCode code, string text) => Format(new FtpReply(code, text));

    private static string? Format(FtpReply reply) => PassiveReply.TryRead(reply, out PassiveEndPoint found)
        ? $"{found.Address?.ToString() ?? "?"}:{found.Port}"
        : null;
}
