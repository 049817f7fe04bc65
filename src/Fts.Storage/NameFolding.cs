using System.Buffers;
using System.Text;

namespace Fts.Storage;

/// <summary>Recognises names that some file system treats as equal.</summary>
/// <remarks>
/// ext4, tmpfs, APFS, HFS+ and NTFS can ignore case. ext4, tmpfs and HFS+ also ignore invisible characters. ZFS can compare compatibility
/// forms (NFKD). The published program does not contain the runtime's Unicode tables. This class therefore has a table of its own, which
/// covers only the characters of <see cref="PathRules.StagingPrefix"/>
/// and, for <see cref="Fold"/>, the canonical foldings to ASCII letters.
/// </remarks>
internal static class NameFolding
{
    private static readonly SearchValues<char> s_hexDigits = SearchValues.Create("0123456789abcdefABCDEF");

    /// <summary>Returns whether a name begins with characters that some file system treats as equal to <paramref name="prefix"/>.</summary>
    /// <param name="name">The name.</param>
    /// <param name="prefix">The prefix, in lower-case ASCII.</param>
    public static bool HasEquivalentPrefix(ReadOnlySpan<char> name, ReadOnlySpan<char> prefix)
    {
        // A check of the first character excludes nearly every name.
        if (name.IsEmpty || (char.IsAscii(name[0]) && char.ToLowerInvariant(name[0]) != prefix[0]))
        {
            return false;
        }

        foreach (Rune rune in name.EnumerateRunes())
        {
            if (prefix.IsEmpty)
            {
                break;
            }

            // U+33CC is the word "in" as one character.
            ReadOnlySpan<char> plain = rune.Value == 0x33CC ? "in" : IsIgnorable(rune.Value) ? "" : [ToPlainLetter(rune.Value)];
            if (!prefix.StartsWith(plain))
            {
                return false;
            }

            prefix = prefix[plain.Length..];
        }

        return prefix.IsEmpty;
    }

    /// <summary>
    /// Returns the form of a name in which names are equal that a file system without case may treat as equal: in lower case, without
    /// invisible characters, and without the dots and spaces at the end that FAT and NTFS ignore.
    /// </summary>
    /// <remarks>
    /// All spellings of a name in ASCII have the same form, including those with ligatures and other characters that the full case folding
    /// of Unicode replaces by ASCII letters. Composed and decomposed forms of other letters have different forms.
    /// </remarks>
    public static string Fold(string name)
    {
        var folded = new StringBuilder(name.Length);
        for (ReadOnlySpan<char> rest = name; !rest.IsEmpty;)
        {
            if (Rune.DecodeFromUtf16(rest, out Rune rune, out int length) != OperationStatus.Done)
            {
                folded.Append(rest[..length]); // a byte that is not UTF-8
            }
            else if (GetAsciiFolding(rune.Value) is { } ascii)
            {
                folded.Append(ascii);
            }
            else
            {
                // The lower-case letter of the upper-case letter, because several lower-case letters can have the same upper-case letter.
                folded.Append(Rune.ToLowerInvariant(Rune.ToUpperInvariant(rune)).ToString());
            }

            rest = rest[length..];
        }

        int end = folded.Length;
        while (end > 0 && folded[end - 1] is '.' or ' ')
        {
            end--;
        }

        return end == 0 ? name : folded.ToString(0, end);
    }

    /// <summary>Returns the lower-case ASCII text that is equivalent to a character, or null if this table contains none.</summary>
    private static string? GetAsciiFolding(int rune) => rune switch
    {
        0xDF or 0x1E9E => "ss",
        0x212A => "k", // Kelvin sign
        0xFB00 => "ff",
        0xFB01 => "fi",
        0xFB02 => "fl",
        0xFB03 => "ffi",
        0xFB04 => "ffl",
        0xFB05 or 0xFB06 => "st",
        _ when IsIgnorable(rune) => "",
        _ when ToPlainLetter(rune) is var letter and not '\0' => letter.ToString(),
        _ => null,
    };

    /// <summary>
    /// Returns whether a name can be the short name (8.3) that FAT or NTFS assigns to <c>.fts-pending-…</c>. Such a name begins with
    /// <c>fts-pe</c>, or with <c>ft</c> and four hexadecimal digits. It ends with <c>~</c> and a number.
    /// </summary>
    public static bool IsShortStagingName(ReadOnlySpan<char> name) =>
        name.LastIndexOf('~') == 6 && name.Length is 8 or 9 && char.IsAsciiDigit(name[^1])
        && (name[..6].Equals("fts-pe", StringComparison.OrdinalIgnoreCase)
            || (name[..2].Equals("ft", StringComparison.OrdinalIgnoreCase) && !name[2..6].ContainsAnyExcept(s_hexDigits)));

    /// <summary>
    /// Returns whether a character has the Unicode property Default_Ignorable_Code_Point. HFS+ ignores some of these characters.
    /// </summary>
    private static bool IsIgnorable(int rune) =>
        rune is 0xAD or 0x34F or 0x61C or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F)
        or (>= 0x200B and <= 0x200F) or (>= 0x202A and <= 0x202E) or (>= 0x2060 and <= 0x206F) or 0x3164
        or (>= 0xFE00 and <= 0xFE0F) or 0xFEFF or 0xFFA0
        or (>= 0xFFF0 and <= 0xFFF8) or (>= 0x1BCA0 and <= 0x1BCA3) or (>= 0x1D173 and <= 0x1D17A) or (>= 0xE0000 and <= 0xE0FFF);

    /// <summary>Returns the lower-case ASCII equivalent of a character, or NUL if this table contains none.</summary>
    private static char ToPlainLetter(int rune) => rune switch
    {
        < 0x80 => char.ToLowerInvariant((char)rune),
        >= 0xFF01 and <= 0xFF5E => char.ToLowerInvariant((char)(rune - 0xFEE0)), // fullwidth
        >= 0x24B6 and <= 0x24E9 => ToLetter(rune - 0x24B6), // circled
        >= 0x1CCD6 and <= 0x1CCEF => ToLetter(rune - 0x1CCD6), // outlined
        >= 0x1D400 and <= 0x1D6A3 => ToLetter(rune - 0x1D400), // mathematical alphabets
        >= 0x1F130 and <= 0x1F149 => ToLetter(rune - 0x1F130), // squared
        0x2024 or 0xFE52 => '.',
        0xFE63 => '-',
        0x1D30 or 0x1D48 or 0x2145 or 0x2146 or 0x216E or 0x217E => 'd',
        0x1D31 or 0x1D49 or 0x2091 or 0x212F or 0x2130 or 0x2147 => 'e',
        0x1DA0 or 0x2131 or 0xA7F3 => 'f',
        0x1D33 or 0x1D4D or 0x210A => 'g',
        0x131 or 0x1D35 or 0x1D62 or 0x2071 or 0x2110 or 0x2111 or 0x2139 or 0x2148 or 0x2160 or 0x2170 or 0x1D6A4 => 'i',
        0x1D3A or 0x207F or 0x2099 or 0x2115 => 'n',
        0x1D3E or 0x1D56 or 0x209A or 0x2119 => 'p',
        0x17F or 0x2E2 or 0x209B => 's',
        0x1D40 or 0x1D57 or 0x209C => 't',
        _ => '\0',
    };

    /// <summary>Returns the lower-case letter at an offset into consecutive alphabets of 26 letters each.</summary>
    private static char ToLetter(int offset) => (char)('a' + (offset % 26));
}
