using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local;

/// <summary>A pending file beside its target, by path.</summary>
internal sealed class PortablePendingFile : IPendingFile
{
    private readonly string _pendingPath;
    private readonly string _path;
    private readonly bool _createOnly;
    private bool _committed;
    private bool _disposed;

    private PortablePendingFile(string pendingPath, string path, SafeFileHandle handle, long? committedLength, bool createOnly) =>
        (_pendingPath, _path, Handle, CommittedLength, _createOnly) = (pendingPath, path, handle, committedLength, createOnly);

    public SafeFileHandle Handle { get; }

    public long? CommittedLength { get; }

    /// <summary>Makes the file beside <paramref name="real"/>, which holds no link.</summary>
    public static PortablePendingFile Create(string real, FileEntry? committed, bool createOnly)
    {
        if (committed is not null)
        {
            // A rename asks nothing of the file it replaces; a read-only file must be as safe from it as from being opened for writing.
            File.OpenHandle(real, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete).Dispose();
        }

        string pendingPath = Path.Combine(Path.GetDirectoryName(real)!, PendingNames.New());
        SafeFileHandle handle = File.OpenHandle(pendingPath, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        var pending = new PortablePendingFile(pendingPath, real, handle, committed?.Length, createOnly);
        try
        {
            if (committed?.UnixMode is { } mode && !OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(handle, mode);
            }

            return pending;
        }
        catch
        {
            pending.Dispose();
            throw;
        }
    }

    public SafeFileHandle? OpenCommitted() => PortableRootDirectory.Guard(() =>
        File.Exists(_path) && new FileInfo(_path).LinkTarget is null ? File.OpenHandle(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete) : null);

    public void Commit() => _committed = PortableRootDirectory.Guard(() =>
    {
        if (Directory.Exists(_path) && new FileInfo(_path).LinkTarget is null)
        {
            throw new StoreException(StoreError.NotAFile, _path);
        }

        File.Move(_pendingPath, _path, overwrite: !_createOnly);
        return true;
    });

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Handle.Dispose();
        if (_committed)
        {
            return;
        }

        try
        {
            File.Delete(_pendingPath);
        }
        catch (Exception exception) when (SystemErrors.IsRefusal(exception))
        {
            // Leaves a file nobody can see; whoever breaks off an upload has no use for the reason.
        }
    }
}
