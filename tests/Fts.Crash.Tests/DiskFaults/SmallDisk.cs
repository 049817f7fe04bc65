using Fts.ProgramTests.Support;

namespace Fts.CrashTests.DiskFaults;

/// <summary>A tmpfs small enough to be filled, mounted for one test. Disposing it unmounts it.</summary>
internal sealed class SmallDisk : IAsyncDisposable
{
    private SmallDisk()
    {
    }

    public TestFolder Folder { get; } = new();

    /// <summary>The free space in bytes.</summary>
    public long FreeBytes => new DriveInfo(Folder.Path).AvailableFreeSpace;

    /// <summary>Mounts the file system. Skips the test if that is not possible.</summary>
    /// <param name="limits">Options of tmpfs, for example <c>size=1m</c>.</param>
    public static async Task<SmallDisk> MountAsync(string limits)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux has tmpfs.");
        var disk = new SmallDisk();
        (int code, string error) = await RunAsync("mount", "-t", "tmpfs", "-o", $"{limits},mode=0777", "fts-tiny-disk", disk.Folder.Path);
        if (code != 0)
        {
            disk.Folder.Dispose();
            Assert.Skip($"Mounting is not allowed here: {error}");
        }

        return disk;
    }

    /// <summary>Remounts the file system read-only.</summary>
    public async Task RemountReadOnlyAsync()
    {
        (int code, string error) = await RunAsync("mount", "-o", "remount,ro", Folder.Path);
        Assert.True(code == 0, error);
    }

    public async ValueTask DisposeAsync()
    {
        (int code, string error) = await RunAsync("umount", Folder.Path);
        Folder.Dispose();
        Assert.True(code == 0, error);
    }

    private static async Task<(int Code, string Error)> RunAsync(string program, params string[] arguments)
    {
        await using RunningProgram run = RunningProgram.StartFile(program, "/", arguments);
        return (await run.WaitForExitAsync(), run.Messages.Trim());
    }
}
