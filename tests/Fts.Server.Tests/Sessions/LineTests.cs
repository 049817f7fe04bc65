using System.Text;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Sessions;

/// <summary>The content and the maximum length of command lines.</summary>
public sealed class LineTests
{
    [Theory, OnEveryWire]
    public Task A_bare_line_feed_ends_a_line(Wire wire) => TestServer.PlayAsync(wire, """
        C> NOOP\nPWD\nNOOP\r\n
        S: 200 *
        S: 257 *
        S: 200 *
        """);

    [Theory, OnEveryWire]
    public Task A_line_may_arrive_in_any_number_of_packets(Wire wire) => TestServer.PlayAsync(wire, """
        C> P
        C> WD
        C> \r
        C> \nNO
        C> OP\r\n
        S: 257 *
        S: 200 *
        """);

    [Theory, OnEveryWire]
    public async Task The_longest_line_is_accepted_and_a_longer_one_returns_500(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync($"""
            C: CWD {new string('/', 4092)}
            S: 250 *
            C: CWD {new string('/', 4093)}
            S: 500 *
            C> NOOP {new string('x', 4091)}\n
            S: 200 *
            C: NOOP {new string('x', 4092)}
            S: 500 *
            C: NOOP
            S: 200 *
            """);
    }

    [Theory, OnEveryWire]
    public async Task A_line_of_ten_megabytes_needs_no_memory_and_returns_500_once(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation client = await server.LogInAsync();
        byte[] part = Encoding.ASCII.GetBytes(new string('x', 1024 * 1024));
        for (int i = 0; i < 10; i++)
        {
            await client.SendAsync(part);
        }

        await client.PlayAsync("""
            C> \r\n
            S: 500 *
            C: NOOP
            S: 200 *
            """);
    }

    [Theory, OnEveryWire]
    public Task A_line_that_is_not_a_command_returns_500(Wire wire) => TestServer.PlayAsync(wire, """
        C:
        S: 500 *
        C:  NOOP
        S: 500 *
        C: NO\0OP
        S: 500 *
        C: N0OP
        S: 500 *
        C: \x1b[2J
        S: 500 *
        C: ABCDEFGHIJKLMNOPQRSTUVWXYZ
        S: 500 *
        C: XYZZY
        S: 500 *
        C: NOOP\0
        S: 500 *
        C: NOOP
        S: 200 *
        """);

    [Theory, OnEveryWire]
    public Task An_argument_with_invalid_utf8_matches_no_existing_file(Wire wire) => TestServer.PlayAsync(wire, """
        C: CWD \xe4
        S: 550 *
        C: CWD \xc0\xaf
        S: 550 *
        C: CWD \xed\xa0\x80
        S: 550 *
        C: TYPE \xe4
        S: 501 *
        C: PWD
        S: 257 "/" *
        """);

    [Theory, OnEveryWire]
    public Task Telnet_sequences_are_removed(Wire wire) => TestServer.PlayAsync(wire, """
        C: \xff\xf4\xff\xf2PWD
        S: 257 *
        C: P\xff\xfb\x01W\xff\xfe\x03D
        S: 257 *
        C: PWD\xff
        S: 257 *
        C: \xf2PWD
        S: 257 *
        C: \xff\xf4\xffPWD
        S: 257 *
        C: \xf4\xff\xf2PWD
        S: 257 *
        C: \xff\xf2\xf2\xff\xf4\xffPWD
        S: 257 *
        C: \xf0\xf1\xf9PWD
        S: 257 *
        C: \xefPWD
        S: 500 *
        C: PWD\xf2
        S: 500 *
        C: M\xff\xf1KD ab
        S: 257 "/ab" *
        C: MKD a\xff\xffb
        S: 257 "/a\xff\xffb" *
        C: CWD a\xffb
        S: 250 *
        """);
}
