using System.Globalization;
using System.Security.Cryptography;
using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests.DiskFaults;

/// <summary>A disk that takes no more: 452, and nothing is lost by it, neither a file nor the session nor the space.</summary>
public sealed class FullDiskTests
{
    private const int DiskBytes = 1024 * 1024;

    /// <summary>What the portable engine receives, and what the kernel does.</summary>
    private const int Small = 200 * 1024, Large = 5 * 1024 * 1024;

    [Theory]
    [InlineData(Small)]
    [InlineData(Large)]
    [InlineData(Small, "--durable")]
    [InlineData(Large, "--durable")]
    public async Task An_upload_that_does_not_fit_answers_452_and_leaves_the_old_file(int size, params string[] options)
    {
        await using TinyDisk disk = await TinyDisk.MountAsync($"size={DiskBytes}");
        await using RunningServer server = await RunningServer.OnFolderAsync(disk.Folder, [], options);
        using FtpWire wire = await FtpWire.SignInAsync(server.Port);
        byte[] old = RandomNumberGenerator.GetBytes(900 * 1024), fits = RandomNumberGenerator.GetBytes(50 * 1024);
        wire.Expect(await wire.UploadAsync("STOR old", old), "226");
        long free = disk.Free;

        foreach (string command in (string[])["STOR old", "STOR new", "APPE old", "STOU old"])
        {
            wire.Expect(await wire.UploadAsync(command, new byte[size]), "452");
            Assert.Equal(["old"], disk.Folder.Names);
            Assert.Equal(free, disk.Free);
            Assert.Equal($"213 {old.Length}", await wire.AskAsync("SIZE old", "213"));
            await wire.AskAsync("SIZE new", "550");
        }

        await wire.AskAsync("NOOP", "200");
        Assert.Equal(old, (await wire.DownloadAsync("RETR old")).Content);
        wire.Expect(await wire.UploadAsync("STOR fits", fits), "226");
        Assert.Equal(fits, await File.ReadAllBytesAsync(disk.Folder["fits"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Space_that_becomes_free_is_used_by_the_next_upload()
    {
        await using TinyDisk disk = await TinyDisk.MountAsync($"size={DiskBytes}");
        await using RunningServer server = await RunningServer.OnFolderAsync(disk.Folder, [], []);
        using FtpWire wire = await FtpWire.SignInAsync(server.Port);
        byte[] content = RandomNumberGenerator.GetBytes(700 * 1024);
        wire.Expect(await wire.UploadAsync("STOR first", content), "226");
        wire.Expect(await wire.UploadAsync("STOR second", content), "452");
        await wire.AskAsync("DELE first", "250");
        wire.Expect(await wire.UploadAsync("STOR second", content), "226");
        Assert.Equal(content, await File.ReadAllBytesAsync(disk.Folder["second"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_kept_upload_that_cannot_be_continued_gives_its_space_back()
    {
        await using TinyDisk disk = await TinyDisk.MountAsync($"size={DiskBytes}");
        await using RunningServer server = await RunningServer.OnFolderAsync(disk.Folder, [], []);
        using FtpWire wire = await FtpWire.SignInAsync(server.Port);
        long free = disk.Free;
        await wire.AskAsync("ALLO 3000000", "200");
        wire.Expect(await wire.UploadAsync("STOR big", new byte[600 * 1024]), "426", "451");
        Assert.Equal($"213 {600 * 1024}", await wire.AskAsync("SIZE big", "213"));

        await wire.AskAsync($"REST {600 * 1024}", "350");
        wire.Expect(await wire.UploadAsync("STOR big", new byte[2_000_000]), "452");

        await wire.AskAsync("SIZE big", "550");
        Assert.Equal(free, disk.Free);
        Assert.Empty(disk.Folder.Names);
    }

    [Fact]
    public async Task AVBL_says_what_is_left_before_and_after()
    {
        await using TinyDisk disk = await TinyDisk.MountAsync($"size={DiskBytes}");
        await using RunningServer server = await RunningServer.OnFolderAsync(disk.Folder, [], []);
        using FtpWire wire = await FtpWire.SignInAsync(server.Port);
        string before = await wire.AskAsync("AVBL", "213");
        Assert.Equal(disk.Free, long.Parse(before[4..], CultureInfo.InvariantCulture));
        wire.Expect(await wire.UploadAsync("STOR big", new byte[DiskBytes * 2]), "452");
        Assert.Equal(before, await wire.AskAsync("AVBL", "213"));
    }

    [Fact]
    public async Task Without_inodes_nothing_new_is_made_and_what_is_there_can_be_read_and_removed()
    {
        await using TinyDisk disk = await TinyDisk.MountAsync("size=1m,nr_inodes=3");
        await using RunningServer server = await RunningServer.OnFolderAsync(disk.Folder, [], []);
        using FtpWire wire = await FtpWire.SignInAsync(server.Port);
        byte[] content = RandomNumberGenerator.GetBytes(1000);
        wire.Expect(await wire.UploadAsync("STOR a", content), "226");
        wire.Expect(await wire.UploadAsync("STOR b", content), "226");

        wire.Expect(await wire.UploadAsync("STOR a", new byte[10]), "452");
        wire.Expect(await wire.UploadAsync("STOR c", new byte[10]), "452");
        await wire.AskAsync("MKD d", "452");
        Assert.Equal(content, (await wire.DownloadAsync("RETR a")).Content);
        Assert.Equal(["a", "b"], disk.Folder.Names);

        await wire.AskAsync("DELE b", "250");
        wire.Expect(await wire.UploadAsync("STOR a", new byte[10]), "226");
        Assert.Equal(new byte[10], await File.ReadAllBytesAsync(disk.Folder["a"], TestContext.Current.CancellationToken));
    }
}
