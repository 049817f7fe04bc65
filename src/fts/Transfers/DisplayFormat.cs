using System.Globalization;
using System.Text;

namespace Fts.Transfers;

/// <summary>Formats sizes and durations for users, and measures the width of text on a terminal.</summary>
internal static class DisplayFormat
{
    private static readonly string[] Units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

    /// <summary>
    /// Returns a size in bytes with three significant digits: <c>999 B</c>, <c>1.23 MB</c>. Units are powers of 1000, as for disks and
    /// networks.
    /// </summary>
    public static string FormatSize(double bytes)
    {
        int unit = 0;
        // 999.5 would be rounded to 1000.
        while (bytes >= 999.5 && unit < Units.Length - 1)
        {
            (bytes, unit) = (bytes / 1000, unit + 1);
        }

        string format = (unit, bytes) switch
        {
            (0, _) or (_, >= 99.95) => "F0",
            (_, >= 9.995) => "F1",
            _ => "F2",
        };
        return $"{bytes.ToString(format, CultureInfo.InvariantCulture)} {Units[unit]}";
    }

    /// <summary>Returns an exact size in bytes: <c>1 byte</c>, <c>2 bytes</c>.</summary>
    public static string FormatBytes(long bytes) =>
        bytes == 1 ? "1 byte" : string.Create(CultureInfo.InvariantCulture, $"{bytes} bytes");

    /// <summary>Returns a number of files: <c>1 file</c>, <c>2 files</c>, <c>1 of 2 files</c>.</summary>
    /// <param name="count">The number.</param>
    /// <param name="total">The number of all files. Omitted from the text if it is null or equals <paramref name="count"/>.</param>
    public static string FormatFiles(int count, int? total = null) => total is { } all && all != count
        ? string.Create(CultureInfo.InvariantCulture, $"{count} of {all} file{(all == 1 ? "" : "s")}")
        : string.Create(CultureInfo.InvariantCulture, $"{count} file{(count == 1 ? "" : "s")}");

    /// <summary>Returns a duration: <c>0.4 s</c>, <c>12 s</c>, <c>3:07</c>, <c>2:15:09</c>.</summary>
    public static string FormatDuration(TimeSpan time) => time.TotalSeconds switch
    {
        < 10 => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:F1} s"),
        < 60 => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalSeconds} s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{time.Minutes}:{time.Seconds:D2}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(long)time.TotalHours}:{time.Minutes:D2}:{time.Seconds:D2}"),
    };

    /// <summary>
    /// Returns the number of terminal columns of a text. Combining marks occupy none. East Asian wide characters and emoji occupy two.
    /// </summary>
    public static int CountColumns(string text) => text.EnumerateRunes().Sum(CountColumns);

    /// <summary>
    /// Returns the text, limited to the given number of columns. A longer text is shortened in the middle, because the beginning and the
    /// end of a file name are more helpful than the middle.
    /// </summary>
    public static string Shorten(string text, int columns)
    {
        if (CountColumns(text) <= columns)
        {
            return text;
        }

        Rune[] runes = [.. text.EnumerateRunes()];
        int tail = (columns - 1) / 2;
        string end = TakeColumns(runes.Reverse(), tail, reversed: true);
        return columns <= 1 ? "" : TakeColumns(runes, columns - 1 - tail, reversed: false) + "…" + end;
    }

    /// <summary>Returns the number of terminal columns of a character: 0, 1 or 2.</summary>
    public static int CountColumns(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format => 0,
        _ => rune.Value switch
        {
            < 0x1100 => 1,
            <= 0x115F or (>= 0x2E80 and <= 0xA4CF) or (>= 0xAC00 and <= 0xD7A3) or (>= 0xF900 and <= 0xFAFF) or (>= 0xFE30 and <= 0xFE6F)
                or (>= 0xFF00 and <= 0xFF60) or (>= 0xFFE0 and <= 0xFFE6) or (>= 0x1F300 and <= 0x1FAFF)
                    or (>= 0x20000 and <= 0x3FFFD) => 2,
            _ => 1,
        },
    };

    private static string TakeColumns(IEnumerable<Rune> runes, int columns, bool reversed)
    {
        var taken = new List<Rune>();
        foreach (Rune rune in runes)
        {
            columns -= CountColumns(rune);
            if (columns < 0)
            {
                break;
            }

            taken.Add(rune);
        }

        if (reversed)
        {
            taken.Reverse();
        }

        return string.Concat(taken);
    }
}
