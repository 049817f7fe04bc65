using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Unix;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Lines as Connect:Enterprise writes them: <c>-C--E-----FTP A ANN01  1024  20480 Jan 31 12:59 name</c>. Flags of a batch and its protocol are in the
/// place of the mode, then the columns of <c>ls -l</c>.
/// </summary>
internal static class ConnectEnterpriseListing
{
    private const int FlagsLength = 13, ProtocolLength = 3;
    private static readonly SearchValues<char> FlagLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ-");

    /// <summary>Reads a line without its line end; a missing year is guessed as in <see cref="UnixListing"/>.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, DateTime now, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        if (line.Length <= FlagsLength || line[0] is not ('-' or 'd') || line[1..FlagsLength].ContainsAnyExcept(FlagLetters) ||
            line[(FlagsLength - ProtocolLength)..FlagsLength].Contains('-') || line[FlagsLength] != ' ' ||
            !UnixListing.TryReadColumns(line, FlagsLength, isDevice: false, now, out ListingColumns columns) || columns.NameStart == line.Length)
        {
            return false;
        }

        bool isFolder = line[0] == 'd';
        entry = new ListingEntry(
            line[columns.NameStart..].ToString(), isFolder ? FtpEntryKind.Directory : FtpEntryKind.File, isFolder ? null : columns.Length, columns.LastModified, FtpEntrySource.Unix);
        return true;
    }
}
