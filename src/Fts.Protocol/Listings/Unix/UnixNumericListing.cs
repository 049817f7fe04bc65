using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Unix;

/// <summary>Lines of Unix servers that spare themselves the words: <c>0100644  500  101  12345  1136073540  name</c>. Mode, user, group, size, seconds since 1970.</summary>
internal static class UnixNumericListing
{
    private const int KindMask = 0xF000, FolderKind = 0x4000, FileKind = 0x8000, LinkKind = 0xA000;

    /// <summary>Reads a line without its line end.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line, mode = ListingWords.Next(ref rest), user = ListingWords.Next(ref rest), group = ListingWords.Next(ref rest);
        ReadOnlySpan<char> size = ListingWords.Next(ref rest), time = ListingWords.Next(ref rest), name = rest.TrimStart(' ');
        if (mode.Length is not (6 or 7) || mode[0] != '0' || !MachineListing.TryParseOctal(mode, out int bits) || ListingWords.NumberOf(user) < 0 || ListingWords.NumberOf(group) < 0 ||
            !long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out long length) || !ListingWords.TryParseEpoch(time, out DateTime modified) || name.IsEmpty)
        {
            return false;
        }

        ListingKind kind = (bits & KindMask) switch { FileKind => ListingKind.File, FolderKind => ListingKind.Folder, LinkKind => ListingKind.Link, _ => ListingKind.Other };
        entry = new ListingEntry(name.ToString(), kind, kind == ListingKind.File ? length : null, modified, ListingSource.Unix) { UnixMode = (UnixFileMode)(bits & 0xFFF) };
        return true;
    }
}
