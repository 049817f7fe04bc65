using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client;

/// <summary>
/// A local file being downloaded: hidden beside its target, renamed over it at the end. Its name follows from the target's, so that a later run finds what an
/// earlier one left, with a <see cref="PartialRecord"/> beside it. The open file is locked; a second download to the same target takes a file that nobody finds.
/// </summary>
/// <remarks>
/// Owns the file until <see cref="Commit"/>. The record is written while the file is empty and never after, so that at no moment bytes stand beside a record of
/// another file. What is removed or renamed is so while it is locked: else it could be another run's by then.
/// </remarks>
internal sealed class PartialFile : IDisposable
{
    private readonly string _target;
    private string _path;
    private SafeFileHandle? _handle;
    private bool _isKept;
    private bool _committed;

    private PartialFile(string target, string path) => (_target, _path) = (target, path);

    /// <summary>Bytes that are here.</summary>
    public long Length { get; private set; }

    /// <summary>What they are a part of; null when there are none, or nobody knows.</summary>
    public PartialRecord? Record { get; private set; }

    /// <summary>For reading what was written.</summary>
    public SafeFileHandle Handle => _handle!;

    /// <summary>Says now what would fail later: a target that is a folder, or whose folder is missing.</summary>
    /// <exception cref="IOException">The target cannot be written.</exception>
    public static void Check(string target)
    {
        if (Directory.Exists(target))
        {
            throw new IOException($"{target} is a folder.");
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(target))!;
        if (!Directory.Exists(folder))
        {
            throw new DirectoryNotFoundException($"There is no folder {folder}.");
        }
    }

    /// <summary>Whether an earlier download to a target left something.</summary>
    public static bool IsThere(string target) => File.Exists(PartialNames.PartOf(Path.GetFullPath(target)));

    /// <summary>Opens what an earlier download left, if it did and nobody is at it. Nothing is made or changed before <see cref="Begin"/>.</summary>
    public static PartialFile Open(string target)
    {
        string full = Path.GetFullPath(target);
        var file = new PartialFile(full, PartialNames.PartOf(full));
        if (File.Exists(file._path) && OpenOwn(file._path) is { } handle)
        {
            (file._handle, file._isKept, file.Length, file.Record) = (handle, true, RandomAccess.GetLength(handle), ReadRecord(full));
        }

        return file;
    }

    /// <summary>One that is removed unless it is committed, and looks at nothing that an earlier download left.</summary>
    public static PartialFile OneOff(string target) => new(Path.GetFullPath(target), PartialNames.OneOff(Path.GetFullPath(target)));

    /// <summary>Makes the file, or empties what is left of an earlier one.</summary>
    /// <param name="record">What it becomes a part of; null when nothing could prove that later, so that it is not worth keeping.</param>
    public void Begin(PartialRecord? record)
    {
        bool mayKeep = record is not null && _path == PartialNames.PartOf(_target);
        if (_handle is not null)
        {
            RandomAccess.SetLength(_handle, 0);
            // After a power cut, too, the old bytes must not stand beside the new record.
            RandomAccess.FlushToDisk(_handle);
            Length = 0;
        }
        else if (!mayKeep || !TryCreate())
        {
            mayKeep = false;
            _path = PartialNames.OneOff(_target);
            _handle = Create(_path);
        }

        if (_path == PartialNames.PartOf(_target))
        {
            RemoveRecord();
        }

        _isKept = mayKeep && TryWriteRecord(record!);
        Record = record;
    }

    /// <summary>Appends bytes; a local file is written synchronously, for nothing waits longer than the page cache.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_handle!, bytes, Length);
        Length += bytes.Length;
    }

    /// <summary>What came is of no use: nothing of it is kept.</summary>
    public void Forget() => _isKept = false;

    /// <summary>Gives the file its name and, when known, its time.</summary>
    /// <exception cref="FtpTargetExistsException">The target came into being meanwhile and is not to be replaced.</exception>
    public void Commit(DateTime? modifiedUtc, bool overwrite)
    {
        if (modifiedUtc is { } time)
        {
            File.SetLastWriteTimeUtc(_handle!, time);
        }

        try
        {
            File.Move(_path, _target, overwrite);
            _committed = true;
            // Whoever reads the target is not to find it locked.
            _handle!.Dispose();
        }
        catch (IOException) when (!overwrite && Path.Exists(_target))
        {
            throw new FtpTargetExistsException(_target);
        }

        if (_path == PartialNames.PartOf(_target))
        {
            RemoveRecord();
        }
        else
        {
            // What an earlier download left of the target is in nobody's way any more, and of no use.
            using PartialFile left = Open(_target);
            left.Forget();
        }
    }

    public void Dispose()
    {
        if (_handle is not null && !_committed && (!_isKept || Length == 0))
        {
            File.Delete(_path);
            if (_path == PartialNames.PartOf(_target))
            {
                RemoveRecord();
            }
        }

        _handle?.Dispose();
        _handle = null;
    }

    /// <summary>Locked against everybody else. On Windows a name can be changed or removed only of a file that is open for it.</summary>
    private static SafeFileHandle Open(string path, FileMode mode) =>
        File.OpenHandle(path, mode, FileAccess.ReadWrite, OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None);

    private static SafeFileHandle Create(string path) => Open(path, FileMode.CreateNew);

    /// <summary>Null when another run is at it, or it is no file of ours.</summary>
    private static SafeFileHandle? OpenOwn(string path)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = Open(path, FileMode.Open);
            // The other run may have renamed it between the opening and the lock: then it is the target by now.
            if (OwnFile.StandsAt(path, handle))
            {
                return handle;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Locked, gone, or not for us.
        }

        handle?.Dispose();
        return null;
    }

    private static PartialRecord? ReadRecord(string target)
    {
        try
        {
            string path = PartialNames.RecordOf(target);
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (!OwnFile.StandsAt(path, stream.SafeFileHandle) || stream.Length > PartialRecord.LongestText)
            {
                return null;
            }

            using var reader = new StreamReader(stream, Encoding.UTF8);
            return PartialRecord.TryParse(reader.ReadToEnd(), out PartialRecord record) ? record : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private bool TryCreate()
    {
        try
        {
            _handle = Create(_path);
            return true;
        }
        catch (IOException) when (Path.Exists(_path) || new FileInfo(_path).LinkTarget is not null)
        {
            return false;
        }
    }

    /// <summary>False where it cannot be: then there is nothing that a later run could go by.</summary>
    private bool TryWriteRecord(PartialRecord record)
    {
        try
        {
            // Made anew: never written through a link.
            using var stream = new FileStream(PartialNames.RecordOf(_target), FileMode.CreateNew, FileAccess.Write);
            stream.Write(Encoding.UTF8.GetBytes(record.ToString()));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private void RemoveRecord()
    {
        try
        {
            File.Delete(PartialNames.RecordOf(_target));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody else's, in a folder where anybody may write: it is not read either.
        }
    }
}
