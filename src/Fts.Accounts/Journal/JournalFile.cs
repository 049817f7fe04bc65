using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Fts.Accounts.Journal;

/// <summary>One file of the journal. Used only under the lock of the <see cref="RecordJournal"/>.</summary>
internal sealed class JournalFile : IDisposable
{
    private const string Prefix = "journal-";

    private readonly SafeFileHandle _handle;

    private JournalFile(string path, long generation, SafeFileHandle handle, long length) =>
        (Path, Generation, _handle, Length) = (path, generation, handle, length);

    public string Path { get; }

    /// <summary>The number of the file. Later files have greater numbers.</summary>
    public long Generation { get; }

    /// <summary>The length of the header and all complete records, in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>The number of the last record.</summary>
    public long LastNumber { get; set; }

    /// <summary>Creates an empty file.</summary>
    public static JournalFile Create(string directory, long generation)
    {
        string path = GetPath(directory, generation);
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        new FileStream(path, options).Dispose(); // only FileStream sets the mode at the creation
        SafeFileHandle handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read);
        RandomAccess.Write(handle, JournalCodec.Header, 0);
        return new JournalFile(path, generation, handle, JournalCodec.HeaderLength);
    }

    /// <summary>Returns the numbers of the existing files, the oldest first.</summary>
    public static IReadOnlyList<long> FindGenerations(string directory)
    {
        var found = new List<long>();
        foreach (string path in Directory.EnumerateFiles(directory, Prefix + "*"))
        {
            string digits = System.IO.Path.GetFileName(path)[Prefix.Length..];
            if (long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long generation))
            {
                found.Add(generation);
            }
        }

        found.Sort();
        return found;
    }

    public static string GetPath(string directory, long generation) =>
        System.IO.Path.Combine(directory, Prefix + generation.ToString("D6", CultureInfo.InvariantCulture));

    /// <summary>Reads the complete records of a file. Returns the number of bytes after them, which belong to no complete record.</summary>
    public static long ReadRecords(string path, List<JournalRecord> records)
    {
        byte[] bytes = File.ReadAllBytes(path);
        if (!bytes.AsSpan().StartsWith(JournalCodec.Header))
        {
            return bytes.Length;
        }

        ReadOnlySpan<byte> rest = bytes.AsSpan(JournalCodec.HeaderLength);
        while (JournalCodec.Read(rest, out JournalRecord record) is > 0 and int length)
        {
            records.Add(record);
            rest = rest[length..];
        }

        return rest.Length;
    }

    /// <summary>Appends records with one system call. If it fails, the next call overwrites its bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes, bool isDurable)
    {
        RandomAccess.Write(_handle, bytes, Length);
        if (isDurable)
        {
            RandomAccess.FlushToDisk(_handle);
        }

        Length += bytes.Length;
    }

    public void Dispose() => _handle.Dispose();
}
