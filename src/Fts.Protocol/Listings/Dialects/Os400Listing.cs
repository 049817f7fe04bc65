using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Reads lines of OS/400 (IBM i): <c>OWNER 77824 02/23/26 15:09:55 *DIR name/</c>. Members of files have no size and no time. The
/// listing does not show the order of day, month and year in a date, which is a setting of the server.
/// </summary>
internal static class Os400Listing
{
    /// <summary>The width of the column with the type, in characters.</summary>
    private const int TypeColumnWidth = 11;

    private static readonly SearchValues<char> OwnerCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789$#@_");

    /// <summary>
    /// Reads one line. Returns false if the line is in another format. If a date is ambiguous, uses <paramref name="now"/>, the current
    /// time in UTC, to guess the order of day, month and year.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<char> line, DateTime now, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line, owner = ListingFields.ReadField(ref rest), sizeOrType = owner;
        // The line of a member may have no owner. The word after the owner is the type in the line of a member, and the size in other
        // lines.
        if (!owner.StartsWith('*'))
        {
            sizeOrType = ListingFields.ReadField(ref rest);
            if (owner.ContainsAnyExcept(OwnerCharacters))
            {
                return false;
            }
        }

        ReadOnlySpan<char> type = sizeOrType;
        long length = 0;
        DateTime? modified = null;
        if (type is not "*MEM")
        {
            ReadOnlySpan<char> date = ListingFields.ReadField(ref rest), time = ListingFields.ReadField(ref rest);
            if (!long.TryParse(sizeOrType, NumberStyles.None, CultureInfo.InvariantCulture, out length) ||
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
    /// Returns the kind of an object type. A database file has the kind File, because RETR of the file sends its first member. It has the
    /// kind Directory if its name ends with a slash, because the server then presents it as a directory of members.
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
    /// Reads a date. If dots separate the numbers, the order is day, month, year. For slashes or hyphens, tries the orders month-day-year,
    /// year-month-day and day-month-year, and uses the first that results in a day up to tomorrow. The date is null if every order results
    /// in a later day.
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
