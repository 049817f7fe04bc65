using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests.DiskFaults;

/// <summary>Folders that cannot be changed, and names and paths that the file system rejects.</summary>
public sealed class RejectionTests
{
    /// <summary>Commands without a data connection that change a folder with the file <c>a</c> and the folder <c>d</c>.</summary>
    private static readonly string[] Changes = ["DELE a", "MKD e", "RMD d", "RMDA d", "MFMT 20200101000000 a", "SITE CHMOD 600 a"];

    [Fact]
    public async Task A_disk_remounted_read_only_refuses_changes_and_can_be_read()
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
    public async Task A_folder_without_write_permission_refuses_changes_and_can_be_read()
    {
        using var folder = new TestFolder();
        using var state = new TestFolder();
        string[] launcher = RunAsNobody(folder, state);
        CreateFiles(folder);
        foreach (string directory in (string[])[folder.Path, folder["d"]])
        {
            File.SetUnixFileMode(directory, (UnixFileMode)0b101_101_101);
        }

        (string, string?)[] environment = [("XDG_STATE_HOME", state.Path), ("XDG_CONFIG_HOME", state.Path)];
        await using (RunningServer server = await RunningServer.StartOnFolderAsync(folder, launcher, [], environment))
        {
            using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
            // Only the owner may change a file's metadata, and the owner is the user of the test. As root, the server runs as another user.
            await AssertChangesRejectedAsync(
                client,
                [.. Changes.Where(
                    change => !change.EndsWith(" a", StringComparison.Ordinal) || change.StartsWith("DELE", StringComparison.Ordinal))]);
            Assert.Equal("old"u8.ToArray(), (await client.DownloadAsync("RETR a")).Content);
        }

        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_000_000);
        Assert.Equal(["a", "d"], folder.Names);
    }

    [Fact]
    public async Task A_name_too_long_for_the_file_system_returns_553_and_the_longest_possible_is_stored()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        string longest = new('n', 255), tooLong = new('n', 256), tooLongInUtf8 = new('ü', 128);
        foreach (string name in (string[])[tooLong, tooLongInUtf8])
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
        await client.ExecuteAsync("RNTO " + tooLong, "553");
        Assert.Equal([longest], server.Folder.Names);
    }

    [Fact]
    public async Task A_path_that_is_too_long_returns_553_and_the_session_continues()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        string component = new('d', 200);
        int depth = 0;
        while ((await CreateAndEnterAsync(client, component)).StartsWith("250", StringComparison.Ordinal))
        {
            Assert.True(++depth < 100, "The depth of folders is not limited.");
        }

        Assert.True(depth > 10, $"Only {depth} nested folders could be created.");
        client.AssertReply(await client.UploadAsync("STOR " + new string('f', 250), new byte[10]), "553");
        client.AssertReply(await client.UploadAsync("STOR f", new byte[10]), "226");
        Assert.Equal(new byte[10], (await client.DownloadAsync("RETR f")).Content);
    }

    private static async Task<string> CreateAndEnterAsync(RawFtpClient client, string name)
    {
        string reply = await client.ExecuteAsync("MKD " + name, "257", "550");
        return reply.StartsWith("257", StringComparison.Ordinal) ? await client.ExecuteAsync("CWD " + name, "250") : reply;
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
            // rclone takes 550 of MKD for a folder that exists already.
            await client.ExecuteAsync(command, command == "MKD e" ? "553" : "550");
        }

        await client.ExecuteAsync("RNFR a", "350");
        await client.ExecuteAsync("RNTO b", "550");
    }

    /// <summary>Returns the command that runs the server as the user nobody. Empty if the test itself does not run as root.</summary>
    private static string[] RunAsNobody(TestFolder folder, TestFolder state)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return [];
        }

        Assert.SkipUnless(
            File.Exists("/usr/bin/setpriv"), "root ignores permissions, and setpriv is not installed to run the server as another user.");
        foreach (string path in (string[])[folder.Path, state.Path])
        {
            File.SetUnixFileMode(path, (UnixFileMode)0b111_111_111);
        }

        return ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    }
}
