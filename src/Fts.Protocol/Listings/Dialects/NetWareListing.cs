using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Unix;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>Lines as NetWare's servers write them: <c>d [R----F--] supervisor  512  Jan 16 18:53  login</c>. Trustee rights in the mode's place, then the columns of <c>ls -l</c>.</summary>
internal static class NetWareListing
{
    private const int MinRightsLength = 7, MaxRightsLength = 8;
    private static readonly SearchValues<char> Rights = SearchValues.Create("SRWCEMFA-");

    /// <summary>Reads a line without its line end; a missing year is guessed as in <see cref="UnixListing"/>.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, DateTime now, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        if (line.Length < 2 || line[0] is not ('d' or '-'))
        {
            return false;
        }

        int open = line[1] == ' ' ? 2 : 1;
        int close = line.IndexOf(']');
        if (open >= line.Length || line[open] != '[' || (close - open - 1) is < MinRightsLength or > MaxRightsLength || line[(open + 1)..close].ContainsAnyExcept(Rights) ||
            !UnixListing.TryReadColumns(line, close + 1, isDevice: false, now, out ListingColumns columns))
        {
            return false;
        }

        // These servers set the name off by as many spaces as they like; a name of theirs cannot start with one.
        ReadOnlySpan<char> name = line[columns.NameStart..].TrimStart(' ');
        bool isFolder = line[0] == 'd';
        entry = name.IsEmpty ? null
            : new ListingEntry(name.ToString(), isFolder ? FtpEntryKind.Directory : FtpEntryKind.File, isFolder ? null : columns.Length, columns.LastModified, FtpEntrySource.NetWare);
        return entry is not null;
    }
}
