using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Fts.Protocol.Listings.Fields;

namespace Fts.Protocol.Listings.Dialects;

/// <summary>
/// Reads lines of IIS and other servers in the format of DOS <c>dir</c>: <c>01-31-26 12:59PM &lt;DIR&gt; name</c>. Dates have any form of
/// <see cref="ShortDate"/>, and times are in 12-hour or 24-hour form. The lines have no time zone, so times are read as UTC.
/// </summary>
internal static class DosListing
{
    /// <summary>
    /// The width in characters of the column with a tag such as &lt;DIR&gt;, including the spaces after the tag. Further spaces are part of
    /// the name.
    /// </summary>
    private const int TagColumnWidth = 15;

    private static readonly SearchValues<char> ClockCharacters = SearchValues.Create("0123456789:.");

    /// <summary>Reads one line. Returns false if the line is in another format.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, [NotNullWhen(true)] out ListingEntry? entry)
    {
        entry = null;
        ReadOnlySpan<char> rest = line;
        if (!ShortDate.TryParse(ListingFields.ReadField(ref rest), out DateTime modified) || !TryParseTime(ref rest, out TimeSpan time))
        {
            return false;
        }

        modified = ListingFields.AddTime(modified, time);
        ReadOnlySpan<char> word = ListingFields.ReadField(ref rest);
        if (word.StartsWith('<'))
        {
            ReadOnlySpan<char> name = ListingFields.SkipColumn(rest, word.Length, TagColumnWidth);
            entry = name.IsEmpty ? null : CreateTaggedEntry(word, name, modified);
        }
        else if (ListingFields.TryParseLength(word, out long? length) && rest.Length > 1)
        {
            entry = new ListingEntry(rest[1..].ToString(), FtpEntryKind.File, length, modified, FtpEntrySource.Dos);
        }

        return entry is not null;
    }

    /// <summary>Creates the entry for a line with a tag such as &lt;DIR&gt;. Returns null for an unknown tag.</summary>
    private static ListingEntry? CreateTaggedEntry(ReadOnlySpan<char> tag, ReadOnlySpan<char> name, DateTime modified)
    {
        FtpEntryKind? kind = tag switch
        {
            "<DIR>" or "<JUNCTION>" or "<SYMLINKD>" or "<REP>" or "<JONCTION>" or "<VERBINDUNG>" => FtpEntryKind.Directory,
            "<SYMLINK>" => FtpEntryKind.Link,
            _ => null,
        };
        if (kind is null)
        {
            return null;
        }

        // dir writes the target of a junction or link after its name: "name [C:\target]".
        int bracket = tag is "<DIR>" or "<REP>" || !name.EndsWith(']') ? -1 : name.LastIndexOf(" [", StringComparison.Ordinal);
        string? target = bracket <= 0 ? null : name[(bracket + 2)..^1].ToString();
        name = bracket <= 0 ? name : name[..bracket];
        return new ListingEntry(name.ToString(), kind.Value, null, modified, FtpEntrySource.Dos) { LinkTarget = target };
    }

    /// <summary>Reads a time such as "12:59PM", "12:59 PM", "12:59p", "PM 12:59", "23:59", "23.59" or "23:59:07".</summary>
    private static bool TryParseTime(scoped ref ReadOnlySpan<char> rest, out TimeSpan time)
    {
        time = default;
        ReadOnlySpan<char> word = ListingFields.ReadField(ref rest);
        bool? isAfternoon = ParseAmPm(word);
        if (isAfternoon is not null)
        {
            word = ListingFields.ReadField(ref rest);
        }

        int end = word.IndexOfAnyExcept(ClockCharacters);
        ReadOnlySpan<char> clock = end < 0 ? word : word[..end], suffix = end < 0 ? default : word[end..];
        if (!suffix.IsEmpty)
        {
            bool hasPrefix = isAfternoon is not null;
            isAfternoon = ParseAmPm(suffix);
            if (hasPrefix || isAfternoon is null)
            {
                return false;
            }
        }
        else if (isAfternoon is null)
        {
            ReadOnlySpan<char> following = rest;
            isAfternoon = ParseAmPm(ListingFields.ReadField(ref following));
            if (isAfternoon is not null)
            {
                rest = following;
            }
        }

        return TryParseClock(clock, out time) && (isAfternoon is not { } afternoon || TryApplyAmPm(afternoon, ref time));
    }

    private static bool TryParseClock(ReadOnlySpan<char> clock, out TimeSpan time)
    {
        if (clock is [.., '.', _, _] && clock.Length <= "12.59".Length &&
            ListingFields.ParseNumber(clock[..^3]) is >= 0 and < 24 and var hours &&
            ListingFields.ParseNumber(clock[^2..]) is >= 0 and < 60 and var minutes)
        {
            time = new TimeSpan(hours, minutes, 0);
            return true;
        }

        return ListingFields.TryParseTime(clock, out time);
    }

    /// <summary>Converts a 12-hour time to a 24-hour time. Returns false if the hour is not from 1 to 12.</summary>
    private static bool TryApplyAmPm(bool isAfternoon, ref TimeSpan time)
    {
        bool isTwelveHourTime = time.Hours is >= 1 and <= 12 && time.Days == 0;
        time += TimeSpan.FromHours(isAfternoon ? 12 : 0) - TimeSpan.FromHours(time.Hours == 12 ? 12 : 0);
        return isTwelveHourTime;
    }

    /// <summary>Returns true for PM and false for AM, in several languages, and null for any other word.</summary>
    private static bool? ParseAmPm(ReadOnlySpan<char> word)
    {
        if (word.Length is 0 or > 4 || char.IsAsciiDigit(word[0]))
        {
            return null;
        }

        bool isLatin = word is [_] or [_, 'M' or 'm'] or [_, '.', 'm', '.'];
        if ((isLatin && word[0] is 'A' or 'a') || word is "午前" or "上午" or "오전")
        {
            return false;
        }

        return (isLatin && word[0] is 'P' or 'p') || word is "午後" or "下午" or "오후" ? true : null;
    }
}
