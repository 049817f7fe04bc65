using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests.DiskFaults;

/// <summary>A server without free file descriptors rejects what needs one and keeps its sessions.</summary>
public sealed class DescriptorTests
{
    /// <summary>
    /// The runtime alone uses more than 80. The server reserves the last quarter of the limit, so control connections cannot use it.
    /// </summary>
    private const int DescriptorsAtStart = 240;

    /// <summary>Lower than the limit that the server read at start, so that control connections can use all descriptors.</summary>
    private const int MaxDescriptors = 170;

    [Fact]
    public async Task Sessions_survive_without_free_descriptors_and_work_again_once_some_are_free()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/prlimit"), "prlimit is not installed.");
        using var folder = new TestFolder();
        folder.Write("old", "old");
        await using RunningServer server = await StartAsync(folder, soft: DescriptorsAtStart, hard: DescriptorsAtStart);
        await LowerLimitAsync(server, folder);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        byte[] content = RandomNumberGenerator.GetBytes(1024 * 1024);
        client.AssertReply(await client.UploadAsync("STOR kept", content), "226");
        using Socket waiting = await client.OpenDataConnectionAsync();

        Socket[] connections = await OpenAllDescriptorsAsync(server);
        await client.SendCommandAsync("STOR old");
        client.AssertReply(await client.ReadReplyAsync(), "425", "451");
        await client.ExecuteAsync("MKD folder", "257", "451");
        await client.ExecuteAsync("NOOP", "200");
        Assert.Equal("old", folder.Read("old"));

        foreach (Socket connection in connections)
        {
            connection.Dispose();
        }

        await WaitUntilAsync(() => CountDescriptors(server) < MaxDescriptors - 50);
        Assert.Equal(content, (await client.DownloadAsync("RETR kept")).Content);
        client.AssertReply(await client.UploadAsync("STOR old", content), "226");
        Assert.Equal(content, await File.ReadAllBytesAsync(folder["old"], TestContext.Current.CancellationToken));
        using RawFtpClient another = await RawFtpClient.LogInAsync(server.Port);
        Assert.DoesNotContain(folder.Names, name => name.StartsWith(".fts-pending-", StringComparison.Ordinal));
    }

    /// <summary>
    /// The kernel copies an upload through a pipe of two descriptors. Without free descriptors the server copies the bytes itself.
    /// </summary>
    [Fact]
    public async Task A_running_upload_completes_when_no_descriptor_is_free()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/prlimit"), "prlimit is not installed.");
        using var folder = new TestFolder();
        await using RunningServer server = await StartAsync(folder, soft: DescriptorsAtStart, hard: DescriptorsAtStart);
        await LowerLimitAsync(server, folder);
        using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
        byte[] content = RandomNumberGenerator.GetBytes(4 * 1024 * 1024);
        using Socket data = await client.OpenDataConnectionAsync();
        await client.ExecuteAsync("STOR kept", "150");

        Socket[] connections = await OpenAllDescriptorsAsync(server);
        for (int sent = 0; sent < content.Length;)
        {
            sent += await data.SendAsync(content.AsMemory(sent), SocketFlags.None, TestContext.Current.CancellationToken);
        }

        data.Shutdown(SocketShutdown.Send);
        client.AssertReply(await client.ReadReplyAsync(), "226");
        Assert.Equal(content, await File.ReadAllBytesAsync(folder["kept"], TestContext.Current.CancellationToken));
        foreach (Socket connection in connections)
        {
            connection.Dispose();
        }
    }

    [Fact]
    public async Task Idle_connections_leave_descriptors_for_the_data_connections_of_existing_sessions()
    {
        const int Limit = 1024, Idle = 1300, Working = 20;
        Assert.SkipUnless(File.Exists("/usr/bin/prlimit"), "prlimit is not installed.");
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

    /// <summary>
    /// Connects until the server has no free descriptor. The connections that it has not accepted wait in the queue of its listener.
    /// </summary>
    private static async Task<Socket[]> OpenAllDescriptorsAsync(RunningServer server)
    {
        var connections = new List<Socket>();
        for (int i = 0; i < MaxDescriptors; i++)
        {
            var connection = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await connection.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Port), TestContext.Current.CancellationToken);
            connections.Add(connection);
        }

        await server.Program.WaitForOutputAsync("cannot accept a connection");
        return [.. connections];
    }

    private static int CountDescriptors(RunningServer server) =>
        Directory.EnumerateFileSystemEntries($"/proc/{server.Program.Id}/fd").Count();

    private static async Task WaitUntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Deadline.Default);
        while (!condition())
        {
            // No event reports closed descriptors of another process: poll until the deadline.
            await Task.Delay(10, deadline.Token);
        }
    }
}
