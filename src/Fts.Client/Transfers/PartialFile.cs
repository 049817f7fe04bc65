using Microsoft.Win32.SafeHandles;

namespace Fts.Client;

/// <summary>
/// A local file being downloaded: hidden beside its target, renamed over it at the end. Its name follows from the target's, so that a later run finds what an
/// earlier one left, with a <see cref="PartialRecord"/> beside it. The open file is locked; a second download to the same target takes a file that nobody finds.
/// </summary>
/// <remarks>
/// Owns the file until <see cref="Commit"/>. The record is written while the file is empty, so that at no moment bytes stand beside a record of another file; after
/// that only to say which bytes are there, where they come in no order (<see cref="TryScatter"/>). What is removed or renamed is so while it is locked: else it could be another run's by then.
/// </remarks>
internal sealed class PartialFile : IDisposable
{
    private readonly string _target;
    private string _path;
    private readonly Lock _writing = new();
    private SafeFileHandle? _handle;
    private ByteRanges? _pieces;
    private bool _isKept;
    private bool _hasUnsaved;
    private bool _committed;

    private PartialFile(string target, string path) => (_target, _path) = (target, path);

    /// <summary>Bytes that are here from the beginning.</summary>
    public long Length { get; private set; }

    /// <summary>Whether there may be bytes after a gap.</summary>
    public bool IsScattered => _pieces is not null;

    /// <summary>Bytes that are here, wherever.</summary>
    public long Kept => _pieces?.Total ?? Length;

    /// <summary>What they are a part of; null when there are none, or nobody knows.</summary>
    public PartialRecord? Record { get; private set; }

    /// <summary>For reading what was written.</summary>
    public SafeFileHandle Handle => _handle!;

    /// <summary>Whether an earlier download to a target left something.</summary>
    public static bool IsThere(string target) => File.Exists(PartialNames.PartOf(Path.GetFullPath(target)));

    /// <summary>Opens what an earlier download left, if it did and nobody is at it. Nothing is made or changed before <see cref="Begin"/>.</summary>
    public static PartialFile Open(string target)
    {
        string full = Path.GetFullPath(target);
        var file = new PartialFile(full, PartialNames.PartOf(full));
        if (File.Exists(file._path) && OpenOwn(file._path) is { } handle)
        {
            (file._handle, file._isKept, file.Length, file.Record) = (handle, true, RandomAccess.GetLength(handle), PartialRecordFile.Read(full));
            file.FindPieces();
        }

        return file;
    }

    /// <summary>Removes what an earlier download to a target left, if it did and nobody is at it.</summary>
    /// <param name="target">A full path.</param>
    public static void Remove(string target)
    {
        using PartialFile left = Open(target);
        left.Forget();
    }

    /// <summary>
    /// Makes an earlier partial file readable only for its owner, if the target exists: other users may have no permission to read the
    /// target. <see cref="Commit"/> sets the target's mode.
    /// </summary>
    public void RestrictMode()
    {
        if (_handle is { } handle && FileModes.OfTarget(_target) is not null)
        {
            FileModes.Set(handle, FileModes.Private);
        }
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
            RestrictMode();
            RandomAccess.SetLength(_handle, 0);
            // After a power cut, too, the old bytes must not stand beside the new record.
            RandomAccess.FlushToDisk(_handle);
            (Length, _pieces, _hasUnsaved) = (0, null, false);
        }
        else if (!mayKeep || !TryCreate())
        {
            mayKeep = false;
            _path = PartialNames.OneOff(_target);
            _handle = Create(_path, _target);
        }

        if (_path == PartialNames.PartOf(_target))
        {
            PartialRecordFile.Remove(_target);
        }

        _isKept = mayKeep && PartialRecordFile.TryWrite(_target, record!);
        Record = record;
    }

    /// <summary>Appends bytes; a local file is written synchronously, for nothing waits longer than the page cache.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_handle!, bytes, Length);
        Length += bytes.Length;
    }

    /// <summary>From now on bytes may come in any order. False where that could not be told to a later run, which would take gaps for content: then nothing is changed.</summary>
    public bool TryScatter()
    {
        var pieces = ByteRanges.UpTo(Length);
        if (!_isKept || TryReplaceRecord(pieces))
        {
            _pieces = pieces;
        }

        return IsScattered;
    }

    /// <summary>Writes bytes where they belong, as several do at once.</summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_handle!, bytes, offset);
        lock (_writing)
        {
            _pieces!.Add(new ByteRange(offset, offset + bytes.Length));
            (Length, _hasUnsaved) = (_pieces.Prefix, true);
        }
    }

    /// <summary>What is not here of a file of this length.</summary>
    public IReadOnlyList<ByteRange> Missing(long length)
    {
        lock (_writing)
        {
            return (_pieces ?? ByteRanges.UpTo(Length)).Missing(length);
        }
    }

    /// <summary>Has a later run find the bytes that are here now. They are on the disk before it is said that they are: a power cut must not leave zeros in their place.</summary>
    public void SavePieces()
    {
        ByteRanges pieces;
        lock (_writing)
        {
            if (!_isKept || !_hasUnsaved)
            {
                return;
            }

            (pieces, _hasUnsaved) = (_pieces!.Below(long.MaxValue), false);
        }

        try
        {
            RandomAccess.FlushToDisk(_handle!);
            TryReplaceRecord(pieces);
        }
        catch (IOException)
        {
            // What was said last still is true; whoever writes on meets the error.
        }
    }

    /// <summary>Gives up what is here after a gap.</summary>
    public void KeepPrefix()
    {
        RandomAccess.SetLength(_handle!, Length);
        RandomAccess.FlushToDisk(_handle!);
        (_pieces, _hasUnsaved) = (null, false);
        // Where it cannot be said that all of it is there, less is said, which is true as well.
        _ = _isKept && TryReplaceRecord(null);
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

        if (FileModes.OfTarget(_target) is { } mode)
        {
            FileModes.Set(_handle!, mode);
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
            PartialRecordFile.Remove(_target);
        }
        else
        {
            // What an earlier download left of the target is in nobody's way any more, and of no use.
            Remove(_target);
        }
    }

    public void Dispose()
    {
        if (_handle is not null && !_committed && _isKept && Length > 0)
        {
            SavePieces();
        }
        else if (_handle is not null && !_committed)
        {
            File.Delete(_path);
            if (_path == PartialNames.PartOf(_target))
            {
                PartialRecordFile.Remove(_target);
            }
        }

        _handle?.Dispose();
        _handle = null;
    }

    /// <summary>Locked against everybody else. On Windows a name can be changed or removed only of a file that is open for it.</summary>
    private static SafeFileHandle Open(string path, FileMode mode) =>
        File.OpenHandle(path, mode, FileAccess.ReadWrite, OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None);

    /// <summary>Creates a file, readable only for its owner if it is to replace an existing one.</summary>
    private static SafeFileHandle Create(string path, string target)
    {
        if (OperatingSystem.IsWindows() || FileModes.OfTarget(target) is null)
        {
            return Open(path, FileMode.CreateNew);
        }

        return new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0, UnixCreateMode = FileModes.Private,
        }).SafeFileHandle;
    }

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

    /// <summary>Bytes that a record names and the file does not have are none.</summary>
    private void FindPieces()
    {
        if (Record?.Pieces is { } text)
        {
            _pieces = ByteRanges.TryParse(text, out ByteRanges pieces) ? pieces.Below(Length) : new ByteRanges();
            Length = _pieces.Prefix;
        }
    }

    private bool TryCreate()
    {
        try
        {
            _handle = Create(_path, _target);
            return true;
        }
        catch (IOException) when (Path.Exists(_path) || new FileInfo(_path).LinkTarget is not null)
        {
            return false;
        }
    }

    private bool TryReplaceRecord(ByteRanges? pieces)
    {
        PartialRecord record = Record! with { Pieces = pieces?.ToString() };
        bool isReplaced = PartialRecordFile.TryReplace(_target, record);
        Record = isReplaced ? record : Record;
        return isReplaced;
    }
}
