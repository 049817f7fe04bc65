using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Sessions;

/// <summary>Pipelined commands, sent before the replies to earlier ones.</summary>
public sealed class PipelineTests
{
    [Theory, OnEveryWire]
    public async Task Many_commands_in_one_packet_are_answered_in_order(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/sub/a", "x"));
        await server.PlayFromGreetingAsync("""
            C> USER anonymous\r\nPASS x\r\nTYPE I\r\nCWD sub\r\nPWD\r\nSIZE a\r\nnonsense\r\nRNFR a\r\nRNTO b\r\nSIZE b\r\nQUIT\r\nPWD\r\n
            S: 220 *
            S: 331 *
            S: 230 *
            S: 200 *
            S: 250 *
            S: 257 "/sub" *
            S: 213 1
            S: 500 *
            S: 350 *
            S: 250 *
            S: 213 1
            S: 221 *
            S: (end)
            """);
    }

    [Theory, OnEveryWire]
    public async Task A_thousand_commands_are_all_answered(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation client = await server.LogInAsync();
        Task sending = client.SendAsync(Script.Bytes(string.Concat(Enumerable.Repeat("PWD\\r\\nNOOP\\r\\n", 1000))));
        for (int i = 0; i < 1000; i++)
        {
            await client.PlayAsync("S: 257 *\nS: 200 *");
        }

        await sending;
    }

    [Theory, OnEveryWire]
    public async Task Pipelined_transfers_run_one_after_the_other(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "first"), ("/b", "second"));
        await using Conversation client = await server.LogInAsync();
        client.ConnectsLate = true;
        await client.PlayAsync("""
            C> EPSV\r\nRETR a\r\nEPSV\r\nRETR b\r\nPWD\r\n
            S: 229 *
            S: 150 *
            D< first
            S: 226 *
            S: 229 *
            S: 150 *
            D< second
            S: 226 *
            S: 257 *
            """);
    }

    [Theory, OnEveryWire]
    public async Task Replies_are_complete_after_the_client_shuts_down_its_side(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation client = await server.ConnectAsync();
        await client.PlayAsync("C> USER ftp\\r\\nPASS x\\r\\nPWD\\r\\nunfinished");
        client.CloseSending();
        await client.PlayAsync("""
            S: 220 *
            S: 331 *
            S: 230 *
            S: 257 *
            S: (end)
            """);
    }
}
