using System.Globalization;
using System.Security.Cryptography;
using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests.DiskFaults;

/// <summary>
/// Uploads to a full disk return 452. Existing files and the session survive, and the space of the failed upload is freed.
/// </summary>
public sealed class FullDiskTests
{
    private const int DiskBytes = 1024 * 1024;

    /// <summary>A size copied by the portable engine, and one copied by the kernel, in bytes.</summary>
    private const int Small = 200 * 1024, Large = 5 * 1024 * 1024;

    [Theory]
    [InlineData(Small)]
    [InlineData(Large)]
    [InlineData(Small, "--durable")]
    [InlineData(Large, "--durable")]
    public async Task An_upload_that_does_not_fit_returns_452_and_keeps_the_old_file(int size, params string[] options)
    {
        await using SmallDisk disk = await SmallDisk.MountAsync($"size={DiskBytes}");
        await using RunningServer server = await RunningServer.StartOnFolderAsync(disk.Folder, [], options);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        byte[] old = RandomNumberGenerator.GetBytes(900 * 1024), fits = RandomNumberGenerator.GetBytes(50 * 1024);
        client.AssertReply(await client.UploadAsync("STOR old", old), "226");
        long free = disk.FreeBytes;

        foreach (string command in (string[])["STOR old", "STOR new", "APPE old", "STOU old"])
        {
            client.AssertReply(await client.UploadAsync(command, new byte[size]), "452");
            Assert.Equal(["old"], disk.Folder.Names);
            Assert.Equal(free, disk.FreeBytes);
            Assert.Equal($"213 {old.Length}", await client.ExecuteAsync("SIZE old", "213"));
            await client.ExecuteAsync("SIZE new", "550");
        }

        // These bytes fit into the staging file, but not into the file as well.
        client.AssertReply(await client.UploadAsync("APPE old", new byte[80 * 1024]), "452");
        Assert.Equal(["old"], disk.Folder.Names);
        Assert.Equal(free, disk.FreeBytes);

        await client.ExecuteAsync("NOOP", "200");
        Assert.Equal(old, (await client.DownloadAsync("RETR old")).Content);
        client.AssertReply(await client.UploadAsync("STOR fits", fits), "226");
        Assert.Equal(fits, await File.ReadAllBytesAsync(disk.Folder["fits"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Space_that_becomes_free_is_used_by_the_next_upload()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync($"size={DiskBytes}");
        await using RunningServer server = await RunningServer.StartOnFolderAsync(disk.Folder, [], []);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        byte[] content = RandomNumberGenerator.GetBytes(700 * 1024);
        client.AssertReply(await client.UploadAsync("STOR first", content), "226");
        client.AssertReply(await client.UploadAsync("STOR second", content), "452");
        await client.ExecuteAsync("DELE first", "250");
        client.AssertReply(await client.UploadAsync("STOR second", content), "226");
        Assert.Equal(content, await File.ReadAllBytesAsync(disk.Folder["second"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_partial_upload_that_cannot_be_completed_frees_its_space()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync($"size={DiskBytes}");
        await using RunningServer server = await RunningServer.StartOnFolderAsync(disk.Folder, [], []);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        long free = disk.FreeBytes;
        await client.ExecuteAsync("ALLO 3000000", "200");
        client.AssertReply(await client.UploadAsync("STOR big", new byte[600 * 1024]), "426", "451");
        Assert.Equal($"213 {600 * 1024}", await client.ExecuteAsync("SIZE big", "213"));

        await client.ExecuteAsync($"REST {600 * 1024}", "350");
        client.AssertReply(await client.UploadAsync("STOR big", new byte[2_000_000]), "452");

        await client.ExecuteAsync("SIZE big", "550");
        Assert.Equal(free, disk.FreeBytes);
        Assert.Empty(disk.Folder.Names);
    }

    [Fact]
    public async Task AVBL_reports_the_same_free_space_after_a_failed_upload()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync($"size={DiskBytes}");
        await using RunningServer server = await RunningServer.StartOnFolderAsync(disk.Folder, [], []);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        string before = await client.ExecuteAsync("AVBL", "213");
        Assert.Equal(disk.FreeBytes, long.Parse(before[4..], CultureInfo.InvariantCulture));
        client.AssertReply(await client.UploadAsync("STOR big", new byte[DiskBytes * 2]), "452");
        Assert.Equal(before, await client.ExecuteAsync("AVBL", "213"));
    }

    [Fact]
    public async Task Without_free_inodes_nothing_is_created_and_existing_files_can_be_read_and_deleted()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync("size=1m,nr_inodes=3");
        await using RunningServer server = await RunningServer.StartOnFolderAsync(disk.Folder, [], []);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        byte[] content = RandomNumberGenerator.GetBytes(1000);
        client.AssertReply(await client.UploadAsync("STOR a", content), "226");
        client.AssertReply(await client.UploadAsync("STOR b", content), "226");

        client.AssertReply(await client.UploadAsync("STOR a", new byte[10]), "452");
        client.AssertReply(await client.UploadAsync("STOR c", new byte[10]), "452");
        await client.ExecuteAsync("MKD d", "452");
        Assert.Equal(content, (await client.DownloadAsync("RETR a")).Content);
        Assert.Equal(["a", "b"], disk.Folder.Names);

        await client.ExecuteAsync("DELE b", "250");
        client.AssertReply(await client.UploadAsync("STOR a", new byte[10]), "226");
        Assert.Equal(new byte[10], await File.ReadAllBytesAsync(disk.Folder["a"], TestContext.Current.CancellationToken));
    }
}
