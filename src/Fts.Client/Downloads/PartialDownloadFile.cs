using Fts.Client.Segments;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Downloads;

/// <summary>
/// A local file being downloaded: hidden beside its target, renamed over it at the end. Its name follows from the target's, so that a later run finds what an
/// earlier one left, with a <see cref="PartialDownloadRecord"/> beside it. The open file is locked; a second download to the same target takes a file that nobody finds.
/// </summary>
/// <remarks>
/// Owns the file until <see cref="Commit"/>. The record is written while the file is empty, so that at no moment bytes stand beside a record of another file; after
/// that only to say which bytes are there, where they come in no order (<see cref="TryAllowGaps"/>). What is removed or renamed is so while it is locked: else it could be another run's by then.
/// </remarks>
internal sealed class PartialDownloadFile : IDisposable
{
    private readonly string _target;
    private string _path;
    private readonly Lock _rangesLock = new();
    private SafeFileHandle? _handle;
    private ByteRanges? _ranges;
    private bool _shouldKeep;
    private bool _hasUnsavedRanges;
    private bool _isCommitted;

    private PartialDownloadFile(string target, string path) => (_target, _path) = (target, path);

    /// <summary>Bytes that are here from the beginning.</summary>
    public long PrefixLength { get; private set; }

    /// <summary>Whether there may be bytes after a gap.</summary>
    public bool CanHaveGaps => _ranges is not null;

    /// <summary>Bytes that are here, wherever.</summary>
    public long PresentBytes => _ranges?.TotalLength ?? PrefixLength;

    /// <summary>What they are a part of; null when there are none, or nobody knows.</summary>
    public PartialDownloadRecord? Record { get; private set; }

    /// <summary>For reading what was written.</summary>
    public SafeFileHandle Handle => _handle!;

    /// <summary>Whether an earlier download to a target left something.</summary>
    public static bool Exists(string target) => File.Exists(PartialDownloadNames.GetPartialPath(Path.GetFullPath(target)));

    /// <summary>Opens what an earlier download left, if it did and nobody is at it. Nothing is made or changed before <see cref="CreateOrTruncate"/>.</summary>
    public static PartialDownloadFile Open(string target)
    {
        string full = Path.GetFullPath(target);
        var file = new PartialDownloadFile(full, PartialDownloadNames.GetPartialPath(full));
        if (File.Exists(file._path) && TryOpenOwn(file._path) is { } handle)
        {
            (file._handle, file._shouldKeep, file.PrefixLength, file.Record) = (handle, true, RandomAccess.GetLength(handle), PartialDownloadRecord.Read(full));
            file.LoadRanges();
        }

        return file;
    }

    /// <summary>Removes what an earlier download to a target left, if it did and nobody is at it.</summary>
    /// <param name="target">A full path.</param>
    public static void Delete(string target)
    {
        using PartialDownloadFile left = Open(target);
        left.DiscardOnDispose();
    }

    /// <summary>
    /// Makes an earlier partial file readable only for its owner, if the target exists: other users may have no permission to read the
    /// target. <see cref="Commit"/> sets the target's mode.
    /// </summary>
    public void RestrictMode()
    {
        if (_handle is { } handle && FileModes.GetTargetMode(_target) is not null)
        {
            FileModes.SetMode(handle, FileModes.OwnerOnly);
        }
    }

    /// <summary>One that is removed unless it is committed, and looks at nothing that an earlier download left.</summary>
    public static PartialDownloadFile CreateTemporary(string target) => new(Path.GetFullPath(target), PartialDownloadNames.CreateTemporaryPath(Path.GetFullPath(target)));

    /// <summary>Makes the file, or empties what is left of an earlier one.</summary>
    /// <param name="record">What it becomes a part of; null when nothing could prove that later, so that it is not worth keeping.</param>
    public void CreateOrTruncate(PartialDownloadRecord? record)
    {
        bool mayKeep = record is not null && _path == PartialDownloadNames.GetPartialPath(_target);
        if (_handle is not null)
        {
            RestrictMode();
            RandomAccess.SetLength(_handle, 0);
            // After a power cut, too, the old bytes must not stand beside the new record.
            RandomAccess.FlushToDisk(_handle);
            (PrefixLength, _ranges, _hasUnsavedRanges) = (0, null, false);
        }
        else if (!mayKeep || !TryCreate())
        {
            mayKeep = false;
            _path = PartialDownloadNames.CreateTemporaryPath(_target);
            _handle = Create(_path, _target);
        }

        if (_path == PartialDownloadNames.GetPartialPath(_target))
        {
            PartialDownloadRecord.Delete(_target);
        }

        _shouldKeep = mayKeep && record!.TryWrite(_target);
        Record = record;
    }

    /// <summary>Appends bytes; a local file is written synchronously, for nothing waits longer than the page cache.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_handle!, bytes, PrefixLength);
        PrefixLength += bytes.Length;
    }

    /// <summary>As <see cref="Write(ReadOnlySpan{byte})"/>, as the target of a copy.</summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Write(bytes.Span);
        return default;
    }

    /// <summary>From now on bytes may come in any order. False where that could not be told to a later run, which would take gaps for content: then nothing is changed.</summary>
    public bool TryAllowGaps()
    {
        var pieces = ByteRanges.FromStart(PrefixLength);
        if (!_shouldKeep || TryReplaceRecord(pieces))
        {
            _ranges = pieces;
        }

        return CanHaveGaps;
    }

    /// <summary>Writes bytes where they belong, as several do at once.</summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_handle!, bytes, offset);
        lock (_rangesLock)
        {
            _ranges!.Add(new ByteRange(offset, offset + bytes.Length));
            (PrefixLength, _hasUnsavedRanges) = (_ranges.PrefixLength, true);
        }
    }

    /// <summary>What is not here of a file of this length.</summary>
    public IReadOnlyList<ByteRange> GetMissingRanges(long length)
    {
        lock (_rangesLock)
        {
            return (_ranges ?? ByteRanges.FromStart(PrefixLength)).GetMissing(length);
        }
    }

    /// <summary>Has a later run find the bytes that are here now. They are on the disk before it is said that they are: a power cut must not leave zeros in their place.</summary>
    public void SaveRanges()
    {
        ByteRanges pieces;
        lock (_rangesLock)
        {
            if (!_shouldKeep || !_hasUnsavedRanges)
            {
                return;
            }

            (pieces, _hasUnsavedRanges) = (_ranges!.GetBelow(long.MaxValue), false);
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
    public void TruncateToPrefix()
    {
        RandomAccess.SetLength(_handle!, PrefixLength);
        RandomAccess.FlushToDisk(_handle!);
        (_ranges, _hasUnsavedRanges) = (null, false);
        // Where it cannot be said that all of it is there, less is said, which is true as well.
        _ = _shouldKeep && TryReplaceRecord(null);
    }

    /// <summary>What came is of no use: nothing of it is kept.</summary>
    public void DiscardOnDispose() => _shouldKeep = false;

    /// <summary>Gives the file its name and, when known, its time.</summary>
    /// <exception cref="FtpTargetExistsException">The target came into being meanwhile and is not to be replaced.</exception>
    public void Commit(DateTime? lastModifiedUtc, bool overwrite)
    {
        if (lastModifiedUtc is { } time)
        {
            File.SetLastWriteTimeUtc(_handle!, time);
        }

        if (FileModes.GetTargetMode(_target) is { } mode)
        {
            FileModes.SetMode(_handle!, mode);
        }

        try
        {
            File.Move(_path, _target, overwrite);
            _isCommitted = true;
            // Whoever reads the target is not to find it locked.
            _handle!.Dispose();
        }
        catch (IOException) when (!overwrite && Path.Exists(_target))
        {
            throw new FtpTargetExistsException(_target);
        }

        if (_path == PartialDownloadNames.GetPartialPath(_target))
        {
            PartialDownloadRecord.Delete(_target);
        }
        else
        {
            // What an earlier download left of the target is in nobody's way any more, and of no use.
            Delete(_target);
        }
    }

    public void Dispose()
    {
        if (_handle is not null && !_isCommitted && _shouldKeep && PrefixLength > 0)
        {
            SaveRanges();
        }
        else if (_handle is not null && !_isCommitted)
        {
            File.Delete(_path);
            if (_path == PartialDownloadNames.GetPartialPath(_target))
            {
                PartialDownloadRecord.Delete(_target);
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
        if (OperatingSystem.IsWindows() || FileModes.GetTargetMode(target) is null)
        {
            return Open(path, FileMode.CreateNew);
        }

        return new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0, UnixCreateMode = FileModes.OwnerOnly,
        }).SafeFileHandle;
    }

    /// <summary>Null when another run is at it, or it is no file of ours.</summary>
    private static SafeFileHandle? TryOpenOwn(string path)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = Open(path, FileMode.Open);
            // The other run may have renamed it between the opening and the lock: then it is the target by now.
            if (LocalFileCheck.IsOwnFileAt(path, handle))
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
    private void LoadRanges()
    {
        if (Record?.Ranges is { } text)
        {
            _ranges = ByteRanges.TryParse(text, out ByteRanges pieces) ? pieces.GetBelow(PrefixLength) : new ByteRanges();
            PrefixLength = _ranges.PrefixLength;
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
        PartialDownloadRecord record = Record! with { Ranges = pieces?.ToString() };
        bool isReplaced = record.TryReplace(_target);
        Record = isReplaced ? record : Record;
        return isReplaced;
    }
}
