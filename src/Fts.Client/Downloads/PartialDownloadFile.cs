using Fts.Client.Segments;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Downloads;

/// <summary>
/// The hidden local file that receives a download. It is in the directory of the target, and is renamed to the target when the download is
/// complete.
/// </summary>
/// <remarks>
/// <para>The name is derived from the target name, so that a later download finds the file. The open file is locked, and is deleted or
/// renamed only under the lock. A concurrent download to the same target uses a file with a random name. So does a download without
/// resumption (<see cref="PrepareTemporary"/>).</para>
/// <para>A <see cref="PartialDownloadRecord"/> beside the file is written while the file is empty, so that the bytes of one remote file
/// never exist beside the record of another. Later, the record is replaced only to list the ranges of bytes that exist
/// (<see cref="TryAllowGaps"/>).</para>
/// <para>This object owns the file until <see cref="Commit"/>.</para>
/// </remarks>
internal sealed class PartialDownloadFile : IDisposable
{
    private readonly string _target;
    private string _path;
    private readonly Lock _rangesLock = new();
    private SafeFileHandle? _handle;
    private ByteRanges? _ranges; // protected by _rangesLock while segments are written
    private bool _shouldKeep; // whether disposal keeps the file for a later download
    private bool _hasUnsavedRanges;
    private bool _isCommitted;

    private PartialDownloadFile(string target, string path) => (_target, _path) = (target, path);

    /// <summary>The number of bytes before the first gap (missing range).</summary>
    public long PrefixLength { get; private set; }

    /// <summary>Whether bytes may exist after a gap.</summary>
    public bool CanHaveGaps => _ranges is not null;

    /// <summary>The number of downloaded bytes in the file, including the bytes after gaps.</summary>
    public long PresentBytes => _ranges?.TotalLength ?? PrefixLength;

    /// <summary>The description of the remote file; null if it is unknown, or if the partial file does not exist yet.</summary>
    public PartialDownloadRecord? Record { get; private set; }

    /// <summary>The open file. Valid after <see cref="CreateOrTruncate"/>, or if <see cref="PrefixLength"/> is not 0.</summary>
    public SafeFileHandle Handle => _handle!;

    /// <summary>Returns whether a partial file of the target exists.</summary>
    public static bool Exists(string target) => File.Exists(PartialDownloadNames.GetPartialPath(Path.GetFullPath(target)));

    /// <summary>
    /// Opens and locks the partial file of an earlier download, if the file exists and no other download uses it. Never creates a file.
    /// If the method opens no file, the returned object has no open file until <see cref="CreateOrTruncate"/> is called.
    /// </summary>
    public static PartialDownloadFile Open(string target)
    {
        string full = Path.GetFullPath(target);
        var file = new PartialDownloadFile(full, PartialDownloadNames.GetPartialPath(full));
        if (File.Exists(file._path) && TryOpenOwn(file._path) is { } handle)
        {
            (file._handle, file._shouldKeep) = (handle, true);
            (file.PrefixLength, file.Record) = (RandomAccess.GetLength(handle), PartialDownloadRecord.Read(full));
            file.LoadRanges();
        }

        return file;
    }

    /// <summary>Deletes the partial file of a target and its record, unless another download uses the file.</summary>
    /// <param name="target">A full path.</param>
    public static void DeletePartialFile(string target)
    {
        using PartialDownloadFile file = Open(target);
        file.DiscardOnDispose();
    }

    /// <summary>
    /// Makes the open file readable only by its owner if the target exists, because other users may have no permission to read the target.
    /// <see cref="Commit"/> sets the target's mode.
    /// </summary>
    public void RestrictMode()
    {
        if (_handle is { } handle && FileModes.GetTargetMode(_target) is not null)
        {
            FileModes.SetMode(handle, FileModes.OwnerOnly);
        }
    }

    /// <summary>
    /// Prepares a download without resumption. <see cref="CreateOrTruncate"/> creates a file with a random name, and disposal deletes that
    /// file unless it is committed. The partial file of an earlier download is not used.
    /// </summary>
    public static PartialDownloadFile PrepareTemporary(string target)
    {
        string full = Path.GetFullPath(target);
        return new PartialDownloadFile(full, PartialDownloadNames.CreateTemporaryPath(full));
    }

    /// <summary>Creates the file, or removes all bytes of an earlier download.</summary>
    /// <param name="record">
    /// The description of the remote file; null if a later download could not verify the bytes. Without a record, the bytes are not kept.
    /// </param>
    public void CreateOrTruncate(PartialDownloadRecord? record)
    {
        bool canKeep = record is not null && _path == PartialDownloadNames.GetPartialPath(_target);
        if (_handle is not null)
        {
            RestrictMode();
            RandomAccess.SetLength(_handle, 0);
            // Even after a power failure, the old bytes must not exist beside the new record.
            RandomAccess.FlushToDisk(_handle);
            (PrefixLength, _ranges, _hasUnsavedRanges) = (0, null, false);
        }
        else if (!canKeep || !TryCreate())
        {
            canKeep = false;
            _path = PartialDownloadNames.CreateTemporaryPath(_target);
            _handle = Create(_path, _target);
        }

        if (_path == PartialDownloadNames.GetPartialPath(_target))
        {
            PartialDownloadRecord.Delete(_target);
        }

        _shouldKeep = canKeep && record!.TryWrite(_target);
        Record = record;
    }

    /// <summary>Appends bytes. Writes synchronously, because a write to the page cache does not wait for the disk.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_handle!, bytes, PrefixLength);
        PrefixLength += bytes.Length;
    }

    /// <summary>
    /// Appends bytes synchronously, with the signature of <see cref="Stream.WriteAsync(ReadOnlyMemory{byte}, CancellationToken)"/>.
    /// </summary>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        Write(bytes.Span);
        return default;
    }

    /// <summary>
    /// Allows writes in any order. Returns false and changes nothing if the record cannot be replaced, because a later download would treat
    /// gaps as content.
    /// </summary>
    public bool TryAllowGaps()
    {
        var ranges = ByteRanges.FromStart(PrefixLength);
        if (!_shouldKeep || TryReplaceRecord(ranges))
        {
            _ranges = ranges;
        }

        return CanHaveGaps;
    }

    /// <summary>
    /// Writes bytes at an offset, after <see cref="TryAllowGaps"/>. Several threads may call this method at the same time.
    /// </summary>
    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_handle!, bytes, offset);
        lock (_rangesLock)
        {
            _ranges!.Add(new ByteRange(offset, offset + bytes.Length));
            (PrefixLength, _hasUnsavedRanges) = (_ranges.PrefixLength, true);
        }
    }

    /// <summary>Returns the ranges that are missing from a file of the given length in bytes, in ascending order.</summary>
    public IReadOnlyList<ByteRange> GetMissingRanges(long length)
    {
        lock (_rangesLock)
        {
            return (_ranges ?? ByteRanges.FromStart(PrefixLength)).GetMissing(length);
        }
    }

    /// <summary>Writes the ranges of the existing bytes to the record, so that a later download finds them.</summary>
    /// <remarks>The bytes are flushed first, because a power failure could otherwise leave zeros in ranges that the record lists.</remarks>
    public void SaveRanges()
    {
        ByteRanges ranges;
        lock (_rangesLock)
        {
            if (!_shouldKeep || !_hasUnsavedRanges)
            {
                return;
            }

            (ranges, _hasUnsavedRanges) = (_ranges!.GetBelow(long.MaxValue), false);
        }

        try
        {
            RandomAccess.FlushToDisk(_handle!);
            TryReplaceRecord(ranges);
        }
        catch (IOException)
        {
            // The earlier record is still correct. If the error persists, the next write throws it.
        }
    }

    /// <summary>Removes the bytes after the first gap.</summary>
    public void TruncateToPrefix()
    {
        RandomAccess.SetLength(_handle!, PrefixLength);
        RandomAccess.FlushToDisk(_handle!);
        (_ranges, _hasUnsavedRanges) = (null, false);
        // If the record cannot be replaced, it lists fewer bytes than exist, which is safe.
        if (_shouldKeep)
        {
            TryReplaceRecord(null);
        }
    }

    /// <summary>Deletes the file and its record on disposal, instead of keeping them for a later download.</summary>
    public void DiscardOnDispose() => _shouldKeep = false;

    /// <summary>Sets the last-modified time and the mode, if they are known, and renames the file to the target.</summary>
    /// <exception cref="FtpTargetExistsException">The target exists, and <paramref name="overwrite"/> is false.</exception>
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
            // Release the lock, because other processes may open the target.
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
            // The partial file of an earlier download is obsolete.
            DeletePartialFile(_target);
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

    /// <summary>Opens and locks a file. Windows can rename or delete an open file only with <see cref="FileShare.Delete"/>.</summary>
    private static SafeFileHandle Open(string path, FileMode mode) =>
        File.OpenHandle(path, mode, FileAccess.ReadWrite, OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None);

    /// <summary>Creates a file, readable only by its owner if it will replace an existing file.</summary>
    private static SafeFileHandle Create(string path, string target)
    {
        if (OperatingSystem.IsWindows() || FileModes.GetTargetMode(target) is null)
        {
            return Open(path, FileMode.CreateNew);
        }

        return new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 0,
            UnixCreateMode = FileModes.OwnerOnly,
        }).SafeFileHandle;
    }

    /// <summary>
    /// Opens and locks an earlier partial file. Returns null if another download uses the file, or if it is not a regular file of this
    /// user.
    /// </summary>
    public static SafeFileHandle? TryOpenOwn(string path)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = Open(path, FileMode.Open);
            // Another download may have renamed the file to the target after the open call and before the lock.
            if (LocalFileCheck.IsOwnFileAt(path, handle))
            {
                return handle;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The file is locked, deleted, or not accessible.
        }

        handle?.Dispose();
        return null;
    }

    /// <summary>Loads the ranges that the record lists, if any. Ranges beyond the end of the file are ignored.</summary>
    private void LoadRanges()
    {
        if (Record?.Ranges is { } text)
        {
            _ranges = ByteRanges.TryParse(text, out ByteRanges ranges) ? ranges.GetBelow(PrefixLength) : new ByteRanges();
            PrefixLength = _ranges.PrefixLength;
        }
    }

    /// <summary>Creates the file. Returns false if a file or link with its name exists.</summary>
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

    /// <summary>Replaces the record to list the given ranges, or no ranges if null. Returns false if that fails.</summary>
    private bool TryReplaceRecord(ByteRanges? ranges)
    {
        PartialDownloadRecord record = Record! with { Ranges = ranges?.ToString() };
        if (!record.TryReplace(_target))
        {
            return false;
        }

        Record = record;
        return true;
    }
}
