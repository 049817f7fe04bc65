using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Sessions;

/// <summary>
/// A store whose calls block their thread: other sessions are served, transfers can be aborted, and no thread of the pool hangs. The
/// polling threads of sockets run the same code as those of the pool.
/// </summary>
public sealed class HangingStoreTests
{
    [Theory]
    [InlineData(Wire.IPv4, "GetEntryAsync", "CWD folder", "250")]
    [InlineData(Wire.IPv4, "GetEntryAsync", "SIZE file", "213")]
    [InlineData(Wire.Tls13, "GetEntryAsync", "MDTM file", "213")]
    [InlineData(Wire.IPv4, "GetEntryAsync", "STAT file", "213")]
    [InlineData(Wire.Tls12, "MoveNextAsync", "STAT folder", "213")]
    [InlineData(Wire.IPv4, "CreateDirectoryAsync", "MKD new", "257")]
    [InlineData(Wire.IPv4, "DeleteFileAsync", "DELE file", "250")]
    public async Task Other_sessions_are_served_while_a_command_hangs(Wire wire, string member, string command, string code)
    {
        using var store = new HangingStore();
        await using TestServer server = await StartAsync(wire, store);
        await using Conversation client = await server.LogInAsync(), other = await server.LogInAsync();
        Task<Thread> hanging = store.Hang(member);
        await client.SendAsync(command);
        AssertIsNotOfThePool(await hanging.WithDeadline());
        await other.PlayAsync("""
            C: NOOP
            S: 200 *
            """);

        store.Release();
        Assert.StartsWith(code, (await client.ReadReplyAsync())[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Wire.IPv4, "OpenReadAsync", "TYPE I", "RETR file")]
    [InlineData(Wire.IPv4, "ReadAsync", "TYPE I", "RETR file")]
    [InlineData(Wire.Tls13, "ReadAsync", "TYPE I", "RETR file")]
    [InlineData(Wire.IPv6, "ReadAsync", "TYPE A", "RETR file")]
    [InlineData(Wire.Tls12, "ReadAsync", "TYPE A", "RETR file")]
    [InlineData(Wire.IPv4, "ReadAsync", "MODE B", "RETR file")]
    [InlineData(Wire.Tls13, "ReadAsync", "MODE Z", "RETR file")]
    [InlineData(Wire.IPv4, "OpenWriteAsync", "TYPE I", "STOR new")]
    [InlineData(Wire.IPv4, "ListAsync", "TYPE I", "LIST folder")]
    [InlineData(Wire.Tls13, "MoveNextAsync", "TYPE I", "MLSD folder")]
    public async Task A_transfer_that_hangs_can_be_aborted(Wire wire, string member, string mode, string command)
    {
        using var store = new HangingStore();
        await using TestServer server = await StartAsync(wire, store);
        await using Conversation client = await server.LogInAsync(), other = await server.LogInAsync();
        await client.PlayAsync($"""
            C: {mode}
            S: 200 *
            C: EPSV
            S: 229 *
            """);
        Task<Thread> hanging = store.Hang(member);
        await client.SendAsync(command);
        AssertIsNotOfThePool(await hanging.WithDeadline());
        await other.PlayAsync("""
            C: NOOP
            S: 200 *
            """);

        await client.SendAsync("ABOR");
        string reply = (await client.ReadReplyAsync())[^1];
        reply = reply.StartsWith('1') ? (await client.ReadReplyAsync())[^1] : reply;
        Assert.StartsWith("426", reply, StringComparison.Ordinal);
        Assert.StartsWith("226", (await client.ReadReplyAsync())[^1], StringComparison.Ordinal);
        client.CloseData();
        store.Release();
        await client.PlayAsync("""
            C: MODE S
            S: 200 *
            C: TYPE I
            S: 200 *
            C: EPSV
            S: 229 *
            C: RETR file
            S: 150 *
            D< content
            S: 226 *
            """);
    }

    [Theory]
    [InlineData(Wire.IPv4, "TYPE I")]
    [InlineData(Wire.Tls13, "TYPE I")]
    [InlineData(Wire.Tls12, "TYPE A")]
    public async Task A_hung_write_can_be_aborted_and_the_file_is_not_published(Wire wire, string type)
    {
        using var store = new HangingStore();
        await using TestServer server = await StartAsync(wire, store);
        await using Conversation client = await server.LogInAsync(), other = await server.LogInAsync();
        await client.PlayAsync($"""
            C: {type}
            S: 200 *
            C: EPSV
            S: 229 *
            C: STOR new
            S: 150 *
            """);
        Task<Thread> hanging = store.Hang("WriteAsync");
        await client.PlayAsync("D+ some bytes");
        AssertIsNotOfThePool(await hanging.WithDeadline());
        await other.PlayAsync("""
            C: NOOP
            S: 200 *
            """);
        await client.PlayAsync("""
            C: ABOR
            S: 426 *
            S: 226 *
            C: NOOP
            S: 200 *
            """);
        store.Release();
        Assert.Null(await store.Files.GetEntryAsync(Storage.StorePath.Root.Child("new"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_server_stops_while_a_call_hangs()
    {
        using var store = new HangingStore();
        await using TestServer server = await StartAsync(Wire.IPv4, store);
        await using Conversation client = await server.LogInAsync();
        Task<Thread> hanging = store.Hang("GetEntryAsync");
        await client.SendAsync("CWD folder");
        await hanging.WithDeadline();
        await server.StopImmediatelyAsync().WithDeadline();
        Assert.Equal(0, server.SessionCount);
    }

    private static void AssertIsNotOfThePool(Thread thread) => Assert.False(thread.IsThreadPoolThread);

    private static async Task<TestServer> StartAsync(Wire wire, HangingStore store)
    {
        var server = new TestServer(wire, store);
        await TestServer.WriteAsync(store.Files, "/file", "content");
        await TestServer.WriteAsync(store.Files, "/folder/inner", "content");
        return server;
    }
}
