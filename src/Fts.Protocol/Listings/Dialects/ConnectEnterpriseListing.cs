using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Unix;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Reads lines of Connect:Enterprise: <c>-C--E-----FTP A ANN01 1024 20480 Jan 31 12:59 name</c>. Flags and a protocol replace the mode. The
/// columns of <c>ls -l</c> follow.
/// </summary>
internal static class ConnectEnterpriseListing
{
    private const int FlagsLength = 13, ProtocolLength = 3;
    private static readonly SearchValues<char> FlagLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ-");

    /// <summary>
    /// Reads one line. Returns false if the line is in another format. Guesses a missing year as <see cref="UnixListing"/> does.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> line, DateTime now, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        if (line.Length <= FlagsLength || line[0] is not ('-' or 'd') || line[1..FlagsLength].ContainsAnyExcept(FlagLetters) ||
            line[(FlagsLength - ProtocolLength)..FlagsLength].Contains('-') || line[FlagsLength] != ' ' ||
            !UnixListing.TryReadColumns(line, FlagsLength, isDevice: false, now, out ListingColumns columns) ||
            columns.NameStart == line.Length)
        {
            return false;
        }

        string name = line[columns.NameStart..].ToString();
        entry = line[0] == 'd'
            ? new ListingEntry(name, FtpEntryKind.Directory, null, columns.LastModified, FtpEntrySource.Unix)
            : new ListingEntry(name, FtpEntryKind.File, columns.Length, columns.LastModified, FtpEntrySource.Unix);
        return true;
    }
}
