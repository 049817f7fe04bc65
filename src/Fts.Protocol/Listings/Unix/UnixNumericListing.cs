using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Unix;

/// <summary>
/// Reads lines of Unix servers that send the metadata as numbers: <c>0100644 500 101 12345 1136073540 name</c>. The columns are mode in
/// octal, user, group, size and Unix time.
/// </summary>
internal static class UnixNumericListing
{
    private const int KindMask = 0xF000, DirectoryKind = 0x4000, FileKind = 0x8000, LinkKind = 0xA000;

    /// <summary>Reads one line. Returns false if the line is in another format.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line, mode = ListingFields.ReadField(ref rest), user = ListingFields.ReadField(ref rest);
        ReadOnlySpan<char> group = ListingFields.ReadField(ref rest), size = ListingFields.ReadField(ref rest);
        ReadOnlySpan<char> time = ListingFields.ReadField(ref rest), name = rest.TrimStart(' ');
        if (mode.Length is not (6 or 7) || mode[0] != '0' || !MlsxListing.TryParseOctal(mode, out int bits) ||
            ListingFields.ParseNumber(user) < 0 || ListingFields.ParseNumber(group) < 0 ||
            !long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out long length) ||
            !ListingFields.TryParseEpoch(time, out DateTime modified) || name.IsEmpty)
        {
            return false;
        }

        FtpEntryKind kind = (bits & KindMask) switch
        {
            FileKind => FtpEntryKind.File,
            DirectoryKind => FtpEntryKind.Directory,
            LinkKind => FtpEntryKind.Link,
            _ => FtpEntryKind.Other,
        };
        long? fileLength = kind == FtpEntryKind.File ? length : null;
        var unixMode = (UnixFileMode)(bits & 0xFFF);
        entry = new ListingEntry(name.ToString(), kind, fileLength, modified, FtpEntrySource.Unix) { UnixMode = unixMode };
        return true;
    }
}
