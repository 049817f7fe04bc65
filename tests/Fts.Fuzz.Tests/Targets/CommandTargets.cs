using Fts.FuzzTests.Engine;
using Fts.Protocol;

namespace Fts.FuzzTests.Targets;

/// <summary>Commands, times, quoting, and escaped text.</summary>
internal static class CommandTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("command", CheckCommand),
        FuzzTarget.OfText("time", CheckTime),
        FuzzTarget.OfText("quoted-path", CheckQuotedPath),
        FuzzTarget.OfText("quoted-words", CheckQuotedWords),
        FuzzTarget.OfText("visible-text", CheckPrintable),
    ];

    private static void CheckCommand(ReadOnlySpan<byte> input)
    {
        if (!FtpCommand.TryParse(input, out FtpCommand command))
        {
            return;
        }

        FuzzAssert.True(command.Verb.Length is > 0 and <= 16 &&
            command.Verb.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c)), "a verb is ASCII, in upper case");
        FuzzAssert.True(!command.Redacted.Any(char.IsControl), "a redacted command has no control character");
        FuzzAssert.True(command.Verb != "PASS" || command.Argument.Length == 0 ||
            command.Redacted == "PASS ****", "a redacted command has no password");
        FuzzAssert.True(FtpCommand.TryParse(EscapedUtf8.GetBytes(command.ToString()), out FtpCommand again),
            "a formatted command can be parsed");
        FuzzAssert.Equal(command, again, "a command survives the round trip");
        ReadOnlySpan<byte> argument = input.IndexOf((byte)' ') is >= 0 and int space ? input[(space + 1)..] : default;
        FuzzAssert.True(EscapedUtf8.GetBytes(command.Argument).AsSpan().SequenceEqual(argument), "an argument keeps its bytes");
        FuzzAssert.True(EscapedUtf8.IsCanonical(command.Argument), "an argument has one spelling");
    }

    private static void CheckTime(string text)
    {
        if (WireTime.TryParse(text, out DateTime utc))
        {
            FuzzAssert.Equal(DateTimeKind.Utc, utc.Kind, "a time is UTC");
            FuzzAssert.True(WireTime.TryParse(WireTime.Format(utc), out DateTime again), "a formatted time can be parsed");
            FuzzAssert.Equal(utc.Ticks / TimeSpan.TicksPerSecond, again.Ticks / TimeSpan.TicksPerSecond,
                "a time survives the round trip to the second");
        }
    }

    private static void CheckQuotedPath(string text)
    {
        FuzzAssert.True(PathQuoting.Unquote(text) is not { } path || path.Length < text.Length, "a path is shorter than its reply");
        FuzzAssert.Equal(text, PathQuoting.Unquote(PathQuoting.Quote(text) + " is current"), "a quoted path is unquoted to the same path");
    }

    private static void CheckQuotedWords(string text)
    {
        FuzzAssert.True(QuotedArguments.Parse(text) is not { } words ||
            words.Sum(word => word.Length) <= text.Length, "words are no longer than the text");
        FuzzAssert.Equal(text, QuotedArguments.Parse(PathQuoting.Quote(text))?.SingleOrDefault(),
            "a quoted word is parsed to the same word");
    }

    private static void CheckPrintable(string text)
    {
        string printable = text.ToPrintable();
        FuzzAssert.True(!printable.Any(char.IsControl) &&
            printable.Length <= 10 * text.Length, "printable text has no control character and at most ten times the length");
        FuzzAssert.Equal(printable, printable.ToPrintable(), "printable text is unchanged");
    }
}
