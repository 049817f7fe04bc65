using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Downloads;

/// <summary>The file beside a part that holds its <see cref="PartialDownloadRecord"/>. Never written or read through a link, and none of another user's.</summary>
internal static class PartialDownloadRecordFile
{
    /// <summary>Null when there is none that can be gone by.</summary>
    public static PartialDownloadRecord? Read(string target)
    {
        try
        {
            string path = PartialDownloadNames.GetRecordPath(target);
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (!LocalFileCheck.IsOwnFileAt(path, stream.SafeFileHandle) || stream.Length > PartialDownloadRecord.MaxTextBytes)
            {
                return null;
            }

            using var reader = new StreamReader(stream, Encoding.UTF8);
            return PartialDownloadRecord.TryParse(reader.ReadToEnd(), out PartialDownloadRecord record) ? record : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>False where it cannot be: then there is nothing that a later run could go by.</summary>
    public static bool TryWrite(string target, PartialDownloadRecord record)
    {
        try
        {
            using SafeFileHandle file = Create(PartialDownloadNames.GetRecordPath(target), record);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>
    /// In one step, and on the disk before anything that follows: what is written next may lie after a gap that the old record knows nothing of. False where it cannot
    /// be, and the old one stays.
    /// </summary>
    public static bool TryReplace(string target, PartialDownloadRecord record)
    {
        string next = PartialDownloadNames.CreateTemporaryPath(target);
        try
        {
            using SafeFileHandle file = Create(next, record);
            RandomAccess.FlushToDisk(file);
            File.Move(next, PartialDownloadNames.GetRecordPath(target), overwrite: true);
            // The second time for its name.
            RandomAccess.FlushToDisk(file);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(next);
            return false;
        }
    }

    public static void Delete(string target) => TryDelete(PartialDownloadNames.GetRecordPath(target));

    /// <summary>On Windows only a file that is open for it can be renamed.</summary>
    private static SafeFileHandle Create(string path, PartialDownloadRecord record)
    {
        SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read | FileShare.Delete);
        try
        {
            RandomAccess.Write(file, Encoding.UTF8.GetBytes(record.ToString()), 0);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody else's, in a folder where anybody may write: it is not read either.
        }
    }
}
