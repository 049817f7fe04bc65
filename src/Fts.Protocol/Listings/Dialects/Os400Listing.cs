using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Lines as OS/400 (IBM i) writes them: <c>OWNER  77824 02/23/26 15:09:55 *DIR  name/</c>. Members of files have neither size nor time. The order of a date's
/// numbers is a setting of the server's that no line tells.
/// </summary>
internal static class Os400Listing
{
    /// <summary>Width of the column that holds the type.</summary>
    private const int TypeColumn = 11;

    private static readonly SearchValues<char> OwnerLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$#@_");

    /// <summary>Reads a line without its line end. A date that can be read in two orders is read as month, day, year unless that lies ahead of <paramref name="now"/> (UTC).</summary>
    public static bool TryParse(ReadOnlySpan<char> line, DateTime now, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line, owner = ListingFields.ReadField(ref rest), type = owner;
        // Members may be told without an owner.
        if (!owner.StartsWith('*'))
        {
            type = ListingFields.ReadField(ref rest);
            if (owner.ContainsAnyExcept(OwnerLetters))
            {
                return false;
            }
        }

        bool isMember = type is "*MEM";
        long length = 0;
        DateTime? modified = null;
        if (!isMember)
        {
            ReadOnlySpan<char> date = ListingFields.ReadField(ref rest), time = ListingFields.ReadField(ref rest);
            if (!long.TryParse(type, NumberStyles.None, CultureInfo.InvariantCulture, out length) || !ListingFields.TryParseTime(time, out TimeSpan ofDay) ||
                !TryParseDate(date, now, out modified))
            {
                return false;
            }

            modified = modified is { } day ? ListingFields.AddTime(day, ofDay) : null;
            type = ListingFields.ReadField(ref rest);
        }

        ReadOnlySpan<char> name = ListingFields.SkipColumn(rest, type.Length, TypeColumn);
        if (type.Length < 2 || type[0] != '*' || type[1..].ContainsAnyExceptInRange('A', 'Z') || name.IsEmpty)
        {
            return false;
        }

        FtpEntryKind kind = ParseKind(type, name);
        name = kind == FtpEntryKind.Directory ? name.TrimEnd('/') : name;
        // A database file's size is the object's, not that of what RETR sends.
        entry = new ListingEntry(name.ToString(), kind, type is "*STMF" or "*DSTMF" ? length : null, modified, FtpEntrySource.Os400);
        return !name.IsEmpty;
    }

    /// <summary>
    /// A database file can be fetched by its own name, which means its first member. Where the server shows it as a folder of members, its name ends in a slash.
    /// </summary>
    private static FtpEntryKind ParseKind(ReadOnlySpan<char> type, ReadOnlySpan<char> name) => type switch
    {
        "*STMF" or "*DSTMF" or "*MEM" => FtpEntryKind.File,
        "*FILE" => name.EndsWith('/') ? FtpEntryKind.Directory : FtpEntryKind.File,
        "*DIR" or "*DDIR" or "*LIB" or "*FLR" => FtpEntryKind.Directory,
        "*SYMLNK" => FtpEntryKind.Link,
        _ => FtpEntryKind.Other,
    };

    /// <summary>The first order that makes a day not ahead of now; none where all do, since an unknown time does less harm than a wrong one.</summary>
    private static bool TryParseDate(ReadOnlySpan<char> word, DateTime now, out DateTime? date)
    {
        date = null;
        if (word.Length != 8 || word[2] is not ('/' or '.' or '-') || word[5] != word[2] ||
            (ListingFields.ParseNumber(word[..2]), ListingFields.ParseNumber(word[3..5]), ListingFields.ParseNumber(word[6..])) is not ( >= 0 and var a, >= 0 and var b, >= 0 and var c))
        {
            return false;
        }

        bool exists = false;
        ReadOnlySpan<(int Year, int Month, int Day)> orders = word[2] == '.' ? [(c, b, a)] : [(c, a, b), (a, b, c), (c, b, a)];
        foreach ((int year, int month, int day) in orders)
        {
            if (ListingFields.TryMakeDate(ListingFields.AddCentury(year), month, day, out DateTime utc))
            {
                exists = true;
                date ??= utc <= now || utc.Date == now.Date.AddDays(1) ? utc : null;
            }
        }

        return exists;
    }
}
