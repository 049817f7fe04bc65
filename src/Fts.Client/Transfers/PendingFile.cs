using Microsoft.Win32.SafeHandles;

namespace Fts.Client;

/// <summary>A local file being downloaded: hidden beside its target under a name of its own, renamed over it at the end, removed when it does not come to that.</summary>
/// <remarks>Owns the file until <see cref="Commit"/>.</remarks>
internal sealed class PendingFile : IDisposable
{
    private readonly string _target;
    private readonly string _path;
    private readonly SafeFileHandle _handle;
    private long _length;
    private bool _committed;

    private PendingFile(string target, string path) => (_target, _path, _handle) = (target, path, File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read));

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

    public static PendingFile Create(string target)
    {
        string full = Path.GetFullPath(target);
        return new PendingFile(full, Path.Combine(Path.GetDirectoryName(full)!, $".{Guid.NewGuid():N}.fts-part"));
    }

    /// <summary>Appends bytes; a local file is written synchronously, for nothing waits longer than the page cache.</summary>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(_handle, bytes, _length);
        _length += bytes.Length;
    }

    /// <summary>Gives the file its name and, when known, its time.</summary>
    /// <exception cref="FtpTargetExistsException">The target came into being meanwhile and is not to be replaced.</exception>
    public void Commit(DateTime? modifiedUtc, bool overwrite)
    {
        if (modifiedUtc is { } time)
        {
            File.SetLastWriteTimeUtc(_handle, time);
        }

        _handle.Dispose();
        try
        {
            File.Move(_path, _target, overwrite);
            _committed = true;
        }
        catch (IOException) when (!overwrite && Path.Exists(_target))
        {
            throw new FtpTargetExistsException(_target);
        }
    }

    public void Dispose()
    {
        _handle.Dispose();
        if (!_committed)
        {
            File.Delete(_path);
        }
    }
}
