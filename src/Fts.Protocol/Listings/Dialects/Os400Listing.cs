using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Reads lines of OS/400 (IBM i): <c>OWNER 77824 02/23/26 15:09:55 *DIR name/</c>. Members of files have no size and no time. The order of
/// day, month and year is a setting of the server, which the listing does not contain.
/// </summary>
internal static class Os400Listing
{
    /// <summary>The width of the column with the type, in characters.</summary>
    private const int TypeColumnWidth = 11;

    private static readonly SearchValues<char> OwnerCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$#@_");

    /// <summary>
    /// Reads one line. Returns false if the line is in another format. Guesses the order of day, month and year in an ambiguous date from
    /// the current time, <paramref name="now"/> (UTC).
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> line, DateTime now, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line, owner = ListingFields.ReadField(ref rest), type = owner;
        // The lines of members may have no owner. The word after the owner is the type in lines of members, and otherwise the size.
        if (!owner.StartsWith('*'))
        {
            type = ListingFields.ReadField(ref rest);
            if (owner.ContainsAnyExcept(OwnerCharacters))
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
            if (!long.TryParse(type, NumberStyles.None, CultureInfo.InvariantCulture, out length) ||
                !ListingFields.TryParseTime(time, out TimeSpan timeOfDay) || !TryParseDate(date, now, out modified))
            {
                return false;
            }

            modified = modified is { } day ? ListingFields.AddTime(day, timeOfDay) : null;
            type = ListingFields.ReadField(ref rest);
        }

        ReadOnlySpan<char> name = ListingFields.SkipColumn(rest, type.Length, TypeColumnWidth);
        if (type.Length < 2 || type[0] != '*' || type[1..].ContainsAnyExceptInRange('A', 'Z') || name.IsEmpty)
        {
            return false;
        }

        FtpEntryKind kind = ParseKind(type, name);
        name = kind == FtpEntryKind.Directory ? name.TrimEnd('/') : name;
        // The size of a database file is the size of the object, and not the number of bytes that RETR sends.
        entry = new ListingEntry(name.ToString(), kind, type is "*STMF" or "*DSTMF" ? length : null, modified, FtpEntrySource.Os400);
        return !name.IsEmpty;
    }

    /// <summary>
    /// Returns the kind of an object type. RETR of a database file sends its first member. If the server presents the file as a directory
    /// of members, the name of the file ends with a slash.
    /// </summary>
    private static FtpEntryKind ParseKind(ReadOnlySpan<char> type, ReadOnlySpan<char> name) => type switch
    {
        "*STMF" or "*DSTMF" or "*MEM" => FtpEntryKind.File,
        "*FILE" => name.EndsWith('/') ? FtpEntryKind.Directory : FtpEntryKind.File,
        "*DIR" or "*DDIR" or "*LIB" or "*FLR" => FtpEntryKind.Directory,
        "*SYMLNK" => FtpEntryKind.Link,
        _ => FtpEntryKind.Other,
    };

    /// <summary>
    /// Reads a date. With dots the order is day, month, year. Otherwise it is the first of month-day-year, year-month-day and
    /// day-month-year that results in a day up to tomorrow. The date is null if every order results in a later day.
    /// </summary>
    private static bool TryParseDate(ReadOnlySpan<char> word, DateTime now, out DateTime? date)
    {
        date = null;
        if (word.Length != 8 || word[2] is not ('/' or '.' or '-') || word[5] != word[2] ||
            ListingFields.ParseNumber(word[..2]) is not (>= 0 and var a) || ListingFields.ParseNumber(word[3..5]) is not (>= 0 and var b) ||
            ListingFields.ParseNumber(word[6..]) is not (>= 0 and var c))
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
