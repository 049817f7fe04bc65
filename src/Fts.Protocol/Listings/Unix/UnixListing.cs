using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Unix;

/// <summary>The columns behind a mode.</summary>
/// <param name="Length">Size in bytes; null where the line does not tell.</param>
/// <param name="LastModified">UTC; null where the line has no date.</param>
/// <param name="NameStart">Where the name starts in the line, which may be the line's end.</param>
internal readonly record struct ListingColumns(long? Length, DateTime? LastModified, int NameStart);

/// <summary>
/// Lines as <c>ls -l</c> writes them, in what passes for it on FTP servers: with or without group and link count, owners with spaces, month before or
/// after the day and in other languages, dates in figures. The date is looked for, since the columns before it vary; the name is everything after one space behind it.
/// </summary>
internal static class UnixListing
{
    private const int ModeLength = 10;
    internal const int MaxFields = 24;
    private static readonly SearchValues<char> SizeDigits = SearchValues.Create("0123456789.,");
    private static readonly SearchValues<char> TotalLetters = SearchValues.Create("0123456789.,KMGTkB");

    /// <summary>What <c>ls</c> writes above a listing, before the number of blocks, in its languages.</summary>
    public static IReadOnlyList<string> TotalWords { get; } =
    [
        "total", "insgesamt", "totale", "totaal", "totalt", "sammanlagt", "yhteensä", "razem", "celkem", "celkovo", "összesen", "skupaj", "ukupno", "viso", "toplam",
        "итого", "загалом", "всього", "σύνολο", "总用量", "總計", "合計", "합계",
    ];

    /// <summary>Whether the line is <c>total 12</c> in one of the languages of <c>ls</c>, which heads a listing and names nothing.</summary>
    public static bool IsTotal(ReadOnlySpan<char> line)
    {
        int space = line.IndexOf(' ');
        ReadOnlySpan<char> word = (space < 0 ? line : line[..space]).TrimEnd(':'), rest = space < 0 ? default : line[space..].Trim().TrimStart(": ");
        if (rest.ContainsAnyExcept(TotalLetters))
        {
            return false;
        }

        foreach (string total in TotalWords)
        {
            if (word.Equals(total, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return !rest.IsEmpty && LegacyEncodings.IsTotalWord(word);
    }

    /// <summary>Reads a line without its line end; a year that is not told is the latest that does not lie ahead of <paramref name="now"/> (UTC).</summary>
    public static bool TryParse(ReadOnlySpan<char> line, DateTime now, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        if (line.Length <= ModeLength || !TryParseMode(line[1..ModeLength], out UnixFileMode mode) || ParseKind(line[0]) is not { } kind)
        {
            return false;
        }

        // After the mode: a mark for an access list, a security label or extended attributes, or nothing.
        int afterMode = ModeLength + (line[ModeLength] is '+' or '.' or '@' ? 1 : 0);
        if (!TryReadColumns(line, afterMode, line[0] is 'b' or 'c', now, out ListingColumns columns) && !UncommonUnixColumns.TryReadWithoutDate(line, afterMode, out columns))
        {
            return false;
        }

        entry = CreateEntry(line[columns.NameStart..], kind, columns.Length, columns.LastModified, mode);
        return entry is not null;
    }

    /// <summary>Whether the line starts with a kind and a mode, so that no other format may read it.</summary>
    public static bool HasMode(ReadOnlySpan<char> line) => line.Length >= ModeLength && ParseKind(line[0]) is not null && TryParseMode(line[1..ModeLength], out _);

    /// <summary>Reads what stands behind the mode, from the space on: owners and what else there is, then size, date and one space before the name.</summary>
    internal static bool TryReadColumns(ReadOnlySpan<char> line, int from, bool isDevice, DateTime now, out ListingColumns columns)
    {
        columns = default;
        // A link count of many digits touches the mode.
        if (from >= line.Length || !(line[from] is ' ' or '\t' || char.IsAsciiDigit(line[from])))
        {
            return false;
        }

        Span<Range> words = stackalloc Range[MaxFields];
        int count = SplitFields(line, from, words);
        // Seconds since 1970 look like a size: a date in words is looked for first.
        foreach (bool isEpoch in (ReadOnlySpan<bool>)[false, true])
        {
            for (int i = 1; i < count; i++)
            {
                DateTime modified = default;
                int end = 0;
                // A number at the end of the line is the name, not an epoch time.
                // A number in the size column of "count owner group size" before a date in another format is the size, not an epoch time.
                if (IsSize(line[words[i - 1]], isDevice, out long? length) && (isEpoch
                    ? UnixListingDate.TryParseEpoch(line, words[i..count], out modified, out end) && end < line.Length && (i > 3 || !UncommonUnixDate.StartsWithDate(line, words[(i + 1)..count], now))
                    : UnixListingDate.TryParse(line, words[i..count], now, out modified, out end)))
                {
                    columns = new ListingColumns(length, modified, Math.Min(end + 1, line.Length));
                    return true;
                }
            }
        }

        return UncommonUnixColumns.TryRead(line, words[..count], isDevice, now, out columns);
    }

    private static ListingEntry? CreateEntry(ReadOnlySpan<char> name, FtpEntryKind kind, long? length, DateTime? modified, UnixFileMode mode)
    {
        string? target = null;
        // ls -F writes a slash behind the name of a folder; no name on Unix has one.
        name = kind == FtpEntryKind.Directory && name.Length > 1 ? name.TrimEnd('/') : name;
        if (kind == FtpEntryKind.Link && FindArrow(name, length) is { } arrow)
        {
            target = name[(arrow + 4)..].ToString();
            name = name[..arrow];
        }

        return name.IsEmpty
            ? null
            : new ListingEntry(name.ToString(), kind, kind == FtpEntryKind.File ? length : null, modified, FtpEntrySource.Unix) { UnixMode = mode, LinkTarget = target };
    }

    /// <summary>Where the link's arrow stands. A name or target may hold one too; the right one leaves a target as long as the link's size.</summary>
    private static int? FindArrow(ReadOnlySpan<char> name, long? length)
    {
        const string Arrow = " -> ";
        // From the end, once: to measure behind each of thousands of arrows would take the square of the line's length.
        for ((int at, long bytes) = (name.Length, 0); at > Arrow.Length && bytes <= length;)
        {
            if (bytes == length && name[..at].EndsWith(Arrow))
            {
                return at - Arrow.Length;
            }

            Rune.DecodeLastFromUtf16(name[..at], out Rune rune, out int taken);
            (at, bytes) = (at - taken, bytes + rune.Utf8SequenceLength);
        }

        int first = name.IndexOf(Arrow, StringComparison.Ordinal);
        return first > 0 ? first : null;
    }

    /// <summary>Whether the word is a size. Its length is null where it does not tell the bytes.</summary>
    internal static bool IsSize(ReadOnlySpan<char> word, bool isDevice, out long? length)
    {
        length = null;
        if (isDevice)
        {
            // "8, 1" or "8,1": major and minor number instead of a size.
            return char.IsAsciiDigit(word[^1]);
        }

        if (ListingFields.TryParseLength(word, out length))
        {
            return true;
        }

        // "4.0K" is a size, but how many bytes it does not tell.
        return word.Length > 1 && char.IsAsciiDigit(word[0]) && word[^1] is 'K' or 'k' or 'M' or 'G' or 'T' && !word[..^1].ContainsAnyExcept(SizeDigits);
    }

    /// <summary>Words between spaces, as many as have room: a date stands among the first.</summary>
    internal static int SplitFields(ReadOnlySpan<char> line, int from, Span<Range> words)
    {
        int count = 0;
        while (count < words.Length)
        {
            int start = line[from..].IndexOfAnyExcept(' ', '\t');
            if (start < 0)
            {
                break;
            }

            start += from;
            int length = line[start..].IndexOfAny(' ', '\t');
            from = length < 0 ? line.Length : start + length;
            words[count++] = start..from;
        }

        return count;
    }

    private static FtpEntryKind? ParseKind(char type) => type switch
    {
        '-' => FtpEntryKind.File,
        'd' => FtpEntryKind.Directory,
        'l' => FtpEntryKind.Link,
        'b' or 'c' or 'p' or 's' or 'D' or '?' => FtpEntryKind.Other,
        _ => null,
    };

    private static bool TryParseMode(ReadOnlySpan<char> text, out UnixFileMode mode)
    {
        const string Letters = "rwxrwxrwx";
        mode = 0;
        for (int i = 0; i < 9; i++)
        {
            var bit = (UnixFileMode)(1 << (8 - i));
            // setuid, setgid and sticky stand in the place of the three x; lower case when x is set too.
            UnixFileMode special = i switch { 2 => UnixFileMode.SetUser, 5 => UnixFileMode.SetGroup, 8 => UnixFileMode.StickyBit, _ => 0 };
            char c = text[i];
            if (c == Letters[i])
            {
                mode |= bit;
            }
            else if (special != 0 && c is 's' or 't' or 'S' or 'T' or 'l' or 'L')
            {
                mode |= special | (char.IsAsciiLetterLower(c) && c != 'l' ? bit : 0);
            }
            else if (c != '-')
            {
                return false;
            }
        }

        return true;
    }
}
