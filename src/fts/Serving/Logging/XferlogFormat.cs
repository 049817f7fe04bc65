using System.Globalization;
using System.Text;

namespace Fts.Serving.Logging;

/// <summary>
/// The format of wu-ftpd, xferlog(5): one line for each download, upload and deleted file. Other events have no line. Spaces in names
/// become underscores, because spaces separate the fields.
/// </summary>
internal sealed class XferlogFormat : ILogFormat
{
    /// <inheritdoc/>
    public string? Format(in LogEvent entry)
    {
        if (entry.GetField("Path") is not string path || GetDirection(entry) is not { } direction)
        {
            return null;
        }

        string account = entry.GetField("Account") as string ?? "-";
        bool isComplete = entry.GetField("Outcome") is null;
        long seconds = entry.GetField("Milliseconds") is long milliseconds ? (milliseconds + 500) / 1000 : 0;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{entry.Time.ToLocalTime():ddd MMM dd HH:mm:ss yyyy} {seconds} {entry.GetField("Address")} {entry.GetField("Bytes") ?? 0L} " +
            $"{ToField(path)} {(entry.GetField("Type") is "A" ? 'a' : 'b')} _ {direction} {(account == "anonymous" ? 'a' : 'r')} " +
            $"{ToField(account)} ftp 0 * {(isComplete ? 'c' : 'i')}");
    }

    /// <summary>
    /// Returns <c>o</c> for a download, <c>i</c> for an upload and <c>d</c> for a deletion. Returns null for other events, and for refused
    /// transfers and deletions, which changed nothing.
    /// </summary>
    private static char? GetDirection(in LogEvent entry) => entry.GetField("Outcome") is "refused" ? null : entry.GetField("Verb") switch
    {
        "RETR" => 'o',
        "STOR" or "APPE" or "STOU" => 'i',
        "DELE" when entry.GetField("Outcome") is null => 'd',
        _ => null,
    };

    private static string ToField(string text)
    {
        var field = new StringBuilder(text);
        for (int i = 0; i < field.Length; i++)
        {
            if (char.IsWhiteSpace(field[i]) || char.IsControl(field[i]))
            {
                field[i] = '_';
            }
        }

        return field.Length == 0 ? "-" : field.ToString();
    }
}
