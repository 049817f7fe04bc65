using System.Text;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Editing;

/// <summary>
/// The text of an edited line, and the cursor. A surrogate pair is one character. Indexes count UTF-16 code units.
/// </summary>
internal sealed class LineBuffer
{
    private readonly StringBuilder _line = new();

    /// <summary>The position of the cursor, as the index of the character after it.</summary>
    public int Cursor { get; set; }

    /// <summary>The length of the text in UTF-16 code units.</summary>
    public int Length => _line.Length;

    public override string ToString() => _line.ToString();

    /// <summary>Replaces the whole text and moves the cursor to its end.</summary>
    public void Replace(string text)
    {
        _line.Clear().Append(text);
        Cursor = text.Length;
    }

    /// <summary>Inserts text at the cursor and moves the cursor after it.</summary>
    public void Insert(string text)
    {
        _line.Insert(Cursor, text);
        Cursor += text.Length;
    }

    /// <summary>Removes a range of the text and moves the cursor to the start of the range.</summary>
    public void Remove(int from, int to)
    {
        _line.Remove(from, to - from);
        Cursor = from;
    }

    /// <summary>Returns the index of the previous character; 0 at the start.</summary>
    public int IndexBefore(int index)
    {
        bool isPair = index > 1 && char.IsLowSurrogate(_line[index - 1]) && char.IsHighSurrogate(_line[index - 2]);
        return Math.Max(0, index - (isPair ? 2 : 1));
    }

    /// <summary>Returns the index of the next character; the length at the end.</summary>
    public int IndexAfter(int index)
    {
        bool isPair = index + 1 < Length && char.IsHighSurrogate(_line[index]) && char.IsLowSurrogate(_line[index + 1]);
        return Math.Min(Length, index + (isPair ? 2 : 1));
    }

    /// <summary>
    /// Returns the start index of the word before the cursor. A word is a sequence of letters and digits, as in readline.
    /// </summary>
    public int FindWordStart()
    {
        int index = Cursor;
        while (index > 0 && !IsWordCharacterAt(IndexBefore(index)))
        {
            index = IndexBefore(index);
        }

        while (index > 0 && IsWordCharacterAt(IndexBefore(index)))
        {
            index = IndexBefore(index);
        }

        return index;
    }

    /// <summary>Returns the end index of the word after the cursor.</summary>
    public int FindWordEnd()
    {
        int index = Cursor;
        while (index < Length && !IsWordCharacterAt(index))
        {
            index = IndexAfter(index);
        }

        while (index < Length && IsWordCharacterAt(index))
        {
            index = IndexAfter(index);
        }

        return index;
    }

    /// <summary>Returns the start index of the word before the cursor, if words are separated only by spaces.</summary>
    public int FindBlankDelimitedStart() => _line.ToString(0, Cursor).TrimEnd().LastIndexOf(' ') + 1;

    /// <summary>
    /// Returns the text before and after the cursor, limited to a number of columns. Control characters, which completed names and pasted
    /// text may contain, are escaped.
    /// </summary>
    public (string Before, string After) GetVisibleText(int columns)
    {
        int start = 0;
        while (DisplayFormat.CountColumns(GetPrintableText(start, Cursor)) > columns)
        {
            start = IndexAfter(start);
        }

        int end = Cursor;
        while (end < Length && DisplayFormat.CountColumns(GetPrintableText(start, IndexAfter(end))) <= columns)
        {
            end = IndexAfter(end);
        }

        return (GetPrintableText(start, Cursor), GetPrintableText(Cursor, end));
    }

    private bool IsWordCharacterAt(int index) => Rune.TryGetRuneAt(_line.ToString(), index, out Rune rune) && Rune.IsLetterOrDigit(rune);

    private string GetPrintableText(int start, int end) => _line.ToString(start, end - start).ToPrintable();
}
