using System.Collections.Frozen;
using System.Text;
using Fts.Protocol.Listings.Unix;

namespace Fts.Protocol.Listings.Fields;

/// <summary>
/// Recognises words of listings in encodings other than UTF-8 by their bytes. A line contains these bytes either as escaped bytes
/// (<see cref="EscapedUtf8"/>) or as Latin-1 characters. The tables are created when the first such word occurs.
/// </summary>
internal static class LegacyEncodings
{
    /// <summary>
    /// The Western, Central European, Cyrillic, Greek, Turkish and Baltic code pages of Windows, ISO, DOS and Unix. If the same bytes are
    /// different months in two code pages, the first code page applies.
    /// </summary>
    private static readonly int[] CodePages =
        [1252, 1250, 28592, 1251, 20866, 866, 28595, 21866, 1253, 28597, 1254, 28599, 1257, 28594, 28605, 850, 852, 437, 737, 857, 775];

    private static readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> Months =
        Encode(MonthNames.GetAll()).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> Totals =
        Encode(UnixListing.TotalWords.Select(word => (word, 0))).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Returns the month, from 1 to 12, or -1 if the word is not a month in any of the code pages.</summary>
    public static int FindMonth(ReadOnlySpan<char> word) => Find(Months, word);

    /// <summary>Returns whether the word is one of <see cref="UnixListing.TotalWords"/> in any of the code pages.</summary>
    public static bool IsTotalWord(ReadOnlySpan<char> word) => Find(Totals, word) == 0;

    private static int Find(FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> words, ReadOnlySpan<char> word)
    {
        const int MaxLength = 40;
        if (word.Length > MaxLength || !EscapedUtf8.IsCanonical(word))
        {
            return -1;
        }

        // One character for each received byte. Bytes that are valid UTF-8 may also be a word in another encoding.
        Span<char> bytes = stackalloc char[MaxLength * 3];
        int length = Encoding.Latin1.GetChars(EscapedUtf8.GetBytes(word), bytes);
        return words.TryGetValue(bytes[..length], out int value) || words.TryGetValue(word, out value) ? value : -1;
    }

    /// <summary>
    /// Encodes the words that are not ASCII. Uses each code page that contains the letters of a word, and encodes the word in lower case,
    /// in upper case, and with an initial capital. The keys of the result have one character for each byte.
    /// </summary>
    private static FrozenDictionary<string, int> Encode(IEnumerable<(string Word, int Value)> words)
    {
        var found = new Dictionary<string, int>(StringComparer.Ordinal);
        (string Word, int Value)[] encodable = [.. words.Where(pair => !Ascii.IsValid(pair.Word))];
        foreach (int codePage in CodePages)
        {
            // A letter that the code page does not contain becomes a question mark, and not a similar letter.
            Encoding encoding = CodePagesEncodingProvider.Instance.GetEncoding(
                codePage, new EncoderReplacementFallback("?"), DecoderFallback.ReplacementFallback)!;
            foreach ((string word, int value) in encodable)
            {
                string upper = word.ToUpperInvariant();
                foreach (string cased in (string[])[word, upper, upper[..1] + word[1..]])
                {
                    string bytes = Encoding.Latin1.GetString(encoding.GetBytes(cased));
                    if (!bytes.Contains('?'))
                    {
                        found.TryAdd(bytes, value);
                    }
                }
            }
        }

        return found.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
