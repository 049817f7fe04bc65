using System.Text;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Editing;

/// <summary>The text of an edited line and the place of the cursor in it. A surrogate pair is one character.</summary>
internal sealed class LineText
{
    private readonly StringBuilder _line = new();

    /// <summary>The cursor: the index of the character after it.</summary>
    public int Cursor { get; set; }

    public int Length => _line.Length;

    public override string ToString() => _line.ToString();

    /// <summary>Replaces the whole text. The cursor is at its end.</summary>
    public void Replace(string text)
    {
        _line.Clear().Append(text);
        Cursor = text.Length;
    }

    /// <summary>Inserts text at the cursor and moves the cursor behind it.</summary>
    public void Insert(string text)
    {
        _line.Insert(Cursor, text);
        Cursor += text.Length;
    }

    /// <summary>Removes a range. The cursor is where it was.</summary>
    public void Remove(int from, int to)
    {
        _line.Remove(from, to - from);
        Cursor = from;
    }

    /// <summary>Returns the index of the character before one.</summary>
    public int Before(int at) => at == 0 ? 0 : at > 1 && char.IsLowSurrogate(_line[at - 1]) && char.IsHighSurrogate(_line[at - 2]) ? at - 2 : at - 1;

    /// <summary>Returns the index of the character after one.</summary>
    public int After(int at) =>
        at == Length ? at : at + 1 < Length && char.IsHighSurrogate(_line[at]) && char.IsLowSurrogate(_line[at + 1]) ? at + 2 : at + 1;

    /// <summary>Returns the beginning of the word before the cursor. A word is a run of letters and digits, as in readline.</summary>
    public int WordBefore()
    {
        int at = Cursor;
        while (at > 0 && !IsWord(Before(at)))
        {
            at = Before(at);
        }

        while (at > 0 && IsWord(Before(at)))
        {
            at = Before(at);
        }

        return at;
    }

    /// <summary>Returns the end of the word after the cursor.</summary>
    public int WordAfter()
    {
        int at = Cursor;
        while (at < Length && !IsWord(at))
        {
            at = After(at);
        }

        while (at < Length && IsWord(at))
        {
            at = After(at);
        }

        return at;
    }

    /// <summary>Returns the beginning of the text before the cursor that has no blank in it.</summary>
    public int BlankBefore() => _line.ToString(0, Cursor).TrimEnd().LastIndexOf(' ') + 1;

    /// <summary>
    /// Returns the part of the text that fits a number of columns, before and after the cursor. Completed names and pasted text may contain control
    /// characters, which are escaped.
    /// </summary>
    public (string Before, string After) Shown(int columns)
    {
        int start = 0;
        while (Amounts.Columns(Visible(start, Cursor)) > columns)
        {
            start = After(start);
        }

        int end = Cursor;
        while (end < Length && Amounts.Columns(Visible(start, After(end))) <= columns)
        {
            end = After(end);
        }

        return (Visible(start, Cursor), Visible(Cursor, end));
    }

    private bool IsWord(int at) => Rune.TryGetRuneAt(_line.ToString(), at, out Rune rune) && Rune.IsLetterOrDigit(rune);

    private string Visible(int start, int end) => _line.ToString(start, end - start).ToPrintable();
}
