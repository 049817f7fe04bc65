using FsCheck;
using FsCheck.Fluent;

namespace Fts.Protocol.Tests;

public sealed class ReplyReaderTests
{
    private static FtpReply Read(params string[] lines)
    {
        var reader = new ReplyReader(64 * 1024);
        foreach (string line in lines[..^1])
        {
            Assert.Null(reader.AddLine(line));
            Assert.True(reader.IsInsideReply);
        }

        FtpReply reply = reader.AddLine(lines[^1])!;
        Assert.NotNull(reply);
        Assert.False(reader.IsInsideReply);
        return reply;
    }

    [Theory]
    [InlineData("220 hi", 220, "hi")]
    [InlineData("220", 220, "")]
    [InlineData("220 ", 220, "")]
    [InlineData("599  two spaces", 599, " two spaces")]
    [InlineData("200 cr inside\rhere\r", 200, "cr inside here")]
    public void One_line_is_a_reply(string line, int code, string text)
    {
        FtpReply reply = Read(line);
        Assert.Equal(((FtpReplyCode)code, text), (reply.Code, reply.Text));
    }

    [Fact]
    public void Inner_lines_may_start_with_any_text_but_the_last_line() =>
        Assert.Equal(
            ["first", "second line", "226 not the end", " 220 set off", "220abc", "again", "", "last"],
            Read("220-first", "second line", "226 not the end", " 220 set off", "220abc", "220-again", "", "220 last").Lines);

    [Fact]
    public void Codes_repeated_on_every_line_are_removed() => Assert.Equal(["a", "b", "c"], Read("230-a", "230-b", "230 c").Lines);

    [Fact]
    public void A_bare_code_ends_a_reply() => Assert.Equal(["a", ""], Read("211-a", "211").Lines);

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("22")]
    [InlineData("099 low")]
    [InlineData("600 high")]
    [InlineData("2200 long")]
    [InlineData(" 220 set off")]
    [InlineData("220_x")]
    [InlineData("٢٢٠ digits of another script")]
    public void A_line_that_is_not_a_reply_throws_and_the_reader_can_continue(string line)
    {
        var reader = new ReplyReader(1000);
        Assert.Throws<ReplyFormatException>(() => reader.AddLine(line));
        Assert.NotNull(reader.AddLine("200 ok"));
    }

    [Fact]
    public void A_reply_without_end_is_rejected_at_the_limit_even_if_its_lines_are_empty()
    {
        var reader = new ReplyReader(1000);
        reader.AddLine("220-x");
        Assert.Throws<ReplyFormatException>(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                reader.AddLine("");
            }
        });
        Assert.NotNull(reader.AddLine("200 ok"));
    }

    [Fact]
    public void A_reply_survives_the_round_trip() => Prop.ForAll<int, string[]>((code, texts) =>
    {
        // A leading space of an inner line is removed as indentation. FtpReply rejects CR and LF.
        string[] lines = [.. (texts.Length == 0 ? ["x"] : texts).Select(text =>
            "." + new string([.. (text ?? "").Where(c => c is not ('\r' or '\n') && !char.IsSurrogate(c))]))];
        var reply = new FtpReply((FtpReplyCode)(100 + (Math.Abs(code % 500) % 500)), lines);
        var reader = new ReplyReader(int.MaxValue);
        FtpReply? read = null;
        foreach (string line in System.Text.Encoding.UTF8.GetString(reply.Bytes.Span).Split("\r\n")[..^1])
        {
            Assert.Null(read);
            read = reader.AddLine(line);
        }

        Assert.Equal(reply.Code, read!.Code);
        Assert.Equal(reply.Lines, read.Lines.Select((line, i) => i > 0 && i < lines.Length - 1 ? line.TrimStart(' ') : line));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_lines_are_replies_incomplete_or_rejected() => Prop.ForAll<string[]>(lines =>
    {
        var reader = new ReplyReader(500);
        foreach (string line in lines)
        {
            try
            {
                reader.AddLine(line ?? "");
            }
            catch (ReplyFormatException)
            {
            }
        }
    }).QuickCheckThrowOnFailure();
}
