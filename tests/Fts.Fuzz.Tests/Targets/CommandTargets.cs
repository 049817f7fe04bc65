using Fts.FuzzTests.Engine;
using Fts.Protocol;

namespace Fts.FuzzTests.Targets;

/// <summary>The small words: commands, times, quotes, and text made fit to be shown.</summary>
internal static class CommandTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("command", Command),
        FuzzTarget.OfText("time", Time),
        FuzzTarget.OfText("quoted-path", QuotedPath),
        FuzzTarget.OfText("quoted-words", Quoted),
        FuzzTarget.OfText("visible-text", Visible),
    ];

    private static void Command(ReadOnlySpan<byte> input)
    {
        if (!FtpCommand.TryParse(input, out FtpCommand command))
        {
            return;
        }

        FuzzAssert.True(command.Verb.Length is > 0 and <= 16 && command.Verb.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c)), "a verb is ASCII, in upper case");
        FuzzAssert.True(!command.Redacted.Any(char.IsControl), "the line for logs shows no control character");
        FuzzAssert.True(command.Verb != "PASS" || command.Argument.Length == 0 || command.Redacted == "PASS ****", "a password never shows");
        FuzzAssert.True(FtpCommand.TryParse(EscapedUtf8.GetBytes(command.ToString()), out FtpCommand again), "what was a command is one again");
        FuzzAssert.Equal(command, again, "a command comes back");
        FuzzAssert.True(EscapedUtf8.GetBytes(command.Argument).AsSpan().SequenceEqual(input[(input.IndexOf((byte)' ') is >= 0 and int space ? space + 1 : input.Length)..]),
            "an argument keeps its bytes");
        FuzzAssert.True(EscapedUtf8.IsCanonical(command.Argument), "an argument has one spelling");
    }

    private static void Time(string text)
    {
        if (WireTime.TryParse(text, out DateTime utc))
        {
            FuzzAssert.Equal(DateTimeKind.Utc, utc.Kind, "a time is UTC");
            FuzzAssert.True(WireTime.TryParse(WireTime.Format(utc), out DateTime again), "a time that was written can be read");
            FuzzAssert.Equal(utc.Ticks / TimeSpan.TicksPerSecond, again.Ticks / TimeSpan.TicksPerSecond, "a time comes back to the second");
        }
    }

    private static void QuotedPath(string text)
    {
        FuzzAssert.True(PathQuoting.Unquote(text) is not { } path || path.Length < text.Length, "a path is shorter than what it stood in");
        FuzzAssert.Equal(text, PathQuoting.Unquote(PathQuoting.Quote(text) + " is current"), "a path comes back from its quotes");
    }

    private static void Quoted(string text)
    {
        FuzzAssert.True(QuotedArguments.Parse(text) is not { } words || words.Sum(word => word.Length) <= text.Length, "words are no longer than the text");
        FuzzAssert.Equal(text, QuotedArguments.Parse(PathQuoting.Quote(text))?.SingleOrDefault(), "a quoted word comes back");
    }

    private static void Visible(string text)
    {
        string visible = text.ToPrintable();
        FuzzAssert.True(!visible.Any(char.IsControl) && visible.Length <= 10 * text.Length, "what is shown has no control character, and ends");
        FuzzAssert.Equal(visible, visible.ToPrintable(), "what may be shown stays as it is");
    }
}
