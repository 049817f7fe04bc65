using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Sessions;

/// <summary>Commands that arrive during a transfer.</summary>
public sealed class DuringTransferTests
{
    private static async Task<Conversation> StartDownloadAsync(TestServer server)
    {
        await server.WriteAsync("/large", new byte[32 * 1024 * 1024]);
        Conversation client = await server.LogInAsync();
        await client.PlayAsync("""
            C: EPSV
            S: 229 *
            C: RETR large
            S: 150 *
            """);
        return client;
    }

    [Theory, OnEveryWire]
    public async Task Stat_and_noop_are_answered_during_a_transfer(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation client = await StartDownloadAsync(server);
        await client.PlayAsync("""
            C: STAT
            S: 211-*
            S: ...
            S:  Transfer in progress, * of 33554432 bytes: RETR large
            S: 211 *
            C: NOOP
            S: 200 *
            C: STAT /
            S: 503 *
            """);
        Assert.Equal(32 * 1024 * 1024, (await client.Data!.ReadToEndAsync()).Length);
        await client.PlayAsync("""
            S: 226 *
            C: STAT
            S: 211-*
            S: ...
            S:  No transfer in progress
            S: 211 *
            """);
    }

    [Theory, OnEveryWire]
    public async Task Stat_reports_the_progress_of_an_upload(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("""
            C: ALLO 10
            S: 200 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ 12345
            """);
        string status;
        do
        {
            status = string.Join('\n', await client.SendAndReadReplyAsync("STAT"));
        }
        while (!status.Contains("5 of 10 bytes", StringComparison.Ordinal));
        await client.PlayAsync("D> 67890\nS: 226 *");
    }

    [Theory, OnEveryWire]
    public async Task Any_other_command_waits_for_the_end_of_the_transfer(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation client = await StartDownloadAsync(server);
        await client.PlayAsync("""
            C: NOOP
            S: 200 *
            C> PWD\r\nNOOP\r\nnonsense\r\nSYST\r\n
            """);
        Assert.Equal(32 * 1024 * 1024, (await client.Data!.ReadToEndAsync()).Length);
        await client.PlayAsync("""
            S: 226 *
            S: 257 *
            S: 200 *
            S: 500 *
            S: 215 *
            """);
    }

    [Theory, OnEveryWire]
    public async Task Quit_waits_for_the_end_of_the_transfer(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation client = await StartDownloadAsync(server);
        await client.SendAsync("QUIT");
        Assert.Equal(32 * 1024 * 1024, (await client.Data!.ReadToEndAsync()).Length);
        await client.PlayAsync("""
            S: 226 *
            S: 221 *
            S: (end)
            """);
    }

    [Theory, OnEveryWire]
    public async Task A_waiting_line_is_traced_once(Wire wire)
    {
        var lines = new List<string>();
        await using TestServer server = new(wire, configure: options => options with
        {
            Trace = trace =>
            {
                lock (lines)
                {
                    lines.Add(trace.Line);
                }
            },
        });
        await using Conversation client = await StartDownloadAsync(server);
        await client.SendAsync("PWD");
        await client.Data!.ReadToEndAsync();
        await client.PlayAsync("S: 226 *\nS: 257 *");
        Assert.Single(lines, line => line == "PWD");
        Assert.DoesNotContain(lines, line => line.Contains("example.org", StringComparison.Ordinal));
    }

    [Theory, OnEveryWire]
    public async Task An_http_verb_during_a_transfer_closes_the_session_after_it(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation client = await StartDownloadAsync(server);
        await client.SendAsync("POST / HTTP/1.1");
        await client.Data!.ReadToEndAsync();
        await client.PlayAsync("""
            S: 226 *
            S: 421 *
            S: (end)
            """);
    }

    [Theory, OnEveryWire]
    public async Task Sessions_do_not_block_each_other(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation first = await StartDownloadAsync(server), second = await StartDownloadAsync(server), third =
            await server.LogInAsync();
        await third.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D> x
            S: 226 *
            """);
        Assert.Equal(3, server.SessionCount);
        Assert.Equal(32 * 1024 * 1024, (await second.Data!.ReadToEndAsync()).Length);
        Assert.Equal(32 * 1024 * 1024, (await first.Data!.ReadToEndAsync()).Length);
        await first.PlayAsync("S: 226 *");
        await second.PlayAsync("S: 226 *");
    }
}
