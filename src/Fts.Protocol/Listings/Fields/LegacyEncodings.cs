using System.Collections.Frozen;
using System.Text;
using Fts.Protocol.Listings.Unix;

namespace Fts.Protocol.Listings.Fields;

/// <summary>
/// Words of listings in code pages other than UTF-8, recognised by their bytes. The client shows such bytes as escapes (<see cref="EscapedUtf8"/>) or
/// as Latin-1. The table is made when the first such word occurs.
/// </summary>
internal static class LegacyEncodings
{
    /// <summary>
    /// Western, Central European, Cyrillic, Greek, Turkish and Baltic code pages of Windows, ISO, DOS and Unix. A word whose bytes mean different
    /// months in two of them has the month of the earlier one.
    /// </summary>
    private static readonly int[] CodePages = [1252, 1250, 28592, 1251, 20866, 866, 28595, 21866, 1253, 28597, 1254, 28599, 1257, 28594, 28605, 850, 852, 437, 737, 857, 775];

    private static readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> Months = Encode(MonthNames.GetAll()).GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> Totals =
        Encode(UnixListing.TotalWords.Select(word => (word, 0))).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>1 to 12; -1 when the word is no month in any of the code pages.</summary>
    public static int FindMonth(ReadOnlySpan<char> word) => Find(Months, word);

    /// <summary>Whether the word heads a listing of <c>ls</c>.</summary>
    public static bool IsTotalWord(ReadOnlySpan<char> word) => Find(Totals, word) == 0;

    private static int Find(FrozenDictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> words, ReadOnlySpan<char> word)
    {
        const int Longest = 40;
        if (word.Length > Longest || !EscapedUtf8.IsCanonical(word))
        {
            return -1;
        }

        // The bytes as they came, a character each. Even bytes that are valid UTF-8 may be a word in another encoding.
        Span<char> bytes = stackalloc char[Longest * 3];
        int length = Encoding.Latin1.GetChars(EscapedUtf8.GetBytes(word), bytes);
        return words.TryGetValue(bytes[..length], out int value) || words.TryGetValue(word, out value) ? value : -1;
    }

    /// <summary>The bytes of each word that is not ASCII, in each code page that has its letters and in each case, a character for a byte.</summary>
    private static FrozenDictionary<string, int> Encode(IEnumerable<(string Word, int Value)> words)
    {
        var found = new Dictionary<string, int>(StringComparer.Ordinal);
        (string Word, int Value)[] spelled = [.. words.Where(pair => !Ascii.IsValid(pair.Word))];
        foreach (int codePage in CodePages)
        {
            // A letter that the code page does not have becomes a question mark, not another letter.
            Encoding encoding = CodePagesEncodingProvider.Instance.GetEncoding(codePage, new EncoderReplacementFallback("?"), DecoderFallback.ReplacementFallback)!;
            foreach ((string word, int value) in spelled)
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
