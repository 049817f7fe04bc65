using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Fts.Client.Segments;
using Fts.Protocol;

namespace Fts.Client.Downloads;

/// <summary>
/// What a download that broke off was a part of. It is kept beside the part as a few lines of text, written before the part's first byte; the last line tells
/// whether all of it is there. Before bytes are written in another order than the file's, it says which are there: from then on the part's length says nothing.
/// </summary>
/// <param name="Server">The user and the server it was fetched from, <c>ann@files.example.com:21</c>. A different user or server needs a
/// stricter proof (<see cref="PrefixVerification"/>).</param>
/// <param name="Path">The remote path as it was asked for.</param>
/// <param name="Length">The remote file's bytes.</param>
/// <param name="LastModified">When it last changed, UTC; null where the server did not tell.</param>
/// <param name="RetrievedAt">When that was asked for, by this machine's clock.</param>
/// <param name="Ranges">Which bytes are there, as <see cref="ByteRanges"/> writes it; null when it is as many from the beginning as the part is long.</param>
internal sealed record PartialDownloadRecord(string Server, string Path, long Length, DateTime? LastModified, DateTime RetrievedAt, string? Ranges = null)
{
    /// <summary>More than any path a server takes.</summary>
    public const int MaxTextBytes = 64 * 1024;

    private const string Header = "fts-part 1", RangesHeader = "fts-part 2", TimeFormat = "yyyyMMddHHmmss.fffffff";

    /// <summary>Reads one; false for what was cut off, changed or is something else.</summary>
    public static bool TryParse(string text, out PartialDownloadRecord record)
    {
        record = null!;
        if (text.Split('\n') is not [Header or RangesHeader, ['s', 'e', 'r', 'v', 'e', 'r', ' ', .. var server], ['p', 'a', 't', 'h', ' ', .. var path], ['l', 'e', 'n', 'g', 't', 'h', ' ', .. var bytes],
                ['m', 'o', 'd', 'i', 'f', 'i', 'e', 'd', ' ', .. var lastModified], ['s', 'e', 'e', 'n', ' ', .. var seen], .. var pieces, ['c', 'h', 'e', 'c', 'k', ' ', .. var check], ""]
            || pieces is not ([] or [['p', 'i', 'e', 'c', 'e', 's', ' ', ..]]) || (pieces.Length > 0) != text.StartsWith(RangesHeader, StringComparison.Ordinal)
            || check != ComputeChecksum(text[..(text.LastIndexOf("\ncheck ", StringComparison.Ordinal) + 1)])
            || !long.TryParse(bytes, NumberStyles.None, CultureInfo.InvariantCulture, out long length)
            || !WireTime.TryParse(seen, out DateTime when))
        {
            return false;
        }

        DateTime? changed = WireTime.TryParse(lastModified, out DateTime time) ? time : null;
        record = new PartialDownloadRecord(server, path, length, changed, when, pieces is [var line] ? line["pieces ".Length..] : null);
        return true;
    }

    /// <summary>The text of it.</summary>
    public override string ToString()
    {
        string lastModified = LastModified?.ToString(TimeFormat, CultureInfo.InvariantCulture) ?? "unknown";
        string text = string.Create(
            CultureInfo.InvariantCulture, $"{(Ranges is null ? Header : RangesHeader)}\nserver {Server}\npath {Path}\nlength {Length}\nmodified {lastModified}\nseen {RetrievedAt.ToString(TimeFormat, CultureInfo.InvariantCulture)}\n");
        text += Ranges is null ? "" : $"pieces {Ranges}\n";
        return $"{text}check {ComputeChecksum(text)}\n";
    }

    /// <summary>Against half a text, not against somebody who means harm.</summary>
    private static string ComputeChecksum(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
}
