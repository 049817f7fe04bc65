using System.Text;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Data;

/// <summary>MODE Z and OPTS MODE Z: compressed transfers, and the detection of incomplete or invalid streams.</summary>
public sealed class DeflateTests
{
    private const int AlwaysAllowedBytes = 64 * 1024;

    [Theory, OnEveryWire]
    public async Task Compressed_files_arrive_unchanged_in_both_directions(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "hello"), ("/empty", ""), ("/sub/one", "1"));
        await server.PlayAsync("""
            C: MODE Z
            S: 200 *
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 * (5 bytes).
            Z< hello
            S: 226 *
            C: EPSV
            S: 229 *
            C: RETR empty
            S: 150 *
            Z<
            S: 226 *
            C: EPSV
            S: 229 *
            C: STOR b
            S: 150 *
            Z> hello, hello, hello, hello
            S: 226 *26 bytes*
            C: EPSV
            S: 229 *
            C: APPE b
            S: 150 *
            Z> !
            S: 226 *
            C: EPSV
            S: 229 *
            C: STOR nothing
            S: 150 *
            Z>
            S: 226 *
            C: EPSV
            S: 229 *
            C: NLST sub
            S: 150 *
            Z< sub/one\r\n
            S: 226 *
            C: OPTS MLST size;
            S: 200 *
            C: EPSV
            S: 229 *
            C: MLSD sub
            S: 150 *
            Z< size=1; one\r\n
            S: 226 *
            C: mode s
            S: 200 *
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 *
            D< hello
            S: 226 *
            """);
        Assert.Equal(("hello, hello, hello, hello!", ""), (await server.ReadAsync("/b"), await server.ReadAsync("/nothing")));
    }

    [Theory, OnEveryWire]
    public async Task Offsets_and_sizes_apply_to_the_content_and_ASCII_is_translated_before_compression(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "hello"), ("/text", "1\n2\n"));
        await server.PlayAsync("""
            C: MODE Z
            S: 200 *
            C: EPSV
            S: 229 *
            C: REST 3
            S: 350 *
            C: RETR a
            S: 150 * (2 bytes).
            Z< lo
            S: 226 *
            C: EPSV
            S: 229 *
            C: RANG 1 3
            S: 350 *
            C: RETR a
            S: 150 *
            Z< ell
            S: 226 *
            C: EPSV
            S: 229 *
            C: REST 4
            S: 350 *
            C: STOR a
            S: 150 *
            Z> o again
            S: 226 *
            C: EPSV
            S: 229 *
            C: ALLO 6
            S: 200 *
            C: STOR short
            S: 150 *
            Z> hello
            S: 451 *
            C: EPSV
            S: 229 *
            C: ALLO 5
            S: 200 *
            C: STOR right
            S: 150 *
            Z> hello
            S: 226 *
            C: TYPE A
            S: 200 *
            C: EPSV
            S: 229 *
            C: RETR text
            S: 150 *
            Z< 1\r\n2\r\n
            S: 226 *
            C: EPSV
            S: 229 *
            C: STOR text
            S: 150 *
            Z> 3\r\n
            S: 226 *
            """);
        Assert.Equal(("hello again", "3\n"), (await server.ReadAsync("/a"), await server.ReadAsync("/text")));
        Assert.Equal(["a", "right", "text"], await server.ListNamesAsync("/"));
    }

    [Theory, OnEveryWire]
    public async Task An_upload_that_is_not_one_complete_zlib_stream_is_not_stored(Wire wire)
    {
        byte[] stream = Zlib.Compress(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 5000))));
        byte[] wrongSum = [.. stream[..^1], (byte)(stream[^1] ^ 1)], damaged = [.. stream];
        damaged[stream.Length / 2] ^= 0xFF;
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "old"));
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("C: MODE Z\nS: 200 *");
        foreach ((byte[] sent, string code) in new[]
        {
            ([], "426"), (stream[..1], "426"), (stream[..^1], "426"), (stream[..^4], "426"), (stream[..(stream.Length / 2)], "426"),
            (wrongSum, "451"), (damaged, "451"), ("hello, this is no zlib stream"u8.ToArray(), "451"), ([.. stream, 0], "451"),
            ([.. stream, .. new byte[100_000]], "451"),
            ([.. stream, .. stream], "451"),
        })
        {
            await client.PlayAsync("C: EPSV\nS: 229 *\nC: STOR a\nS: 150 *");
            await SendAllAsync(client, sent);
            await client.PlayAsync($"S: {code} *");
        }

        Assert.Equal("old", await server.ReadAsync("/a"));
        await client.PlayAsync("C: EPSV\nS: 229 *\nC: STOR a\nS: 150 *\nZ> new\nS: 226 *");
        Assert.Equal(["a"], await server.ListNamesAsync("/"));
        Assert.Equal("new", await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public async Task A_decompression_bomb_is_rejected_and_a_large_compressible_file_is_not(Wire wire)
    {
        await using TestServer server =
            new(wire, configure: options => options with { AlwaysAllowedExpandedBytes = AlwaysAllowedBytes, MaxExpansionRatio = 100 });
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("C: MODE Z\nS: 200 *\nC: EPSV\nS: 229 *\nC: STOR bomb\nS: 150 *");
        await SendAllAsync(client, Zlib.Compress(new byte[16 * 1024 * 1024]));
        await client.PlayAsync("S: 552 *\nC: EPSV\nS: 229 *\nC: STOR small\nS: 150 *");
        await SendAllAsync(client, Zlib.Compress(new byte[AlwaysAllowedBytes]));
        await client.PlayAsync("S: 226 *\nC: EPSV\nS: 229 *\nC: STOR text\nS: 150 *");
        await SendAllAsync(
            client, Zlib.Compress(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 200_000).Select(i => $"line {i}\n")))));
        await client.PlayAsync("S: 226 *");
        Assert.Equal(["small", "text"], await server.ListNamesAsync("/"));
    }

    [Theory, OnEveryWire]
    public async Task Large_files_are_transferred_in_both_directions(Wire wire)
    {
        byte[] content = new byte[3_000_000];
        new Random(7).NextBytes(content.AsSpan(1_000_000, 1_000_000)); // between a million zeros on each side
        await using TestServer server = new(wire);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("C: MODE Z\nS: 200 *\nC: EPSV\nS: 229 *\nC: STOR a\nS: 150 *");
        await SendAllAsync(client, Zlib.Compress(content));
        await client.PlayAsync("S: 226 *3000000 bytes*\nC: EPSV\nS: 229 *\nC: RETR a\nS: 150 *");
        byte[] stream = await client.Data!.ReadToEndAsync();
        client.CloseData();
        await client.PlayAsync("S: 226 *");
        Assert.InRange(stream.Length, 1_000_000, 1_050_000);
        Assert.Equal(content, Zlib.Expand(stream));
        Assert.Equal(content, await server.ReadBytesAsync("/a"));
    }

    [Theory, OnEveryWire]
    public Task Only_the_compression_level_can_be_set(Wire wire) => TestServer.PlayAsync(wire, """
        C: OPTS MODE Z LEVEL 9
        S: 200 MODE Z LEVEL set to 9.
        C: opts mode z engine zlib, level 0, method 8
        S: 200 MODE Z LEVEL set to 0.
        C: MODE Z
        S: 200 *
        C: EPSV
        S: 229 *
        C: RETR a
        S: 150 *
        D< x\x01\x01\x05\x00\xfa\xffhello\x06\x2c\x02\x15
        S: 226 *
        C: OPTS MODE Z LEVEL 10
        S: 501 *LEVEL*
        C: OPTS MODE Z BLOCKSIZE 8192
        S: 501 *BLOCKSIZE*
        C: OPTS MODE Z METHOD 9
        S: 501 *METHOD*
        C: OPTS MODE Z LEVEL 3 ENGINE BZIP2
        S: 501 *ENGINE*
        C: OPTS MODE Z EXTRA OFF
        S: 501 *EXTRA*
        C: OPTS MODE Z SPEED 3
        S: 501 *
        C: OPTS MODE
        S: 501 *
        C: EPSV
        S: 229 *
        C: RETR a
        S: 150 *
        D< x\x01\x01\x05\x00\xfa\xffhello\x06\x2c\x02\x15
        S: 226 *
        C: OPTS MODE Z
        S: 200 MODE Z LEVEL set to 6.
        """, ("/a", "hello"));

    [Theory, OnEveryWire]
    public Task Stat_reports_the_mode_and_a_new_user_starts_with_stream_mode(Wire wire) => TestServer.PlayAsync(wire, """
        C: MODE Z
        S: 200 *
        C: STAT
        S: 211-*
        S: ...
        S:  Type image, mode deflate, structure file
        S: ...
        S: 211 *
        C: REIN
        S: 220 *
        C: USER anonymous
        S: 331 *
        C: PASS x
        S: 230 *
        C: STAT
        S: 211-*
        S: ...
        S:  Type ASCII, mode stream, structure file
        S: ...
        S: 211 *
        """);

    [Theory, OnEveryWire]
    public async Task A_server_without_MODE_Z_rejects_it(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { SupportsDeflate = false });
        await using Conversation client = await server.LogInAsync();
        Assert.DoesNotContain(" MODE Z", await client.SendAndReadReplyAsync("FEAT"));
        await client.PlayAsync("C: MODE Z\nS: 504 *\nC: OPTS MODE Z LEVEL 3\nS: 501 *");
    }

    [Theory, OnEveryWire]
    public async Task Abor_aborts_a_compressed_transfer_in_either_direction(Wire wire)
    {
        var store = new HookedStore { BeforeRead = token => Task.Delay(Timeout.Infinite, token) };
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/a", "hello");
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync(
            "C: MODE Z\nS: 200 *\nC: EPSV\nS: 229 *\nC: RETR a\nS: 150 *\nC: ABOR\nS: 426 *\nS: 226 *\nC: EPSV\nS: 229 *\nC: STOR b\nS: 150 *");
        await client.Data!.SendAsync(Zlib.Compress(new byte[1000]).AsMemory(0, 6));
        await client.PlayAsync("C: ABOR\nS: 426 *\nS: 226 *\nC: PWD\nS: 257 *");
        Assert.Equal(["a"], await server.ListNamesAsync("/"));
    }

    /// <summary>Sends the bytes and closes the connection. The server may close it first if it rejects the data.</summary>
    private static async Task SendAllAsync(Conversation client, byte[] bytes)
    {
        try
        {
            await client.Data!.SendAsync(bytes);
            await client.Data.FinishAsync();
        }
        catch (IOException)
        {
            // The reply contains the reason.
        }

        client.CloseData();
    }
}
