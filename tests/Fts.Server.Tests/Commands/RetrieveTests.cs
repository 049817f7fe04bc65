using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Commands;

/// <summary>RETR, with and without REST.</summary>
public sealed class RetrieveTests
{
    [Theory]
    [InlineData(Wire.IPv4)]
    [InlineData(Wire.IPv6)]
    public async Task A_small_file_and_the_end_of_the_connection_are_sent_in_one_segment(Wire wire)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux reports the number of segments.");
        await using TestServer server = await TestServer.WithAsync(wire, ("/small", "ok"));
        await using Conversation client = await server.LogInAsync();
        int segments = 0;
        // The system sends the bytes alone if the server's thread does not run for 200 ms before it closes the connection.
        for (int attempt = 0; attempt < 10 && segments != 2; attempt++)
        {
            DataPeer data = await client.OpenDataAsync();
            await client.PlayAsync("C: RETR small\nS: 150 *");
            Assert.Equal("ok"u8.ToArray(), await data.ReadToEndAsync());
            segments = data.GetReceivedSegments();
            await client.PlayAsync("S: 226 *");
        }

        Assert.Equal(2, segments); // the start of the connection, and the file with the end
    }

    [Theory, OnEveryWire]
    public Task RETR_sends_the_file_and_reports_its_size(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: RETR sub/a file.txt
        S: 150 *(5 bytes)*
        D< h\r\n\0!
        S: 226 *
        C: CWD sub
        S: 250 *
        C: EPSV
        S: 229 *
        C: RETR ../../sub/./a file.txt
        S: 150 *
        D< h\r\n\0!
        S: 226 *
        C: EPSV
        S: 229 *
        C: RETR /empty
        S: 150 *(0 bytes)*
        D<
        S: 226 *
        """, ("/sub/a file.txt", "h\r\n\0!"), ("/empty", ""));

    [Theory, OnEveryWire]
    public Task RETR_of_a_directory_or_a_missing_path_returns_550(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: RETR missing
        S: 550 *
        C: RETR sub
        S: 550 *
        C: RETR sub/missing/a
        S: 550 *
        C: RETR sub/a/b
        S: 550 *
        C: RETR /
        S: 550 *
        C: RETR ../../../../../../etc/passwd
        S: 550 *
        C: RETR -la
        S: 550 *
        """, ("/sub/a", "x"));

    [Theory, OnEveryWire]
    public Task A_restart_offset_applies_once(Wire wire) => TestServer.PlayAsync(wire, """
        C: REST 3
        S: 350 *
        C: EPSV
        S: 229 *
        C: NOOP
        S: 200 *
        C: RETR a
        S: 150 *(2 bytes)*
        D< lo
        S: 226 *
        C: EPSV
        S: 229 *
        C: RETR a
        S: 150 *(5 bytes)*
        D< hello
        S: 226 *
        C: EPSV
        S: 229 *
        C: REST 5
        S: 350 *
        C: RETR a
        S: 150 *(0 bytes)*
        D<
        S: 226 *
        """, ("/a", "hello"));

    [Theory, OnEveryWire]
    public Task A_restart_beyond_the_end_returns_554_and_is_discarded(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: REST 6
        S: 350 *
        C: RETR a
        S: 554 *
        C: RETR a
        S: 150 *
        D< hello
        S: 226 *
        """, ("/a", "hello"));

    [Theory, OnEveryWire]
    public Task A_restart_offset_applies_only_to_the_next_command(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: REST 3
        S: 350 *
        C: RETR missing
        S: 550 *
        C: RETR a
        S: 150 *
        D< hello
        S: 226 *
        C: EPSV
        S: 229 *
        C: REST 3
        S: 350 *
        C: PWD
        S: 257 *
        C: RETR a
        S: 150 *
        D< hello
        S: 226 *
        C: EPSV
        S: 229 *
        C: REST 3
        S: 350 *
        C: REST 0
        S: 350 *
        C: RETR a
        S: 150 *
        D< hello
        S: 226 *
        """, ("/a", "hello"));

    [Theory, OnEveryWire]
    public Task A_restart_in_ASCII_is_rejected(Wire wire) => TestServer.PlayAsync(wire, """
        C: TYPE A
        S: 200 *
        C: EPSV
        S: 229 *
        C: REST 1
        S: 350 *
        C: RETR a
        S: 550 *
        C: REST 1
        S: 350 *
        C: STOR a
        S: 550 *
        """, ("/a", "hello"));
}
