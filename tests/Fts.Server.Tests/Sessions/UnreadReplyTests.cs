using System.Text;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Sessions;

/// <summary>Sessions of clients that send commands but read no replies end.</summary>
public sealed class UnreadReplyTests
{
    private const int Disconnecting = 50;

    private static readonly TimeSpan Never = TimeSpan.FromHours(1), Short = TimeSpan.FromMilliseconds(500);

    [Theory, OnEveryWire]
    public async Task A_client_that_reads_no_replies_during_its_stalled_upload_is_disconnected(Wire wire)
    {
        await using TestServer server =
            new(wire, configure: options => options with { ControlWriteTimeout = Short, StallTimeout = Never, CloseTimeout = Never });
        await using Conversation client = await StartStalledUploadAsync(server);
        await FloodAsync(client, "STAT\r\n");
        await AssertDisconnectedAsync(server, "the client does not read the replies");
        Assert.Null(await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public async Task A_session_that_does_not_finish_its_aborted_transfer_is_disconnected(Wire wire)
    {
        TaskCompletionSource never = new(), reading = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var store = new HookedStore { BeforeRead = _ => Hang() };
        await using TestServer server = new(wire, store, configure: options => options with { CloseTimeout = Short });
        await server.WriteAsync("/a", new byte[1024 * 1024]);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("""
            C: EPSV
            S: 229 *
            C: RETR a
            """);
        await reading.Task.WithDeadline();
        await client.SendAsync("ABOR");
        await server.Log.WaitForAsync(Disconnecting);
        Assert.Contains(server.Log.Texts, text => text.Contains("the aborted transfer did not end in time", StringComparison.Ordinal));
        never.SetResult();
        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
        Assert.Equal(0, server.SessionCount);

        Task Hang()
        {
            reading.TrySetResult();
            return never.Task;
        }
    }

    [Theory, OnEveryWire]
    public async Task A_client_that_reads_no_replies_to_pipelined_commands_is_disconnected(Wire wire)
    {
        foreach (string command in (string[])["NOOP\r\n", "HELP\r\n"])
        {
            await using TestServer server = new(wire, configure: options => options with { ControlWriteTimeout = Short });
            await using Conversation client = await server.LogInAsync();
            await FloodAsync(client, command);
            await AssertDisconnectedAsync(server, "the client does not read the replies");
        }
    }

    [Theory, OnEveryWire]
    public async Task A_client_that_reads_no_replies_before_login_is_disconnected(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with
        {
            ControlWriteTimeout = Short,
            MaxCommandsBeforeLogin = int.MaxValue,
        });
        await using Conversation client = await server.ConnectAsync();
        await FloodAsync(client, "HELP\r\n");
        await AssertDisconnectedAsync(server, "the client does not read the replies");
    }

    [Theory, OnEveryWire]
    public async Task A_session_that_was_ended_but_does_not_finish_is_disconnected(Wire wire)
    {
        var never = new TaskCompletionSource();
        var store = new HookedStore { BeforeDelete = _ => never.Task };
        await using TestServer server = new(wire, store, configure: options => options with { IdleTimeout = Short, CloseTimeout = Short });
        await using Conversation client = await server.LogInAsync();
        await server.WriteAsync("/a", "x");
        await client.SendAsync("DELE a");
        await server.Log.WaitForAsync(Disconnecting);
        Assert.Contains(server.Log.Texts, text => text.Contains("the session did not end in time", StringComparison.Ordinal));
        await Assert.ThrowsAnyAsync<IOException>(client.ReadLineAsync);
        never.SetResult();
        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
        Assert.Equal(0, server.SessionCount);
    }

    [Theory, OnEveryWire]
    public async Task A_client_that_reads_slowly_receives_every_reply(Wire wire)
    {
        const int Times = 20_000;
        await using TestServer server = new(wire);
        await using Conversation client = await server.LogInAsync();
        Task sending = client.SendAsync(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("HELP QUIT\r\n", Times))));
        for (int i = 0; i < Times; i++)
        {
            Assert.Equal(["214 QUIT"], await client.ReadReplyAsync());
        }

        await sending;
    }

    private static async Task<Conversation> StartStalledUploadAsync(TestServer server)
    {
        Conversation client = await server.LogInAsync();
        await client.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ begun
            """);
        return client;
    }

    /// <summary>Sends commands until the server closes the connection.</summary>
    private static async Task FloodAsync(Conversation client, string command)
    {
        byte[] commands = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(command, 1000)));
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (true)
            {
                await client.SendAsync(commands);
            }
        });
    }

    private static async Task AssertDisconnectedAsync(TestServer server, string reason)
    {
        await server.Log.WaitForAsync(Disconnecting);
        await server.Log.WaitForAsync(RecordingLogger.Disconnected);
        Assert.Contains(server.Log.Texts, text => text.Contains(reason, StringComparison.Ordinal));
        Assert.Equal(0, server.SessionCount);
    }
}
