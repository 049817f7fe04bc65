using Fts.FuzzTests.Engine;
using Fts.Protocol;

namespace Fts.FuzzTests.Targets;

/// <summary>The small words: commands, times, quotes, and text made fit to be shown.</summary>
internal static class WordTargets
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
        if (!Fts.Protocol.Command.TryParse(input, out Command command))
        {
            return;
        }

        Holds.True(command.Verb.Length is > 0 and <= 16 && command.Verb.All(c => char.IsAsciiLetterUpper(c) || char.IsAsciiDigit(c)), "a verb is ASCII, in upper case");
        Holds.True(!command.Redacted.Any(char.IsControl), "the line for logs shows no control character");
        Holds.True(command.Verb != "PASS" || command.Argument.Length == 0 || command.Redacted == "PASS ****", "a password never shows");
        Holds.True(Fts.Protocol.Command.TryParse(EscapedUtf8.GetBytes(command.ToString()), out Command again), "what was a command is one again");
        Holds.Equal(command, again, "a command comes back");
        Holds.True(EscapedUtf8.GetBytes(command.Argument).AsSpan().SequenceEqual(input[(input.IndexOf((byte)' ') is >= 0 and int space ? space + 1 : input.Length)..]),
            "an argument keeps its bytes");
        Holds.True(EscapedUtf8.IsCanonical(command.Argument), "an argument has one spelling");
    }

    private static void Time(string text)
    {
        if (FtpTime.TryParse(text, out DateTime utc))
        {
            Holds.Equal(DateTimeKind.Utc, utc.Kind, "a time is UTC");
            Holds.True(FtpTime.TryParse(FtpTime.Format(utc), out DateTime again), "a time that was written can be read");
            Holds.Equal(utc.Ticks / TimeSpan.TicksPerSecond, again.Ticks / TimeSpan.TicksPerSecond, "a time comes back to the second");
        }
    }

    private static void QuotedPath(string text)
    {
        Holds.True(PathQuoting.Unquote(text) is not { } path || path.Length < text.Length, "a path is shorter than what it stood in");
        Holds.Equal(text, PathQuoting.Unquote(PathQuoting.Quote(text) + " is current"), "a path comes back from its quotes");
    }

    private static void Quoted(string text)
    {
        Holds.True(QuotedWords.Parse(text) is not { } words || words.Sum(word => word.Length) <= text.Length, "words are no longer than the text");
        Holds.Equal(text, QuotedWords.Parse(PathQuoting.Quote(text))?.SingleOrDefault(), "a quoted word comes back");
    }

    private static void Visible(string text)
    {
        string visible = text.Visible();
        Holds.True(!visible.Any(char.IsControl) && visible.Length <= 10 * text.Length, "what is shown has no control character, and ends");
        Holds.Equal(visible, visible.Visible(), "what may be shown stays as it is");
    }
}
