using System.Net.Sockets;
using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;
using Fts.Storage.Tests.Folding;

namespace Fts.CrashTests.DiskFaults;

/// <summary>
/// While a call of one session hangs in the kernel, the other sessions are served. The disk is a file system of the test, which leaves
/// requests of the kernel unanswered.
/// </summary>
public sealed class HangingDiskTests
{
    /// <summary>More sessions than polling threads, so that every polling thread serves some of them.</summary>
    private static readonly int s_otherSessions = 4 * Environment.ProcessorCount;

    /// <summary>The operation that hangs, the mode of the session, and its command.</summary>
    public static TheoryData<uint, string, string> Commands => new()
    {
        { (uint)FuseOperation.Lookup, "TYPE I", "CWD folder" },
        { (uint)FuseOperation.Lookup, "TYPE I", "SIZE file" },
        { (uint)FuseOperation.Lookup, "TYPE I", "MDTM file" },
        { (uint)FuseOperation.MakeDirectory, "TYPE I", "MKD new" },
        { (uint)FuseOperation.Unlink, "TYPE I", "DELE file" },
        { (uint)FuseOperation.Rename, "TYPE I", "RNTO renamed" },
        { (uint)FuseOperation.OpenDirectory, "TYPE I", "STAT folder" },
    };

    /// <summary>The operation that hangs, the mode of the session, and its transfer.</summary>
    public static TheoryData<uint, string, string> Transfers => new()
    {
        { (uint)FuseOperation.Lookup, "TYPE I", "RETR file" },
        { (uint)FuseOperation.Open, "TYPE I", "RETR file" },
        { (uint)FuseOperation.Read, "TYPE I", "RETR file" },
        { (uint)FuseOperation.Read, "TYPE I", "RETR large" },
        { (uint)FuseOperation.Read, "TYPE A", "RETR file" },
        { (uint)FuseOperation.Read, "MODE Z", "RETR file" },
        { (uint)FuseOperation.Read, "MODE B", "RETR file" },
        { (uint)FuseOperation.Create, "TYPE I", "STOR new" },
        { (uint)FuseOperation.Write, "TYPE I", "STOR new" },
        { (uint)FuseOperation.Write, "TYPE A", "STOR new" },
        { (uint)FuseOperation.OpenDirectory, "TYPE I", "LIST folder" },
        { (uint)FuseOperation.ReadDirectory, "TYPE I", "MLSD folder" },
    };

    [Theory, MemberData(nameof(Commands))]
    public async Task Other_sessions_are_served_while_a_command_hangs(uint operation, string mode, string command)
    {
        using var disk = new HangingDisk();
        await using RunningServer server = await RunningServer.StartOnFolderAsync(disk.Folder, [], []);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        List<RawFtpClient> others = await LogInOthersAsync(server);
        try
        {
            await client.ExecuteAsync(mode, "200");
            if (command.StartsWith("RNTO", StringComparison.Ordinal))
            {
                await client.ExecuteAsync("RNFR file", "350");
            }

            Task hangs = disk.Mount.Hold((FuseOperation)operation);
            await client.SendCommandAsync(command);
            await hangs.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
            await AssertServedAsync(others);

            disk.Mount.Release();
            client.AssertReply(await client.ReadReplyAsync(), "2");
            await client.ExecuteAsync("NOOP", "200");
        }
        finally
        {
            others.ForEach(other => other.Dispose());
        }
    }

    [Theory, MemberData(nameof(Transfers))]
    public async Task Other_sessions_are_served_and_a_transfer_that_hangs_can_be_aborted(uint operation, string mode, string command)
    {
        using var disk = new HangingDisk();
        await using RunningServer server = await RunningServer.StartOnFolderAsync(disk.Folder, [], []);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        List<RawFtpClient> others = await LogInOthersAsync(server);
        try
        {
            await client.ExecuteAsync(mode, "200");
            using (Socket data = await client.OpenDataConnectionAsync())
            {
                Task hangs = disk.Mount.Hold((FuseOperation)operation);
                await client.SendCommandAsync(command);
                if (command.StartsWith("STOR", StringComparison.Ordinal))
                {
                    await RawFtpClient.SendAsync(data, new byte[5000]);
                }

                await hangs.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
                await AssertServedAsync(others);

                await client.SendCommandAsync("ABOR");
                string reply = await client.ReadReplyAsync();
                client.AssertReply(reply.StartsWith('1') ? await client.ReadReplyAsync() : reply, "425", "426", "451");
                client.AssertReply(await client.ReadReplyAsync(), "226");
            }

            await client.ExecuteAsync("NOOP", "200");
            disk.Mount.Release();
            await client.ExecuteAsync("MODE S", "200");
            await client.ExecuteAsync("TYPE I", "200");
            Assert.Equal(HangingDisk.Content, (await client.DownloadAsync("RETR file")).Content);
            client.AssertReply(await client.UploadAsync("STOR new", HangingDisk.Content), "226");
        }
        finally
        {
            others.ForEach(other => other.Dispose());
        }
    }

    [Fact]
    public async Task A_commit_that_hangs_is_completed_when_the_disk_continues()
    {
        using var disk = new HangingDisk();
        await using RunningServer server = await RunningServer.StartOnFolderAsync(disk.Folder, [], []);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        List<RawFtpClient> others = await LogInOthersAsync(server);
        try
        {
            Task hangs = disk.Mount.Hold(FuseOperation.Rename);
            Task<string> upload = client.UploadAsync("STOR file", "new"u8.ToArray());
            await hangs.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
            await AssertServedAsync(others);
            Assert.Equal(HangingDisk.Content, (await others[0].DownloadAsync("RETR file")).Content);

            disk.Mount.Release();
            client.AssertReply(await upload, "226");
            Assert.Equal("new"u8.ToArray(), (await client.DownloadAsync("RETR file")).Content);
        }
        finally
        {
            others.ForEach(other => other.Dispose());
        }
    }

    private static async Task<List<RawFtpClient>> LogInOthersAsync(RunningServer server)
    {
        var others = new List<RawFtpClient>();
        for (int i = 0; i < s_otherSessions; i++)
        {
            others.Add(await RawFtpClient.LogInAsync(server.Port));
        }

        return others;
    }

    /// <summary>Sends NOOP in every session and requires the replies.</summary>
    private static async Task AssertServedAsync(List<RawFtpClient> others)
    {
        foreach (RawFtpClient other in others)
        {
            await other.ExecuteAsync("NOOP", "200");
        }
    }

    /// <summary>A mounted file system with a file, a large file and a directory.</summary>
    private sealed class HangingDisk : IDisposable
    {
        public static readonly byte[] Content = "content\n"u8.ToArray();

        public HangingDisk()
        {
            Folder = new TestFolder();
            FuseMount? mount = FuseMount.TryMount(Folder.Path);
            if (mount is null)
            {
                Folder.Dispose();
            }

            Assert.SkipWhen(mount is null, "Mounting a file system needs root and /dev/fuse.");
            Mount = mount;
            File.WriteAllBytes(Folder["file"], Content);
            File.WriteAllBytes(Folder["large"], new byte[2 * 1024 * 1024]);
            Directory.CreateDirectory(Folder["folder"]);
        }

        public TestFolder Folder { get; }

        public FuseMount Mount { get; }

        public void Dispose()
        {
            Mount.Dispose();
            Folder.Dispose();
        }
    }
}
