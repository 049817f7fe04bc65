using Fts.Storage.Local;
using Fts.Storage.Memory;
using Fts.Storage.Tests.Folding;
using Fts.Storage.Tests.Mounts;

namespace Fts.Storage.Tests;

/// <summary>A store for the contract tests, and its temporary directory if it is on disk.</summary>
public sealed class StoreUnderTest : IDisposable
{
    private readonly FuseMount? _mount;

    private StoreUnderTest(
        IFileStore store, TemporaryDirectory? folder, FuseMount? mount = null) => (Store, DirectoryOnDisk, _mount) = (store, folder, mount);

    public IFileStore Store { get; }

    public TemporaryDirectory? DirectoryOnDisk { get; }

    public static StoreUnderTest Kernel() => CreateLocal(portable: false);

    public static StoreUnderTest Portable() => CreateLocal(portable: true);

    public static StoreUnderTest DurableKernel() => CreateLocal(portable: false, new LocalStoreOptions { IsDurable = true });

    public static StoreUnderTest DurablePortable() => CreateLocal(portable: true, new LocalStoreOptions { IsDurable = true });

    public static StoreUnderTest Kernel(PartialUploadLimits limits) =>
        CreateLocal(portable: false, new LocalStoreOptions { PartialUploadLimits = limits });

    public static StoreUnderTest Portable(PartialUploadLimits limits) =>
        CreateLocal(portable: true, new LocalStoreOptions { PartialUploadLimits = limits });

    public static StoreUnderTest InMemory() => new(new MemoryFileStore(), null);

    public static StoreUnderTest InMemory(PartialUploadLimits limits) => new(new MemoryFileStore(partialUploads: limits), null);

    /// <summary>Creates a store whose tree is a mounted store in the tree of another store.</summary>
    public static StoreUnderTest Mounted()
    {
        StoreUnderTest inner = CreateLocal(portable: false);
        return new(new MountPointView(inner.Store), inner.DirectoryOnDisk);
    }

    /// <summary>Creates a store on a file system that folds names. Skips the test if no such file system can be mounted.</summary>
    public static StoreUnderTest OnFoldingFileSystem(bool portable)
    {
        var folder = new TemporaryDirectory();
        try
        {
            FuseMount? mount = FuseMount.TryMount(folder.Path);
            Assert.SkipWhen(mount is null, "Mounting a file system needs root and /dev/fuse.");
            return new(new LocalFileStore(folder.Path, portable), folder, mount);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        (Store as IDisposable)?.Dispose();
        _mount?.Dispose();
        DirectoryOnDisk?.Dispose();
    }

    /// <summary>Creates empty files. On disk it creates them without the store, which is faster.</summary>
    public async Task SeedAsync(IEnumerable<string> names, CancellationToken cancellationToken)
    {
        foreach (string name in names)
        {
            if (DirectoryOnDisk is not null)
            {
                File.Create(DirectoryOnDisk[name]).Dispose();
            }
            else
            {
                await Store.WriteFileAsync(StorePath.Root.Child(name), [], cancellationToken);
            }
        }
    }

    private static StoreUnderTest CreateLocal(bool portable, LocalStoreOptions? options = null)
    {
        var folder = new TemporaryDirectory();
        try
        {
            return new(new LocalFileStore(folder.Path, portable, options), folder);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }
}

/// <summary>A temporary directory that is deleted after the test.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("fts-storage-").FullName;

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException) when (OperatingSystem.IsLinux())
        {
            // .NET cannot delete entries whose names are not UTF-8.
            using var remove = System.Diagnostics.Process.Start("rm", ["-rf", Path]);
            remove.WaitForExit();
        }
    }
}
