using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests.DiskFaults;

/// <summary>Folders that take no change and names that no file system takes.</summary>
public sealed class RejectionTests
{
    /// <summary>Every command that would change something, of a folder with the file <c>a</c> and the folder <c>d</c>.</summary>
    private static readonly string[] Changes = ["DELE a", "MKD e", "RMD d", "RMDA d", "MFMT 20200101000000 a", "SITE CHMOD 600 a"];

    [Fact]
    public async Task A_disk_that_became_read_only_answers_550_and_is_read()
    {
        await using SmallDisk disk = await SmallDisk.MountAsync("size=1m");
        CreateFiles(disk.Folder);
        await using RunningServer server = await RunningServer.StartOnFolderAsync(disk.Folder, [], []);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        await disk.RemountReadOnlyAsync();
        await AssertChangesRejectedAsync(client, [.. Changes]);
        Assert.Equal("old"u8.ToArray(), (await client.DownloadAsync("RETR a")).Content);
        Assert.Equal(["a", "d"], disk.Folder.Names);
    }

    [Fact]
    public async Task A_folder_that_may_not_be_written_answers_550_and_is_read()
    {
        using var folder = new TestFolder();
        using var state = new TestFolder();
        string[] below = RunAsNobody(folder, state);
        CreateFiles(folder);
        foreach (string own in (string[])[folder.Path, folder["d"]])
        {
            File.SetUnixFileMode(own, (UnixFileMode)0b101_101_101);
        }

        await using (
            RunningServer server =
            await RunningServer.StartOnFolderAsync(folder, below, [], ("XDG_STATE_HOME", state.Path), ("XDG_CONFIG_HOME", state.Path)))
        {
            using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
            // Facts of a file are its owner's to change; here that is somebody else or the test itself.
            await AssertChangesRejectedAsync(
                client, [.. Changes.Where(
                change => !change.EndsWith(" a", StringComparison.Ordinal) || change.StartsWith("DELE", StringComparison.Ordinal))]);
            Assert.Equal("old"u8.ToArray(), (await client.DownloadAsync("RETR a")).Content);
        }

        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_000_000);
        Assert.Equal(["a", "d"], folder.Names);
    }

    [Fact]
    public async Task A_name_too_long_for_the_disk_answers_553_and_the_longest_is_stored()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        string longest = new('n', 255), beyond = new('n', 256), wide = new('ü', 128);
        foreach (string name in (string[])[beyond, wide])
        {
            client.AssertReply(await client.UploadAsync("STOR " + name, new byte[10]), "553");
            client.AssertReply(await client.UploadAsync("APPE " + name, new byte[10]), "553");
            client.AssertReply(await client.UploadAsync("STOU " + name, new byte[10]), "553");
            await client.ExecuteAsync("MKD " + name, "550");
            await client.ExecuteAsync("SIZE " + name, "550");
            await client.ExecuteAsync("DELE " + name, "550");
        }

        client.AssertReply(await client.UploadAsync("STOR " + longest, new byte[10]), "226");
        await client.ExecuteAsync("RNFR " + longest, "350");
        await client.ExecuteAsync("RNTO " + beyond, "553");
        Assert.Equal([longest], server.Folder.Names);
    }

    [Fact]
    public async Task A_path_too_long_answers_553_and_the_session_lives()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        string step = new('d', 200);
        int depth = 0;
        while ((await CreateAndEnterAsync(client, step)).StartsWith("250", StringComparison.Ordinal))
        {
            Assert.True(++depth < 100, "Folders get ever deeper.");
        }

        Assert.True(depth > 10, $"Only {depth} folders deep.");
        client.AssertReply(await client.UploadAsync("STOR " + new string('f', 250), new byte[10]), "553");
        client.AssertReply(await client.UploadAsync("STOR f", new byte[10]), "226");
        Assert.Equal(new byte[10], (await client.DownloadAsync("RETR f")).Content);
    }

    private static async Task<string> CreateAndEnterAsync(RawFtpClient client, string name)
    {
        string made = await client.ExecuteAsync("MKD " + name, "257", "550");
        return made.StartsWith("257", StringComparison.Ordinal) ? await client.ExecuteAsync("CWD " + name, "250") : made;
    }

    private static void CreateFiles(TestFolder folder)
    {
        folder.Write("a", "old");
        Directory.CreateDirectory(folder["d"]);
    }

    private static async Task AssertChangesRejectedAsync(RawFtpClient client, string[] changes)
    {
        foreach (string command in (string[])["STOR a", "STOR b", "APPE a", "STOU", "STOR d/b"])
        {
            client.AssertReply(await client.UploadAsync(command, new byte[1000]), "550");
        }

        foreach (string command in changes)
        {
            await client.ExecuteAsync(command, "550");
        }

        await client.ExecuteAsync("RNFR a", "350");
        await client.ExecuteAsync("RNTO b", "550");
    }

    /// <summary>What takes root its rights; nothing where there are none to take.</summary>
    private static string[] RunAsNobody(TestFolder folder, TestFolder state)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return [];
        }

        Assert.SkipUnless(
            File.Exists("/usr/bin/setpriv"), "As root everything may be written, and there is no setpriv to be somebody else.");
        foreach (string path in (string[])[folder.Path, state.Path])
        {
            File.SetUnixFileMode(path, (UnixFileMode)0b111_111_111);
        }

        return ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    }
}
