using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Unix;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Reads lines of NetWare servers: <c>d [R----F--] supervisor 512 Jan 16 18:53 login</c>. Trustee rights replace the mode. The columns of
/// <c>ls -l</c> follow.
/// </summary>
internal static class NetWareListing
{
    private const int MinRightsLength = 7, MaxRightsLength = 8;
    private static readonly SearchValues<char> Rights = SearchValues.Create("SRWCEMFA-");

    /// <summary>
    /// Reads one line. Returns false if the line is in another format. Guesses a missing year as <see cref="UnixListing"/> does.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> line, DateTime now, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        if (line.Length < 2 || line[0] is not ('d' or '-'))
        {
            return false;
        }

        int open = line[1] == ' ' ? 2 : 1;
        int close = line.IndexOf(']');
        if (open >= line.Length || line[open] != '[' || (close - open - 1) is < MinRightsLength or > MaxRightsLength ||
            line[(open + 1)..close].ContainsAnyExcept(Rights) ||
                !UnixListing.TryReadColumns(line, close + 1, isDevice: false, now, out ListingColumns columns))
        {
            return false;
        }

        // Any number of spaces precedes the name, and a NetWare name cannot start with a space.
        string name = line[columns.NameStart..].TrimStart(' ').ToString();
        if (name.Length == 0)
        {
            return false;
        }

        entry = line[0] == 'd'
            ? new ListingEntry(name, FtpEntryKind.Directory, null, columns.LastModified, FtpEntrySource.NetWare)
            : new ListingEntry(name, FtpEntryKind.File, columns.Length, columns.LastModified, FtpEntrySource.NetWare);
        return true;
    }
}
