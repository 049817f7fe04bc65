using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Data;

/// <summary>ABOR: the transfer receives 426, ABOR receives 226, and the session continues (RFC 959 §4.1.3).</summary>
public sealed class AbortTests
{
    private const string SessionContinues = """
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
    public Task Without_a_transfer_Abor_returns_only_226(Wire wire) => TestServer.PlayAsync(wire, $"""
        C: ABOR
        S: 226 *
        C: EPSV
        S: 229 *
        C: ABOR
        S: 226 *
        C: RETR small
        S: 425 *
        {SessionContinues}
        """, ("/small", "ok"));

    [Theory, OnEveryWire]
    public async Task Abor_aborts_a_download_at_once(Wire wire)
    {
        await using TestServer server = await WithLargeFileAsync(wire);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("""
            C: EPSV
            S: 229 *
            C: RETR large
            S: 150 *
            C: ABOR
            S: 426 *
            S: 226 *
            """);
        await client.Data!.ReadUntilClosedAsync();
        await client.PlayAsync(SessionContinues);
    }

    [Theory, OnEveryWire]
    public async Task An_aborted_upload_is_not_published(Wire wire)
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
            {SessionContinues}
            """);
        Assert.Null(await server.ReadAsync("/new"));
    }

    [Theory, OnEveryWire]
    public async Task Abor_ends_the_wait_for_the_data_connection(Wire wire)
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
            {SessionContinues}
            """);
    }

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task Telnet_interrupt_and_synch_may_precede_Abor_as_urgent_data(Wire wire)
    {
        await using TestServer server = await WithLargeFileAsync(wire);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("""
            C: EPSV
            S: 229 *
            C: RETR large
            S: 150 *
            C> \xff\xf4\xff
            """);
        client.SendUrgent(0xf2);
        await client.PlayAsync($"""
            C: ABOR
            S: 426 *
            S: 226 *
            {SessionContinues}
            """);
    }

    [Theory, OnEveryWire]
    public async Task Abor_may_be_sent_in_the_packet_of_the_transfer_command(Wire wire)
    {
        await using TestServer server = await WithLargeFileAsync(wire);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("""
            C: EPSV
            S: 229 *
            C> RETR large\r\nABOR\r\nNOOP\r\n
            """);
        // A store on disk opens the file while the session processes ABOR, so the transfer can end before its 150.
        string reply = (await client.ReadReplyAsync())[^1];
        reply = wire == Wire.Kernel && reply.StartsWith("426", StringComparison.Ordinal) ? reply : await ReadAfterOpeningAsync(reply);
        Assert.StartsWith("426", reply, StringComparison.Ordinal);
        await client.PlayAsync($"""
            S: 226 *
            S: 200 *
            {SessionContinues}
            """);

        async Task<string> ReadAfterOpeningAsync(string opening)
        {
            Assert.StartsWith("150", opening, StringComparison.Ordinal);
            return (await client.ReadReplyAsync())[^1];
        }
    }

    [Theory, OnEveryWire]
    public async Task After_Abor_every_command_receives_its_own_reply(Wire wire)
    {
        await using TestServer server = await WithLargeFileAsync(wire);
        await using Conversation client = await server.LogInAsync();
        for (int i = 0; i < 20; i++)
        {
            await client.OpenDataAsync();
            await client.PlayAsync("C: RETR small\nS: 150 *");
            await client.SendAsync("ABOR");
            // The transfer is complete (226) or not (426) when ABOR arrives. ABOR receives 226 in both cases.
            Assert.Matches("^(226|426) ", (await client.ReadReplyAsync())[0]);
            await client.PlayAsync("S: 226 *\nC: PWD\nS: 257 *");
        }
    }
}
