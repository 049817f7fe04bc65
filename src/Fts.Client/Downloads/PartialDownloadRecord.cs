using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Fts.Client.Segments;
using Fts.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Downloads;

/// <summary>
/// Describes the remote file that a partial file belongs to. The record is stored as lines of text in a hidden file beside the partial
/// file. The record is written before the first byte of the partial file.
/// </summary>
/// <remarks>
/// The last line is a checksum, which detects a truncated record. Before bytes are written out of order, the ranges of existing bytes are
/// added to the record, because the length of the partial file then no longer shows which bytes exist. The record is never read or written
/// through a link. The record of another user is never read.
/// </remarks>
/// <param name="Server">
/// The user and the server, <c>ann@files.example.com:21</c>. A different user or server requires a stricter proof
/// (<see cref="PrefixVerification"/>).
/// </param>
/// <param name="Path">
/// The remote path. If the client has changed the working directory, a relative path is joined to that directory.
/// </param>
/// <param name="Length">The length of the remote file in bytes.</param>
/// <param name="LastModified">The last-modified time of the remote file, UTC; null if the server does not report it.</param>
/// <param name="CreatedAt">
/// The time at which the client created the record, by the clock of this machine, UTC. Replacing the ranges does not change this time.
/// </param>
/// <param name="Ranges">
/// The ranges of bytes that exist, in the text format of <see cref="ByteRanges"/>; null if the partial file has no gaps.
/// </param>
internal sealed record PartialDownloadRecord(
    string Server, string Path, long Length, DateTime? LastModified, DateTime CreatedAt, string? Ranges = null)
{
    /// <summary>The maximum size of a record in bytes. The longest path that servers accept is much shorter.</summary>
    private const int MaxTextBytes = 64 * 1024;

    // In the text, "modified" is LastModified, "seen" is CreatedAt, and "pieces" is Ranges.
    private const string Header = "fts-part 1", RangesHeader = "fts-part 2", TimeFormat = "yyyyMMddHHmmss.fffffff";

    /// <summary>Parses the text of a record. Returns false if the text is truncated, was changed, or is not a record.</summary>
    public static bool TryParse(string text, out PartialDownloadRecord record)
    {
        record = null!;
        if (text.Split('\n') is not [
                Header or RangesHeader,
                ['s', 'e', 'r', 'v', 'e', 'r', ' ', .. var server],
                ['p', 'a', 't', 'h', ' ', .. var path],
                ['l', 'e', 'n', 'g', 't', 'h', ' ', .. var bytes],
                ['m', 'o', 'd', 'i', 'f', 'i', 'e', 'd', ' ', .. var modified],
                ['s', 'e', 'e', 'n', ' ', .. var seen],
                .. var ranges,
                ['c', 'h', 'e', 'c', 'k', ' ', .. var check],
                ""]
            || ranges is not ([] or [['p', 'i', 'e', 'c', 'e', 's', ' ', ..]])
            || (ranges.Length > 0) != text.StartsWith(RangesHeader, StringComparison.Ordinal)
            || check != ComputeChecksum(text[..(text.LastIndexOf("\ncheck ", StringComparison.Ordinal) + 1)])
            || !long.TryParse(bytes, NumberStyles.None, CultureInfo.InvariantCulture, out long length)
            || !WireTime.TryParse(seen, out DateTime createdAt))
        {
            return false;
        }

        DateTime? lastModified = WireTime.TryParse(modified, out DateTime time) ? time : null;
        string? presentRanges = ranges is [var line] ? line["pieces ".Length..] : null;
        record = new PartialDownloadRecord(server, path, length, lastModified, createdAt, presentRanges);
        return true;
    }

    /// <summary>Reads the record beside the partial file of a target. Returns null if no valid record exists.</summary>
    public static PartialDownloadRecord? Read(string target)
    {
        try
        {
            string path = PartialDownloadNames.GetRecordPath(target);
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (!LocalFileCheck.IsOwnFileAt(path, stream.SafeFileHandle) || stream.Length > MaxTextBytes)
            {
                return null;
            }

            using var reader = new StreamReader(stream, Encoding.UTF8);
            return TryParse(reader.ReadToEnd(), out PartialDownloadRecord record) ? record : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Deletes the record of a target, if it exists.</summary>
    public static void Delete(string target) => TryDelete(PartialDownloadNames.GetRecordPath(target));

    /// <summary>Creates the record of a target. Returns false if that fails. A later download then cannot use the bytes.</summary>
    public bool TryWrite(string target)
    {
        try
        {
            using SafeFileHandle file = Create(PartialDownloadNames.GetRecordPath(target));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Replaces the record of a target atomically. Returns false and keeps the earlier record if that fails.</summary>
    /// <remarks>
    /// The record is on stable storage when the method returns. The caller may then write bytes beyond a gap in the file: even after a
    /// power failure, the record lists the gap.
    /// </remarks>
    public bool TryReplace(string target)
    {
        string next = PartialDownloadNames.CreateTemporaryPath(target);
        try
        {
            using SafeFileHandle file = Create(next);
            RandomAccess.FlushToDisk(file);
            File.Move(next, PartialDownloadNames.GetRecordPath(target), overwrite: true);
            // The second flush makes the new name durable.
            RandomAccess.FlushToDisk(file);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(next);
            return false;
        }
    }

    /// <summary>Returns the text of the record, as <see cref="TryParse"/> reads it.</summary>
    public override string ToString()
    {
        string modified = LastModified?.ToString(TimeFormat, CultureInfo.InvariantCulture) ?? "unknown";
        string createdAt = CreatedAt.ToString(TimeFormat, CultureInfo.InvariantCulture);
        string header = Ranges is null ? Header : RangesHeader;
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"{header}\nserver {Server}\npath {Path}\nlength {Length}\nmodified {modified}\nseen {createdAt}\n");
        text += Ranges is null ? "" : $"pieces {Ranges}\n";
        return $"{text}check {ComputeChecksum(text)}\n";
    }

    /// <summary>Computes a checksum that detects a truncated record. It does not protect against forgery.</summary>
    private static string ComputeChecksum(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The file may belong to another user of a shared directory. Such a file is never read.
        }
    }

    /// <summary>
    /// Creates a file with the text of the record. Windows can rename an open file only with <see cref="FileShare.Delete"/>.
    /// </summary>
    private SafeFileHandle Create(string path)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete);
        try
        {
            RandomAccess.Write(file, Encoding.UTF8.GetBytes(ToString()), 0);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }
}
