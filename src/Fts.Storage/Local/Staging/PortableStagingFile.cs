using System.Collections.Concurrent;
using Fts.Storage.Local.Portable;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local.Staging;

/// <summary>
/// A pending file beside its target, by path. Which ones are being written is known for this process alone: locks that hold on every system would keep readers
/// from a file in the moment it is committed. Two servers that share a folder without the kernel's confinement are not told apart.
/// </summary>
internal sealed class PortablePendingFile : IPendingFile
{
    private static readonly ConcurrentDictionary<string, bool> s_written = new(StringComparer.Ordinal);

    private readonly string _path;
    private readonly bool _createOnly;
    private readonly string? _slot;
    private string _pendingPath;
    private bool _isLeft;
    private bool _disposed;

    private PortablePendingFile(string pendingPath, string path, WriteStart start, string? slot)
    {
        (_pendingPath, _path, _createOnly, _slot) = (pendingPath, path, start.CreateOnly, slot);
        Handle = null!;
    }

    public SafeFileHandle Handle { get; private set; }

    public long? CommittedLength { get; private init; }

    public long? KeptLength { get; private set; }

    public string? KeptName => Path.GetFileName(_slot);

    public required string FolderPath { get; init; }

    /// <summary>Makes the file beside <paramref name="real"/>, which holds no link, or takes the one there that is continued.</summary>
    /// <param name="real">The path of the target, free of links.</param>
    /// <param name="folderPath">The path of its folder relative to the root.</param>
    /// <param name="committed">The metadata of the existing file, or null.</param>
    /// <param name="start">How the upload begins.</param>
    public static PortablePendingFile Open(string real, string folderPath, FileEntry? committed, WriteStart start)
    {
        if (committed is not null)
        {
            // A rename asks nothing of the file it replaces; a read-only file must be as safe from it as from being opened for writing.
            File.OpenHandle(real, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete).Dispose();
        }

        // What is continued is found under its name; what begins as a copy gets it when it is one.
        string? kept = start is { Uploader: { } uploader, KeepsContent: true } ? SlotsOf(real, uploader, committed).FirstOrDefault(one => s_written.ContainsKey(one) || Path.Exists(one)) : null;
        if (start is { Uploader: { } anew, KeepsContent: false } && committed is not null)
        {
            TryRemove(SlotOf(real, anew, committed)); // given up, too
        }

        string? slot = kept ?? (start.Uploader is { } whose ? SlotOf(real, whose, start.KeepsContent ? committed : null) : null);
        bool hasSlot = (kept is not null || (slot is not null && !start.KeepsContent)) && s_written.TryAdd(slot!, true);
        if (kept is not null && !hasSlot)
        {
            throw new StoreException(StoreError.Busy, $"{real} is being uploaded by another.");
        }

        string pendingPath = hasSlot ? slot! : Path.Combine(Path.GetDirectoryName(real)!, PendingNames.New());
        var pending = new PortablePendingFile(pendingPath, real, start, slot) { CommittedLength = committed?.Length, FolderPath = folderPath };
        try
        {
            pending.OpenHandle(start, committed?.UnixMode);
            UnixFileMode? final = committed is not null ? committed.Value.UnixMode : pending.KeptLength is not null ? FileModes.NewFile : null;
            if (final is { } mode && !OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(pending.Handle, mode);
            }

            return pending;
        }
        catch
        {
            pending._isLeft |= pending.KeptLength is not null;
            pending.Dispose();
            throw;
        }
    }

    /// <summary>What is left to be continued of an uploader's upload to <paramref name="real"/>; null while it is written.</summary>
    public static PendingUpload? Find(string real, string uploader)
    {
        foreach (string slot in SlotsOf(real, uploader, PortableRootDirectory.Facts(real)))
        {
            if (FindAt(slot) is { } facts)
            {
                return new PendingUpload(facts.Length, facts.Modified);
            }
        }

        return null;
    }

    /// <summary>Returns the metadata of a partial upload; null if none exists at this path, or while it is being written.</summary>
    public static FileEntry? FindAt(string pendingPath) =>
        !s_written.ContainsKey(pendingPath) && PortableRootDirectory.Facts(pendingPath) is { Kind: EntryKind.File } facts ? facts : null;

    /// <summary>Removes a pending file if nobody writes it and, where <paramref name="before"/> says so, if it was last written before then.</summary>
    public static bool TryRemove(string pendingPath, DateTime? before = null)
    {
        if (!s_written.TryAdd(pendingPath, true))
        {
            return false;
        }

        try
        {
            if (PortableRootDirectory.Facts(pendingPath) is not { Kind: EntryKind.File } facts || facts.Modified >= before)
            {
                return false;
            }

            File.Delete(pendingPath);
            return true;
        }
        finally
        {
            s_written.TryRemove(pendingPath, out _);
        }
    }

    /// <summary>The pending files of a folder, written or left.</summary>
    public static List<string> AllIn(string folder, bool recursive) =>
        [.. Directory.EnumerateFiles(folder, PathRules.PendingPrefix + "*", new EnumerationOptions { RecurseSubdirectories = recursive, AttributesToSkip = FileAttributes.ReparsePoint })];

    /// <summary>
    /// Runs <paramref name="call"/>, which needs an empty folder, on a folder that may contain partial uploads. They are first moved to the
    /// parent folder under random hidden names, then deleted if the call succeeds or moved back if it throws. Returns false, without
    /// calling it, if the folder contains anything else.
    /// </summary>
    public static bool TryClear(string folder, Action call)
    {
        var names = new List<string>();
        foreach (string entry in Directory.EnumerateFileSystemEntries(folder))
        {
            if (!PathRules.IsReserved(Path.GetFileName(entry)))
            {
                return false;
            }

            names.Add(entry);
        }

        var held = new List<string>(names.Count);
        var moved = new List<(string Upload, string Aside)>(names.Count);
        bool isDone = false;
        try
        {
            foreach (string name in names)
            {
                if (!s_written.TryAdd(name, true))
                {
                    return false; // an upload in progress
                }

                held.Add(name);
                if (PortableRootDirectory.Facts(name) is not { Kind: EntryKind.File })
                {
                    return false;
                }
            }

            foreach (string name in names)
            {
                string aside = Path.Combine(Path.GetDirectoryName(folder)!, PendingNames.New());
                File.Move(name, aside);
                moved.Add((name, aside));
            }

            call();
            isDone = true;
        }
        finally
        {
            foreach ((string upload, string aside) in moved)
            {
                DiscardOrMoveBack(upload, aside, isDone);
            }

            held.ForEach(name => s_written.TryRemove(name, out _));
        }

        return true;
    }

    /// <summary>Does not throw, because the other partial uploads must be moved back as well. A file that stays aside is removed by a sweep.</summary>
    private static void DiscardOrMoveBack(string upload, string aside, bool isDiscarded)
    {
        try
        {
            // A newer partial upload of the same name replaces it.
            if (isDiscarded || Path.Exists(upload))
            {
                File.Delete(aside);
            }
            else
            {
                File.Move(aside, upload);
            }
        }
        catch (Exception exception) when (SystemErrors.IsRefusal(exception))
        {
            // The caller gets the result of its own call.
        }
    }

    /// <summary>Removes what is left to be continued of an uploader's upload to <paramref name="real"/>; false where there is nothing.</summary>
    public static bool GiveUp(string real, string uploader)
    {
        bool isRemoved = false;
        foreach (string slot in SlotsOf(real, uploader, PortableRootDirectory.Facts(real)))
        {
            isRemoved |= TryRemove(slot);
        }

        return isRemoved;
    }

    public SafeFileHandle? OpenCommitted() => PortableRootDirectory.Guard(() =>
        File.Exists(_path) && new FileInfo(_path).LinkTarget is null ? File.OpenHandle(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete) : null);

    /// <summary>By path: two spellings of one folder are flushed twice.</summary>
    public ulong FolderId => (ulong)Path.GetDirectoryName(_path)!.GetHashCode(StringComparison.Ordinal);

    public void BeginFlush()
    {
    }

    public void Flush() => PortableRootDirectory.Guard(() =>
    {
        RandomAccess.FlushToDisk(Handle);
        return true;
    });

    public void FlushFolder() => FolderFlush.Run(Path.GetDirectoryName(_path)!);

    public void Commit() => _isLeft = PortableRootDirectory.GuardNaming(() =>
    {
        if (Directory.Exists(_path) && new FileInfo(_path).LinkTarget is null)
        {
            throw new StoreException(StoreError.NotAFile, _path);
        }

        File.Move(_pendingPath, _path, overwrite: !_createOnly);
        return true;
    });

    public void Enter()
    {
        if (!TryEnter())
        {
            throw new StoreException(StoreError.Busy, $"{_path} is being uploaded by another.");
        }
    }

    public bool Keep()
    {
        if (_slot is not null && !OperatingSystem.IsWindows() && FileModes.NewFile is not null)
        {
            try
            {
                File.SetUnixFileMode(Handle, FileModes.AtRest);
            }
            catch (Exception exception) when (SystemErrors.IsRefusal(exception))
            {
                // A file system without permission bits.
            }
        }

        return _isLeft |= TryEnter();
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Handle?.Dispose();
        try
        {
            if (!_isLeft)
            {
                File.Delete(_pendingPath);
            }
        }
        catch (Exception exception) when (SystemErrors.IsRefusal(exception))
        {
            // Leaves a file nobody can see; whoever breaks off an upload has no use for the reason.
        }

        s_written.TryRemove(_pendingPath, out _);
    }

    private static string SlotOf(string real, string uploader, FileEntry? copied) =>
        Path.Combine(Path.GetDirectoryName(real)!, PendingNames.For(Path.GetFileName(real), uploader, copied));

    /// <summary>The paths in which to look for an uploader's partial upload to <paramref name="real"/>.</summary>
    public static IEnumerable<string> SlotsOf(string real, string uploader, FileEntry? committed) =>
        PendingNames.All(Path.GetFileName(real), uploader, committed is { Kind: EntryKind.File } ? committed : null).Select(name => Path.Combine(Path.GetDirectoryName(real)!, name));

    private bool TryEnter()
    {
        string before = _pendingPath;
        if (_slot is null || before == _slot || !s_written.TryAdd(_slot, true))
        {
            return _slot is not null && before == _slot;
        }

        PortableRootDirectory.Guard(() =>
        {
            File.Move(before, _slot, overwrite: true);
            return true;
        });
        _pendingPath = _slot;
        s_written.TryRemove(before, out _);
        return true;
    }

    private void OpenHandle(WriteStart start, UnixFileMode? mode)
    {
        s_written.TryAdd(_pendingPath, true);
        FileEntry? kept = _pendingPath == _slot ? PortableRootDirectory.Facts(_pendingPath) : null;
        if (kept is { Kind: not EntryKind.File })
        {
            _isLeft = true;
            throw new StoreException(StoreError.Busy, $"{_path}: something else has the place of its upload.");
        }

        if (kept is not null && start.KeepsContent)
        {
            Handle = File.OpenHandle(_pendingPath, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            KeptLength = RandomAccess.GetLength(Handle);
            return;
        }

        if (kept is not null)
        {
            File.Delete(_pendingPath);
        }

        // Without a buffer, the stream holds nothing but its handle, which stays usable without it.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0 };
        if (!OperatingSystem.IsWindows() && mode is not null)
        {
            // From the start, the mode grants no more than that of the replaced file.
            options.UnixCreateMode = mode;
        }

        Handle = new FileStream(_pendingPath, options).SafeFileHandle;
    }
}
