using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Fts.Protocol.Tests;

/// <summary>Commands, replies, quoted paths, times, line ends and printable text.</summary>
public sealed class CommandAndReplyTests
{
    [Theory]
    [InlineData("NOOP", "NOOP", "")]
    [InlineData("noop", "NOOP", "")]
    [InlineData("stor a b ", "STOR", "a b ")]
    [InlineData("STOR  a", "STOR", " a")]
    [InlineData("xsha256 a", "XSHA256", "a")]
    [InlineData("CWD caf\u00e9", "CWD", "caf\u00e9")]
    public void A_command_is_a_verb_and_an_argument(string line, string verb, string argument)
    {
        Assert.True(FtpCommand.TryParse(Encoding.UTF8.GetBytes(line), out FtpCommand command));
        Assert.Equal((verb, argument), (command.Verb, command.Argument));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" NOOP")]
    [InlineData("220 ready")]
    [InlineData("N@OP")]
    [InlineData("NO_OP")]
    [InlineData("N\u00d6OP")]
    [InlineData("GET/1")]
    public void A_verb_consists_of_ASCII_letters_and_digits(string line) =>
        Assert.False(FtpCommand.TryParse(Encoding.UTF8.GetBytes(line), out _));

    [Fact]
    public void Bytes_that_are_not_UTF8_are_escaped_in_the_argument()
    {
        Assert.True(FtpCommand.TryParse([.. "CWD "u8, 0xC3, 0x28, 0xC3, 0xA9, 0xE9], out FtpCommand command));
        Assert.Equal("\udcc3(é\udce9", command.Argument);
        Assert.Equal("CWD \\xc3(é\\xe9", command.Redacted);
    }

    [Fact]
    public void A_reply_sends_escaped_bytes_and_doubles_the_byte_255() =>
        Assert.Equal([.. "257 \"/"u8, 0xE9, 0xFF, 0xFF, .. "é\"\r\n"u8],
            new FtpReply(FtpReplyCode.PathName, "\"/\udce9\udcffé\"").Bytes.ToArray());

    [Fact]
    public void The_redacted_command_contains_no_password()
    {
        Assert.Equal("PASS ****", new FtpCommand("PASS", "secret").Redacted);
        Assert.Equal("ACCT ****", new FtpCommand("ACCT", "secret").Redacted);
        Assert.Equal("CWD a\\x1b[1m", new FtpCommand("CWD", "a\u001b[1m").Redacted);
    }

    [Fact]
    public void No_command_line_throws() =>
        Prop.ForAll<byte[]>(line => { _ = FtpCommand.TryParse(line, out _); }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_reply_rejects_text_that_would_forge_another_reply()
    {
        Assert.Throws<ArgumentException>(() => new FtpReply(FtpReplyCode.Okay, "a\r\n226 done"));
        Assert.Throws<ArgumentException>(() => new FtpReply(FtpReplyCode.Okay));
    }

    [Fact]
    public void Inner_lines_of_a_reply_are_indented() =>
        Assert.Equal("211-a\r\n 211 b\r\n c\r\n211 d\r\n",
            Encoding.ASCII.GetString(new FtpReply(FtpReplyCode.SystemStatus, "a", "211 b", " c", "d").Bytes.Span));

    [Fact]
    public void Any_quoted_path_is_unquoted_to_the_same_path() => Prop.ForAll<string>(path =>
        Assert.Equal(path ?? "", PathQuoting.Unquote(PathQuoting.Quote(path ?? "") + " is current"))).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("no quotes")]
    [InlineData("\"open")]
    [InlineData("\"open\"\"")]
    [InlineData("")]
    public void A_path_without_a_closing_quote_is_rejected(string text) => Assert.Null(PathQuoting.Unquote(text));

    [Theory]
    [InlineData("20260102030405", "2026-01-02T03:04:05.0000000Z")]
    [InlineData("20260102030405.5", "2026-01-02T03:04:05.5000000Z")]
    [InlineData("20260102030405.123456789", "2026-01-02T03:04:05.1234567Z")]
    [InlineData("20161231235960", "2016-12-31T23:59:59.0000000Z")]
    [InlineData("99991231235959.99999999", "9999-12-31T23:59:59.9999999Z")]
    public void Times_are_parsed(string text, string expected)
    {
        Assert.True(WireTime.TryParse(text, out DateTime utc));
        Assert.Equal(expected, utc.ToString("O"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026010203040")]
    [InlineData("20260102030461")]
    [InlineData("20260230030405")]
    [InlineData("20260102030405.")]
    [InlineData("20260102030405.x")]
    [InlineData("20260102030405 ")]
    [InlineData("2026010203040５")]
    public void Text_that_is_not_a_time_is_rejected(string text) => Assert.False(WireTime.TryParse(text, out _));

    [Fact]
    public void Any_time_survives_the_round_trip_to_the_second() => Prop.ForAll<DateTime>(time =>
    {
        var utc = DateTime.SpecifyKind(time, DateTimeKind.Utc);
        Assert.True(WireTime.TryParse(WireTime.Format(utc), out DateTime read));
        Assert.Equal(utc.Ticks / TimeSpan.TicksPerSecond, read.Ticks / TimeSpan.TicksPerSecond);
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("a\nb\n", "a\r\nb\r\n")]
    [InlineData("a\r\nb", "a\r\nb")]
    [InlineData("\n\r\r\n", "\r\n\r\r\n")]
    public void LF_in_a_file_becomes_CRLF_on_the_wire(string file, string wire) => Assert.Equal(wire, Translate(file, 1, toWire: true));

    [Theory]
    [InlineData("a\r\nb\r\n", "a\nb\n")]
    [InlineData("a\rb\r", "a\rb\r")]
    [InlineData("\r\r\n\n", "\r\n\n")]
    public void CRLF_on_the_wire_becomes_LF_in_the_file(string wire, string file) => Assert.Equal(file, Translate(wire, 1, toWire: false));

    [Fact]
    public void Line_ends_are_converted_independently_of_buffer_boundaries() => Prop.ForAll<byte[], PositiveInt>((noise, piece) =>
    {
        string text = string.Concat(noise.Select(b => (b % 3) switch { 0 => "\r", 1 => "\n", _ => "x" }));
        foreach (bool toWire in (bool[])[true, false])
        {
            Assert.Equal(Translate(text, Math.Max(1, text.Length), toWire), Translate(text, piece.Get, toWire));
        }
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_file_without_carriage_returns_survives_the_round_trip() => Prop.ForAll<byte[], PositiveInt>((noise, piece) =>
    {
        string text = string.Concat(noise.Select(b => b % 3 == 0 ? '\n' : 'x'));
        Assert.Equal(text, Translate(Translate(text, piece.Get, toWire: true), piece.Get, toWire: false));
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("caf\u00e9", "caf\u00e9")]
    [InlineData("a\r\nb\u001b", "a\\x0d\\x0ab\\x1b")]
    [InlineData("evil\u202egpj.exe", "evil\\u202egpj.exe")]
    public void Control_characters_are_escaped(string text, string expected) => Assert.Equal(expected, text.ToPrintable());

    [Fact]
    public void Format_characters_beyond_U_FFFF_are_escaped_but_emoji_are_not()
    {
        Assert.Equal("a\\U000e0041b", "a\U000E0041b".ToPrintable());
        Assert.Equal("\U0001F600", "\U0001F600".ToPrintable());
    }

    private static string Translate(string text, int piece, bool toWire)
    {
        var translator = default(AsciiTranslator);
        var output = new List<byte>();
        byte[] buffer = new byte[(piece * 2) + 1];
        foreach (byte[] chunk in Encoding.ASCII.GetBytes(text).Chunk(piece))
        {
            output.AddRange(buffer[..(toWire ? translator.ToWire(chunk, buffer) : translator.ToFile(chunk, buffer))]);
        }

        if (!toWire)
        {
            output.AddRange(buffer[..translator.Finish(buffer)]);
        }

        return Encoding.ASCII.GetString([.. output]);
    }
}
