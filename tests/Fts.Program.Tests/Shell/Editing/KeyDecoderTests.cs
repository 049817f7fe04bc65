using System.Text;
using Fts.Shell.Editing;

namespace Fts.ProgramTests.Shell.Editing;

/// <summary>Escape sequences that the runtime does not know become one key, or none.</summary>
public sealed class KeyDecoderTests
{
    [Theory]
    [InlineData("a\u00fc", "A ü")]
    [InlineData("\e[1;5Dx", "Control-LeftArrow X")]
    [InlineData("\e[1;3Cx", "Alt-RightArrow X")]
    [InlineData("\e\e[Cx", "Alt-RightArrow X")]
    [InlineData("\eOHx", "Home X")]
    [InlineData("\eOdx", "Control-LeftArrow X")]
    [InlineData("\e[3~x", "Delete X")]
    [InlineData("\ebx", "Alt-B X")]
    [InlineData("\e\rx", "Enter X")]
    [InlineData("\e[200~ab\e[201~", "A B")]
    [InlineData("\e[99;5~\e[?1;2c\e[<0;1;2M\e[12;40R\e[I\e[57414ux", "X")]
    [InlineData("\e[[Ax", "X")]
    [InlineData("\e]0;title\ax", "X")]
    [InlineData("\e]0;title\e\\x", "X")]
    [InlineData("\eP1$r0m\e\\x", "X")]
    [InlineData("\e[1;\e[Dx", "LeftArrow X")]
    [InlineData("\e[1\rx", "Enter X")]
    [InlineData("\e[1\u0003x", "Control-C X")]
    public void A_sequence_is_read_to_its_end(string typed, string expected)
    {
        var decoder = new KeyDecoder();
        var keys = new List<string>();
        foreach (char c in typed)
        {
            // Character by character, as the runtime reports what it does not know.
            if (decoder.Decode(Key(c)) is { } key)
            {
                string modifiers = key.Modifiers == ConsoleModifiers.None ? "" : $"{key.Modifiers}-";
                keys.Add(modifiers + (key.Key == ConsoleKey.None ? key.KeyChar.ToString() : key.Key.ToString()));
            }
        }

        Assert.Equal(expected, string.Join(' ', keys));
    }

    [Fact]
    public void A_key_with_Alt_that_begins_a_sequence_is_not_the_key()
    {
        var decoder = new KeyDecoder();
        Assert.Null(decoder.Decode(new ConsoleKeyInfo('[', ConsoleKey.None, shift: false, alt: true, control: false)));
        Assert.Null(decoder.Decode(Key('9')));
        Assert.Null(decoder.Decode(Key('~')));
        Assert.Equal(ConsoleKey.A, decoder.Decode(Key('a'))?.Key);
    }

    [Theory]
    [InlineData("\e|Password", "Password")]
    [InlineData("\e|]x", "]x")]
    [InlineData("\e|Ox", "Ox")]
    [InlineData("\e|[x", "[x")]
    [InlineData("\e|bx", "bx")]
    [InlineData("\eP|secret", "secret")]
    [InlineData("\e[1;|secret", "secret")]
    [InlineData("\e]0;title\ax\e|Py", "xPy")]
    [InlineData("\e[99;5~Px", "Px")]
    public void Text_after_an_incomplete_sequence_is_text(string typed, string expected)
    {
        // A bar is a pause that is longer than the wait for the next key of a sequence.
        var decoder = new KeyDecoder();
        var rest = new Queue<char>(typed);
        var text = new StringBuilder();
        while (text.Length < expected.Length)
        {
            text.Append(Keyboard.ReadKey(decoder, Next, IsNextInTime).KeyChar);
        }

        Assert.Equal(expected, text.ToString());
        Assert.Empty(rest);

        bool IsNextInTime() => rest.TryPeek(out char next) && next != '|';

        ConsoleKeyInfo Next()
        {
            char next = rest.Dequeue();
            return Key(next == '|' ? rest.Dequeue() : next);
        }
    }

    private static ConsoleKeyInfo Key(char c) => c switch
    {
        '\r' => new ConsoleKeyInfo(c, ConsoleKey.Enter, false, false, false),
        '\e' => new ConsoleKeyInfo(c, ConsoleKey.Escape, false, false, false),
        < ' ' => new ConsoleKeyInfo(c, ConsoleKey.A + c - 1, false, false, true),
        >= 'a' and <= 'z' => new ConsoleKeyInfo(c, ConsoleKey.A + c - 'a', false, false, false),
        _ => new ConsoleKeyInfo(c, ConsoleKey.None, false, false, false),
    };
}
