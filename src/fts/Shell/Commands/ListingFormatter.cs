using System.Globalization;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>Formats listings: names in columns, or one entry per line with its metadata.</summary>
/// <param name="colorize">Returns the displayed name of an entry with its colour.</param>
internal sealed class ListingFormatter(Func<FtpEntry, string, string> colorize)
{
    private const int Gap = 2;

    /// <summary>Returns entries in columns that are filled from top to bottom, as ls does.</summary>
    /// <param name="entries">The entries.</param>
    /// <param name="width">The number of columns of the terminal.</param>
    public IReadOnlyList<string> FormatColumns(IReadOnlyList<FtpEntry> entries, int width)
    {
        string[] names = [.. entries.Select(FormatName)];
        int[] widths = [.. names.Select(DisplayFormat.CountColumns)];
        int rows = FindRows(widths, width);
        int columns = rows == 0 ? 0 : (names.Length + rows - 1) / rows;
        int[] columnWidths = [.. Enumerable.Range(0, columns).Select(column => widths.Skip(column * rows).Take(rows).Max())];
        var lines = new List<string>();
        for (int row = 0; row < rows; row++)
        {
            string line = "";
            for (int column = 0; column < columns && (column * rows) + row < names.Length; column++)
            {
                int index = (column * rows) + row;
                bool isLast = index + rows >= names.Length;
                string padding = isLast ? "" : new string(' ', columnWidths[column] - widths[index] + Gap);
                line += colorize(entries[index], names[index]) + padding;
            }

            lines.Add(line);
        }

        return lines;
    }

    /// <summary>Returns one line per entry: kind, mode if <paramref name="showsMode"/>, size, time in UTC, name.</summary>
    /// <param name="entries">The entries.</param>
    /// <param name="showsMode">Whether to add the mode, if the server reports the mode of an entry.</param>
    /// <param name="usesUnits">Whether to print sizes with three digits and a unit, instead of bytes.</param>
    public IReadOnlyList<string> FormatLong(IReadOnlyList<FtpEntry> entries, bool showsMode, bool usesUnits)
    {
        string[] sizes = [.. entries.Select(entry => FormatSize(entry, usesUnits))];
        int width = sizes.Length == 0 ? 0 : sizes.Max(size => size.Length);
        bool hasMode = showsMode && entries.Any(entry => entry.UnixMode is not null);
        return [.. entries.Select((entry, i) =>
        {
            char kind = entry.Kind switch
            {
                FtpEntryKind.Directory => 'd',
                FtpEntryKind.Link => 'l',
                FtpEntryKind.File => '-',
                _ => '?',
            };
            string mode = hasMode ? FormatMode(entry.UnixMode) : "";
            string time = entry.LastModified?.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) ?? "";
            string target = entry is { Kind: FtpEntryKind.Link, LinkTarget: { } link } ? $" -> {FtpName.Escape(link)}" : "";
            return $"{kind}{mode} {sizes[i].PadLeft(width)}  {time,-16}  {colorize(entry, FormatName(entry))}{target}";
        })];
    }

    /// <summary>Returns entries in the order of the options, starting with the order by name.</summary>
    /// <param name="entries">The entries, sorted by name.</param>
    /// <param name="byTime">Whether the newest entry is first.</param>
    /// <param name="bySize">Whether the largest entry is first.</param>
    /// <param name="isReversed">Whether to reverse the order.</param>
    public static IReadOnlyList<FtpEntry> Sort(IReadOnlyList<FtpEntry> entries, bool byTime, bool bySize, bool isReversed)
    {
        IEnumerable<FtpEntry> sorted = (byTime, bySize) switch
        {
            (_, true) => entries.OrderByDescending(entry => entry.Length ?? -1),
            (true, _) => entries.OrderByDescending(entry => entry.LastModified ?? DateTimeOffset.MinValue),
            _ => entries,
        };
        return isReversed ? [.. sorted.Reverse()] : [.. sorted];
    }

    /// <summary>Returns the smallest number of rows with which all columns fit. Wide names need one column.</summary>
    private static int FindRows(int[] widths, int width)
    {
        for (int columns = Math.Min(widths.Length, Math.Max(1, (width + Gap) / (1 + Gap))); columns > 1; columns--)
        {
            int rows = (widths.Length + columns - 1) / columns;
            if (widths.Chunk(rows).Sum(column => column.Max() + Gap) - Gap <= width)
            {
                return rows;
            }
        }

        return widths.Length;
    }

    private static string FormatName(FtpEntry entry) =>
        (entry.RawLine?.ToPrintable() ?? FtpName.Escape(entry.Name)) + (entry.Kind == FtpEntryKind.Directory ? "/" : "");

    private static string FormatSize(FtpEntry entry, bool usesUnits) => entry switch
    {
        { Kind: FtpEntryKind.Directory } => "",
        { Length: null } => "?",
        { Length: { } length } => usesUnits ? DisplayFormat.FormatSize(length) : length.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>Returns permission bits as <c>rwxr-x---</c>, or dashes if they are unknown.</summary>
    private static string FormatMode(UnixFileMode? mode) => string.Create(9, (int)(mode ?? 0), (text, bits) =>
    {
        for (int i = 0; i < text.Length; i++)
        {
            text[i] = (bits & (1 << (8 - i))) != 0 ? "rwx"[i % 3] : '-';
        }
    });
}
