using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Data;

/// <summary>ABOR: 426 for the transfer, 226 for itself, and a session that goes on (RFC 959 §4.1.3).</summary>
public sealed class AbortTests
{
    private const string Goes = """
        C: PWD
        S: 257 *
        C: EPSV
        S: 229 *
        C: RETR small
        S: 150 *
        D< ok
        S: 226 *
        """;

    private static readonly byte[] Large = new byte[32 * 1024 * 1024];

    private static async Task<TestServer> WithLargeFileAsync(Wire wire)
    {
        TestServer server = await TestServer.WithAsync(wire, ("/small", "ok"));
        await server.WriteAsync("/large", Large);
        return server;
    }

    [Theory, OnEveryWire]
    public Task Without_a_transfer_there_is_nothing_to_do(Wire wire) => TestServer.PlayAsync(wire, $"""
        C: ABOR
        S: 226 *
        C: EPSV
        S: 229 *
        C: ABOR
        S: 226 *
        C: RETR small
        S: 425 *
        {Goes}
        """, ("/small", "ok"));

    [Theory, OnEveryWire]
    public async Task A_download_ends_at_once(Wire wire)
    {
        await using TestServer server = await WithLargeFileAsync(wire);
        await using Conversation talk = await server.LogInAsync();
        await talk.PlayAsync("""
            C: EPSV
            S: 229 *
            C: RETR large
            S: 150 *
            C: ABOR
            S: 426 *
            S: 226 *
            """);
        await talk.Data!.ReadToAnyEndAsync();
        await talk.PlayAsync(Goes);
    }

    [Theory, OnEveryWire]
    public async Task An_upload_is_not_published(Wire wire)
    {
        await using TestServer server = await WithLargeFileAsync(wire);
        await server.PlayAsync($"""
            C: EPSV
            S: 229 *
            C: STOR small
            S: 150 *
            D+ half of it
            C: ABOR
            S: 426 *
            S: 226 *
            D: close
            C: EPSV
            S: 229 *
            C: STOR new
            S: 150 *
            C: ABOR
            S: 426 *
            S: 226 *
            {Goes}
            """);
        Assert.Null(await server.ReadAsync("/new"));
    }

    [Theory, OnEveryWire]
    public async Task A_wait_for_the_data_connection_ends(Wire wire)
    {
        await using TestServer server = await WithLargeFileAsync(wire);
        await server.PlayAsync($"""
            D: late
            C: EPSV
            S: 229 *
            C: RETR small
            S: 150 *
            C: ABOR
            S: 426 *
            S: 226 *
            {Goes}
            """);
    }

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task Interrupt_and_synch_as_urgent_data_come_before_it(Wire wire)
    {
        await using TestServer server = await WithLargeFileAsync(wire);
        await using Conversation talk = await server.LogInAsync();
        await talk.PlayAsync("""
            C: EPSV
            S: 229 *
            C: RETR large
            S: 150 *
            C> \xff\xf4\xff
            """);
        talk.SendUrgent(0xf2);
        await talk.PlayAsync($"""
            C: ABOR
            S: 426 *
            S: 226 *
            {Goes}
            """);
    }

    [Theory, OnEveryWire]
    public async Task It_may_come_in_the_packet_of_the_transfer(Wire wire)
    {
        await using TestServer server = await WithLargeFileAsync(wire);
        await server.PlayAsync($"""
            C: EPSV
            S: 229 *
            C> RETR large\r\nABOR\r\nNOOP\r\n
            S: 150 *
            S: 426 *
            S: 226 *
            S: 200 *
            {Goes}
            """);
    }

    [Theory, OnEveryWire]
    public async Task After_it_the_replies_never_run_out_of_step(Wire wire)
    {
        await using TestServer server = await WithLargeFileAsync(wire);
        await using Conversation talk = await server.LogInAsync();
        for (int i = 0; i < 20; i++)
        {
            await talk.OpenDataAsync();
            await talk.PlayAsync("C: RETR small\nS: 150 *");
            await talk.SendAsync("ABOR");
            // The transfer is done or not when ABOR comes: 226 or 426, and in both cases 226 for ABOR.
            Assert.Matches("^(226|426) ", (await talk.ReadReplyAsync())[0]);
            await talk.PlayAsync("S: 226 *\nC: PWD\nS: 257 *");
        }
    }
}
