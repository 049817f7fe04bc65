using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests.DiskFaults;

/// <summary>A process that may open no more files refuses what needs one, and goes on with what it has.</summary>
public sealed class DescriptorTests
{
    /// <summary>The runtime alone holds over eighty. Control connections get none of the last quarter.</summary>
    private const int DescriptorsAtStart = 240;

    /// <summary>Fewer than the server knows of, so that control connections can take them all.</summary>
    private const int MaxDescriptors = 170;

    [Fact]
    public async Task Without_a_free_descriptor_sessions_live_on_and_work_again_when_there_is_one()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/prlimit"), "There is no prlimit.");
        using var folder = new TestFolder();
        folder.Write("old", "old");
        await using RunningServer server = await StartAsync(folder, soft: DescriptorsAtStart, hard: DescriptorsAtStart);
        await LowerLimitAsync(server, folder);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        byte[] content = RandomNumberGenerator.GetBytes(1024 * 1024);
        client.AssertReply(await client.UploadAsync("STOR kept", content), "226");
        using Socket waiting = await client.OpenDataConnectionAsync();

        Socket[] crowd = await OpenAllDescriptorsAsync(server);
        await client.SendCommandAsync("STOR old");
        client.AssertReply(await client.ReadReplyAsync(), "425", "451");
        await client.ExecuteAsync("MKD folder", "257", "451");
        await client.ExecuteAsync("NOOP", "200");
        Assert.Equal("old", folder.Read("old"));

        foreach (Socket one in crowd)
        {
            one.Dispose();
        }

        await WaitUntilAsync(() => CountDescriptors(server) < MaxDescriptors - 50);
        Assert.Equal(content, (await client.DownloadAsync("RETR kept")).Content);
        client.AssertReply(await client.UploadAsync("STOR old", content), "226");
        Assert.Equal(content, await File.ReadAllBytesAsync(folder["old"], TestContext.Current.CancellationToken));
        using RawFtpClient another = await RawFtpClient.LogInAsync(server.Port);
        Assert.DoesNotContain(folder.Names, name => name.StartsWith(".fts-pending-", StringComparison.Ordinal));
    }

    /// <summary>The kernel's copy of an upload goes through a pipe of two descriptors. Without them the server copies by itself.</summary>
    [Fact]
    public async Task A_running_upload_ends_well_when_no_descriptor_is_left()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/prlimit"), "There is no prlimit.");
        using var folder = new TestFolder();
        await using RunningServer server = await StartAsync(folder, soft: DescriptorsAtStart, hard: DescriptorsAtStart);
        await LowerLimitAsync(server, folder);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        byte[] content = RandomNumberGenerator.GetBytes(4 * 1024 * 1024);
        using Socket data = await client.OpenDataConnectionAsync();
        await client.ExecuteAsync("STOR kept", "150");

        Socket[] crowd = await OpenAllDescriptorsAsync(server);
        for (int sent = 0; sent < content.Length;)
        {
            sent += await data.SendAsync(content.AsMemory(sent), SocketFlags.None, TestContext.Current.CancellationToken);
        }

        data.Shutdown(SocketShutdown.Send);
        client.AssertReply(await client.ReadReplyAsync(), "226");
        Assert.Equal(content, await File.ReadAllBytesAsync(folder["kept"], TestContext.Current.CancellationToken));
        foreach (Socket one in crowd)
        {
            one.Dispose();
        }
    }

    [Fact]
    public async Task Idle_connections_leave_the_sessions_that_exist_their_data_connections()
    {
        const int Limit = 1024, Idle = 1300, Working = 20;
        Assert.SkipUnless(File.Exists("/usr/bin/prlimit"), "There is no prlimit.");
        using var folder = new TestFolder();
        await using RunningServer server = await StartAsync(folder, soft: 256, hard: Limit);
        Assert.Matches(@$"Max open files +{Limit} +{Limit} ",
            await File.ReadAllTextAsync($"/proc/{server.Program.Id}/limits", TestContext.Current.CancellationToken));
        var sessions = new List<RawFtpClient>();
        var idle = new List<Socket>();
        try
        {
            for (int i = 0; i < Working; i++)
            {
                sessions.Add(await RawFtpClient.LogInAsync(server.Port));
            }

            for (int i = 0; i < Idle; i++)
            {
                idle.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                await idle[^1].ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port), TestContext.Current.CancellationToken);
            }

            byte[] greeting = new byte[4];
            await idle[^1].ReceiveAsync(greeting, TestContext.Current.CancellationToken).AsTask()
                .WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
            Assert.Equal("421 "u8.ToArray(), greeting);
            byte[] content = RandomNumberGenerator.GetBytes(200_000);
            await Task.WhenAll(sessions.Select(async (session, i) =>
            {
                session.AssertReply(await session.UploadAsync($"STOR {i}", content), "226");
                Assert.Equal(content, (await session.DownloadAsync($"RETR {i}")).Content);
            }));
            Assert.DoesNotContain("cannot accept a connection", server.Program.Messages, StringComparison.Ordinal);
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
            sessions.ForEach(session => session.Dispose());
        }
    }

    private static Task<RunningServer> StartAsync(TestFolder folder, int soft, int hard) =>
        RunningServer.StartOnFolderAsync(folder, ["/usr/bin/prlimit", $"--nofile={soft}:{hard}"], []);

    /// <summary>Lowers the limit below the server's reserve, so that control connections can take every descriptor.</summary>
    private static async Task LowerLimitAsync(RunningServer server, TestFolder folder)
    {
        await using RunningProgram prlimit = RunningProgram.StartFile(
            "/usr/bin/prlimit", folder.Path, ["--pid", $"{server.Program.Id}", $"--nofile={MaxDescriptors}:{MaxDescriptors}"]);
        Assert.Equal(0, await prlimit.WaitForExitAsync());
    }

    /// <summary>Connects until the server has no descriptor left; those it has not taken wait in its queue.</summary>
    private static async Task<Socket[]> OpenAllDescriptorsAsync(RunningServer server)
    {
        var crowd = new List<Socket>();
        for (int i = 0; i < MaxDescriptors; i++)
        {
            var one = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await one.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port), TestContext.Current.CancellationToken);
            crowd.Add(one);
        }

        await server.Program.WaitForOutputAsync("cannot accept a connection");
        return [.. crowd];
    }

    private static int CountDescriptors(RunningServer server) =>
        Directory.EnumerateFileSystemEntries($"/proc/{server.Program.Id}/fd").Count();

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Deadline.Default);
        while (!condition())
        {
            // Nobody tells when a descriptor of another process is closed: ask again until the deadline.
            await Task.Delay(10, deadline.Token);
        }
    }
}
