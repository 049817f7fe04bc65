using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>
/// What a download that broke off was a part of. It is kept beside the part as a few lines of text, written before the part's first byte; the last line tells
/// whether all of it is there.
/// </summary>
/// <param name="Server">The user and the server, <c>ann@files.example.com:21</c>: users may see different files under one path.</param>
/// <param name="Path">The remote path as it was asked for.</param>
/// <param name="Length">The remote file's bytes.</param>
/// <param name="Modified">When it last changed, UTC; null where the server did not tell.</param>
/// <param name="Seen">When that was asked for, by this machine's clock.</param>
internal sealed record PartialRecord(string Server, string Path, long Length, DateTime? Modified, DateTime Seen)
{
    /// <summary>More than any path a server takes.</summary>
    public const int LongestText = 64 * 1024;

    private const string Head = "fts-part 1", TimeFormat = "yyyyMMddHHmmss.fffffff";

    /// <summary>Reads one; false for what was cut off, changed or is something else.</summary>
    public static bool TryParse(string text, out PartialRecord record)
    {
        record = null!;
        if (text.Split('\n') is not [Head, ['s', 'e', 'r', 'v', 'e', 'r', ' ', .. var server], ['p', 'a', 't', 'h', ' ', .. var path], ['l', 'e', 'n', 'g', 't', 'h', ' ', .. var bytes],
                ['m', 'o', 'd', 'i', 'f', 'i', 'e', 'd', ' ', .. var modified], ['s', 'e', 'e', 'n', ' ', .. var seen], ['c', 'h', 'e', 'c', 'k', ' ', .. var check], ""]
            || check != Check(text[..(text.LastIndexOf("\ncheck ", StringComparison.Ordinal) + 1)])
            || !long.TryParse(bytes, NumberStyles.None, CultureInfo.InvariantCulture, out long length)
            || !FtpTime.TryParse(seen, out DateTime when))
        {
            return false;
        }

        DateTime? changed = FtpTime.TryParse(modified, out DateTime time) ? time : null;
        record = new PartialRecord(server, path, length, changed, when);
        return true;
    }

    /// <summary>The text of it.</summary>
    public override string ToString()
    {
        string modified = Modified?.ToString(TimeFormat, CultureInfo.InvariantCulture) ?? "unknown";
        string text = string.Create(
            CultureInfo.InvariantCulture, $"{Head}\nserver {Server}\npath {Path}\nlength {Length}\nmodified {modified}\nseen {Seen.ToString(TimeFormat, CultureInfo.InvariantCulture)}\n");
        return $"{text}check {Check(text)}\n";
    }

    /// <summary>Against half a text, not against somebody who means harm.</summary>
    private static string Check(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
}
