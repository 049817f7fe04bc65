using System.Text;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Data.Copy;

/// <summary>TYPE A: CRLF on the wire, LF in the file (RFC 959 §3.1.1.1).</summary>
public sealed class AsciiPumpTests
{
    private const int Buffer = 64 * 1024;

    [Theory, OnEveryWire]
    public async Task Line_ends_are_translated_in_both_directions(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "one\ntwo\r\nthree\rfour\n\n"), ("/b", "no end"));
        await server.PlayAsync("""
            C: TYPE A
            S: 200 *
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 Opening data connection.
            D< one\r\ntwo\r\nthree\rfour\r\n\r\n
            S: 226 *
            C: EPSV
            S: 229 *
            C: STOR up
            S: 150 *
            D> one\r\ntwo\nthree\rfour\r\r\n\r\n\r
            S: 226 *
            C: EPSV
            S: 229 *
            C: APPE b
            S: 150 *
            D> \r\nmore\r\n
            S: 226 *
            """);
        Assert.Equal("one\ntwo\nthree\rfour\r\n\n\r", await server.ReadAsync("/up"));
        Assert.Equal("no end\nmore\n", await server.ReadAsync("/b"));
    }

    [Theory, OnEveryWire]
    public async Task A_line_end_split_between_packets_is_one_line_end(Wire wire)
    {
        await using var server = new TestServer(wire);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("C: TYPE A\nS: 200 *");
        DataPeer data = await client.OpenDataAsync();
        await client.PlayAsync("C: STOR a\nS: 150 *");
        foreach (char c in "a\r\nb\r\r\nc\rd\r")
        {
            await data.SendAsync(new[] { (byte)c });
            await client.PlayAsync("C: NOOP\nS: 200 *");
        }

        await client.PlayAsync("D>\nS: 226 *");
        Assert.Equal("a\nb\r\nc\rd\r", await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public async Task Line_ends_at_the_end_of_a_buffer_survive_the_round_trip(Wire wire)
    {
        await using var server = new TestServer(wire);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("C: TYPE A\nS: 200 *");
        for (int length = Buffer - 2; length <= Buffer + 2; length++)
        {
            string inFile = $"{new string('x', length)}\n{new string('\n', Buffer)}{new string('y', length)}\r";
            string onWire = inFile.Replace("\n", "\r\n", StringComparison.Ordinal);
            await server.WriteAsync("/a", inFile);

            DataPeer data = await client.OpenDataAsync();
            await client.PlayAsync("C: RETR a\nS: 150 *");
            Assert.Equal(onWire, Encoding.ASCII.GetString(await data.ReadToEndAsync()));
            await client.PlayAsync("S: 226 *");

            data = await client.OpenDataAsync();
            await client.PlayAsync("C: STOR b\nS: 150 *");
            await data.SendAsync(Encoding.ASCII.GetBytes(onWire));
            await client.PlayAsync("D>\nS: 226 *");
            Assert.Equal(inFile, await server.ReadAsync("/b"));
        }
    }

    [Theory, OnEveryWire]
    public Task After_a_change_to_image_type_the_bytes_are_sent_unchanged(Wire wire) => TestServer.PlayAsync(wire, """
        C: TYPE A
        S: 200 *
        C: SIZE a
        S: 550 *
        C: TYPE I
        S: 200 *
        C: SIZE a
        S: 213 2
        C: EPSV
        S: 229 *
        C: RETR a
        S: 150 *
        D< x\n
        S: 226 *
        """, ("/a", "x\n"));
}
