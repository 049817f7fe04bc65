using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Unix;

/// <summary>The columns between the mode and the name in a line of <c>ls -l</c>.</summary>
/// <param name="Length">The size in bytes, or null if it is not known.</param>
/// <param name="LastModified">The last-modified time in UTC, or null if the line has no date or its month is unknown.</param>
/// <param name="NameStart">The offset of the name in the line, which may be the end of the line.</param>
internal readonly record struct ListingColumns(long? Length, DateTime? LastModified, int NameStart);

/// <summary>
/// Reads lines of <c>ls -l</c> and of servers that imitate it: with or without group and link count, with spaces in the owner, with month
/// names in other languages before or after the day, or with numeric dates. Finds the date first, because the columns before it vary. The
/// name is everything after the one space that follows the date.
/// </summary>
internal static class UnixListing
{
    /// <summary>The number of words that are searched for a date.</summary>
    internal const int MaxFields = 24;

    private const int ModeLength = 10;
    private static readonly SearchValues<char> SizeCharacters = SearchValues.Create("0123456789.,");
    private static readonly SearchValues<char> TotalCharacters = SearchValues.Create("0123456789.,KMGTkB");

    /// <summary>The word that <c>ls</c> writes before the number of blocks at the start of a listing, in many languages.</summary>
    public static IReadOnlyList<string> TotalWords { get; } =
    [
        "total", "insgesamt", "totale", "totaal", "totalt", "sammanlagt", "yhteensä", "razem", "celkem", "celkovo", "összesen", "skupaj",
        "ukupno", "viso", "toplam", "итого", "загалом", "всього", "σύνολο", "总用量", "總計", "合計", "합계",
    ];

    /// <summary>Returns whether the line is <c>total 12</c> in one of the languages of <see cref="TotalWords"/>.</summary>
    public static bool IsTotal(ReadOnlySpan<char> line)
    {
        int space = line.IndexOf(' ');
        ReadOnlySpan<char> word = (space < 0 ? line : line[..space]).TrimEnd(':');
        ReadOnlySpan<char> rest = space < 0 ? default : line[space..].Trim().TrimStart(": ");
        if (rest.ContainsAnyExcept(TotalCharacters))
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

    /// <summary>
    /// Reads one line. Returns false if the line is in another format. If the date has no year, uses the latest year in which the date is
    /// at most one day after <paramref name="now"/> (UTC).
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> line, DateTime now, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        if (line.Length <= ModeLength || !TryParseMode(line[1..ModeLength], out UnixFileMode mode) || ParseKind(line[0]) is not { } kind)
        {
            return false;
        }

        // The mode may be followed by a character for an access control list, a security label or extended attributes.
        int afterMode = ModeLength + (line[ModeLength] is '+' or '.' or '@' ? 1 : 0);
        if (!TryReadColumns(line, afterMode, line[0] is 'b' or 'c', now, out ListingColumns columns) &&
            !UncommonUnixColumns.TryReadWithoutDate(line, afterMode, out columns))
        {
            return false;
        }

        entry = CreateEntry(line[columns.NameStart..], kind, columns.Length, columns.LastModified, mode);
        return entry is not null;
    }

    /// <summary>
    /// Returns whether the line starts with an entry type and a mode, such as <c>drwxr-xr-x</c>. The parsers of other formats must not
    /// accept such a line.
    /// </summary>
    public static bool HasMode(ReadOnlySpan<char> line) =>
        line.Length >= ModeLength && ParseKind(line[0]) is not null && TryParseMode(line[1..ModeLength], out _);

    /// <summary>
    /// Reads the columns after the mode: size and date, which follow the link count, the owner and the group. One space precedes the name.
    /// </summary>
    /// <param name="line">The line without its line end.</param>
    /// <param name="from">The offset of the end of the mode.</param>
    /// <param name="isDevice">Whether the line has device numbers instead of a size.</param>
    /// <param name="now">The current time in UTC.</param>
    /// <param name="columns">The columns, if the method returns true.</param>
    internal static bool TryReadColumns(ReadOnlySpan<char> line, int from, bool isDevice, DateTime now, out ListingColumns columns)
    {
        columns = default;
        // A link count with many digits may follow the mode without a space.
        if (from >= line.Length || !(line[from] is ' ' or '\t' || char.IsAsciiDigit(line[from])))
        {
            return false;
        }

        Span<Range> words = stackalloc Range[MaxFields];
        int count = SplitFields(line, from, words);
        // A Unix time looks like a size, so other dates are searched first.
        foreach (bool isEpoch in (ReadOnlySpan<bool>)[false, true])
        {
            for (int i = 1; i < count; i++)
            {
                DateTime modified = default;
                int end = 0;
                if (IsSize(line[words[i - 1]], isDevice, out long? length) && (isEpoch
                    ? TryParseEpoch(line, words[..count], i, now, out modified, out end)
                    : UnixListingDate.TryParse(line, words[i..count], now, out modified, out end)))
                {
                    columns = new ListingColumns(length, modified, Math.Min(end + 1, line.Length));
                    return true;
                }
            }
        }

        return UncommonUnixColumns.TryRead(line, words[..count], isDevice, now, out columns);
    }

    /// <summary>
    /// Reads the word at an index as a Unix time. Returns false if the number ends the line, because it is then the name, or if a date
    /// follows it, because it is then the size.
    /// </summary>
    private static bool TryParseEpoch(
        ReadOnlySpan<char> line, ReadOnlySpan<Range> words, int index, DateTime now, out DateTime modified, out int end)
    {
        // Link count, owner and group precede the size, so a word after the fourth is normally not the size.
        const int SizeIndex = 3;
        return UnixListingDate.TryParseEpoch(line, words[index..], out modified, out end) && end < line.Length &&
            (index > SizeIndex || !UncommonUnixDate.StartsWithDate(line, words[(index + 1)..], now));
    }

    private static ListingEntry? CreateEntry(
        ReadOnlySpan<char> name, FtpEntryKind kind, long? length, DateTime? modified, UnixFileMode mode)
    {
        string? target = null;
        // ls -F appends a slash to the name of a directory.
        name = kind == FtpEntryKind.Directory && name.Length > 1 ? name.TrimEnd('/') : name;
        if (kind == FtpEntryKind.Link && FindArrow(name, length) is { } arrow)
        {
            target = name[(arrow + 4)..].ToString();
            name = name[..arrow];
        }

        if (name.IsEmpty)
        {
            return null;
        }

        long? fileLength = kind == FtpEntryKind.File ? length : null;
        return new ListingEntry(name.ToString(), kind, fileLength, modified, FtpEntrySource.Unix) { UnixMode = mode, LinkTarget = target };
    }

    /// <summary>
    /// Returns the offset of the arrow between a link and its target, or null if there is no arrow. The name or the target may also contain
    /// an arrow, so the arrow after which the number of bytes equals the size of the link is preferred.
    /// </summary>
    private static int? FindArrow(ReadOnlySpan<char> name, long? length)
    {
        const string Arrow = " -> ";
        // One pass from the end of the line. Measuring the text after each arrow would take quadratic time for a hostile line.
        for ((int at, long bytes) = (name.Length, 0); at > Arrow.Length && bytes <= length;)
        {
            if (bytes == length && name[..at].EndsWith(Arrow))
            {
                return at - Arrow.Length;
            }

            Rune.DecodeLastFromUtf16(name[..at], out Rune rune, out int length16);
            (at, bytes) = (at - length16, bytes + rune.Utf8SequenceLength);
        }

        int first = name.IndexOf(Arrow, StringComparison.Ordinal);
        return first > 0 ? first : null;
    }

    /// <summary>
    /// Returns whether the word is a size. The length is null for device numbers and for a size that is rounded or unknown.
    /// </summary>
    internal static bool IsSize(ReadOnlySpan<char> word, bool isDevice, out long? length)
    {
        length = null;
        if (isDevice)
        {
            // Devices have "8, 1" or "8,1", the major and minor number, instead of a size.
            return char.IsAsciiDigit(word[^1]);
        }

        if (ListingFields.TryParseLength(word, out length))
        {
            return true;
        }

        // "4.0K" is a rounded size.
        return word.Length > 1 && char.IsAsciiDigit(word[0]) && word[^1] is 'K' or 'k' or 'M' or 'G' or 'T' &&
            !word[..^1].ContainsAnyExcept(SizeCharacters);
    }

    /// <summary>
    /// Finds the words after an offset, at most as many as <paramref name="words"/> can hold. Returns the number of words found.
    /// </summary>
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
            // The letters for setuid, setgid and sticky replace the three x. They are in lower case if x is also set.
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
