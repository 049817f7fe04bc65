using Fts.Server.Tests.Support;
using Fts.Storage;

namespace Fts.Server.Tests.Data.BlockMode;

/// <summary>MODE B (RFC 959 §3.4.2): transfers many files over one data connection.</summary>
public sealed class BlockConnectionTests
{
    private const string Start = """
        C: MODE B
        S: 200 *
        C: EPSV
        S: 229 *

        """;

    [Theory, OnEveryWire]
    public async Task One_connection_transfers_files_in_both_directions_and_listings(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "hello"), ("/empty", ""), ("/sub/one", "1"));
        await server.PlayAsync($"""
            {Start}C: RETR a
            S: 150 Opening data connection (5 bytes).
            B< hello
            S: 250 *
            C: RETR empty
            S: 125 Data connection already open (0 bytes).
            B<
            S: 250 *
            C: STOR b
            S: 125 *
            B> new
            S: 250 *3 bytes*
            C: APPE b
            S: 125 *
            B> er
            S: 250 *2 bytes*
            C: STOR nothing
            S: 125 *
            B>
            S: 250 *
            C: STOU
            S: 125 FILE: upload.*
            B> x
            S: 250 *
            C: NLST sub
            S: 125 *
            B< sub/one\r\n
            S: 250 *
            C: OPTS MLST size;
            S: 200 *
            C: MLSD sub
            S: 125 *
            B< size=1; one\r\n
            S: 250 *
            C: MODE S
            S: 200 *
            C: RETR a
            S: 425 *
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 *
            D< hello
            S: 226 *
            """);
        Assert.Equal(("newer", ""), (await server.ReadAsync("/b"), await server.ReadAsync("/nothing")));
    }

    [Theory, OnEveryWire]
    public async Task Blocks_have_the_format_of_the_RFC(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "hello"));
        await server.PlayAsync($$"""
            {{Start}}C: STOR b
            S: 150 *
            D+ \x10\0\x03abc\0\0\x01o\x80\0\x01n\x20\0\x01e\0\0\0\xc0\0\0
            S: 250 *3 bytes*
            C: RETR b
            S: 125 *
            B< one
            S: 250 *
            C: RETR a
            S: 125 *
            S: 250 *
            C: MODE S
            S: 200 *
            D< @\0\x05hello
            """);
    }

    [Theory, OnEveryWire]
    public async Task An_active_connection_stays_open_as_well(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "hello"));
        await server.PlayAsync("""
            C: MODE B
            S: 200 *
            C: EPRT {EPRT}
            S: 200 *
            C: RETR a
            S: 150 *
            B< hello
            S: 250 *
            C: RETR a
            S: 125 *
            B< hello
            S: 250 *
            """);
    }

    [Theory, OnEveryWire]
    public async Task Files_of_many_blocks_are_transferred_in_both_directions(Wire wire)
    {
        byte[] content = new byte[3_000_000];
        new Random(5).NextBytes(content);
        await using TestServer server = new(wire);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync($"{Start}C: STOR a\nS: 150 *");
        await client.Data!.SendAsync(Blocks.Encode(content));
        await client.PlayAsync("S: 250 *3000000 bytes*\nC: RETR a\nS: 125 *");
        Assert.Equal(content, await client.Data!.ReadFileAsync());
        await client.PlayAsync("S: 250 *\nC: REST 2999999\nS: 350 *\nC: RETR a\nS: 125 *");
        Assert.Equal(content[^1..], await client.Data!.ReadFileAsync());
        await client.PlayAsync("S: 250 *");
    }

    [Theory, OnEveryWire]
    public async Task Offsets_ranges_and_ASCII_apply_to_the_content(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "hello"), ("/text", "1\n2\n"));
        await server.PlayAsync($"""
            {Start}C: REST 3
            S: 350 *
            C: RETR a
            S: 150 * (2 bytes).
            B< lo
            S: 250 *
            C: RANG 1 3
            S: 350 *
            C: RETR a
            S: 125 *
            B< ell
            S: 250 *
            C: REST 4
            S: 350 *
            C: STOR a
            S: 125 *
            B> o again
            S: 250 *
            C: TYPE A
            S: 200 *
            C: RETR text
            S: 125 *
            B< 1\r\n2\r\n
            S: 250 *
            C: STOR text
            S: 125 *
            B> 3\r\n
            S: 250 *
            """);
        Assert.Equal(("hello again", "3\n"), (await server.ReadAsync("/a"), await server.ReadAsync("/text")));
    }

    [Theory, OnEveryWire]
    public async Task Downloads_requested_in_one_packet_follow_each_other_and_a_missing_file_sends_no_block(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "first"), ("/b", "second"));
        await server.PlayAsync($"""
            {Start}C> RETR a\r\nRETR missing\r\nRETR b\r\nPWD\r\nRETR a\r\n
            S: 150 *
            S: 250 *
            S: 550 *
            S: 125 *
            S: 250 *
            S: 257 *
            S: 125 *
            S: 250 *
            B< first
            B< second
            B< first
            """);
    }

    [Theory, OnEveryWire]
    public async Task A_command_that_closes_the_connection_first_sends_the_gathered_blocks(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "first"), ("/b", "second"));
        foreach (string last in (string[])["MODE S", "MODE Z", "QUIT", "REIN", "EPSV"])
        {
            await using Conversation client = await server.LogInAsync();
            await client.PlayAsync(Start);
            DataPeer data = client.Data!;
            client.ConnectsLate = true;
            await client.SendAsync(Script.Bytes($"RETR a\\r\\nRETR b\\r\\n{last}\\r\\n"));
            Assert.Equal("first"u8.ToArray(), await data.ReadFileAsync());
            Assert.Equal("second"u8.ToArray(), await data.ReadFileAsync());
            Assert.Empty(await data.ReadToEndAsync());
        }
    }

    [Theory, OnEveryWire]
    public async Task Simultaneous_uploads_are_all_stored(Wire wire)
    {
        await using TestServer server = new(wire);
        await server.PlayAsync($"""
            {Start}C> STOR a\r\nSTOR b\r\nSTOR c\r\nSIZE c\r\n
            D+ @\0\x05first@\0\0\0\0\x03thi@\0\x02rd
            S: 150 *
            S: 250 *5 bytes*
            S: 125 *
            S: 250 *0 bytes*
            S: 125 *
            S: 250 *5 bytes*
            S: 213 5
            """);
        Assert.Equal(("first", "", "third"), (await server.ReadAsync("/a"), await server.ReadAsync("/b"), await server.ReadAsync("/c")));
    }

    [Theory, OnEveryWire]
    public async Task Refused_uploads_are_not_read_by_default(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/sub/", ""));
        await server.PlayAsync($"""
            {Start}C: STOR missing/a
            S: 550 *
            C: STOR b
            S: 150 *
            B> second
            S: 250 *
            C: STOR sub
            S: 550 *
            C: STOR c
            S: 125 *
            B> third
            S: 250 *
            """);
        Assert.Equal(("second", "third"), (await server.ReadAsync("/b"), await server.ReadAsync("/c")));
    }

    [Theory, OnEveryWire]
    public async Task Refused_uploads_are_read_to_their_end_with_the_DRAIN_option(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/sub/", ""));
        await server.PlayAsync($"""
            C: OPTS MODE B DRAIN ON
            S: 200 MODE B DRAIN set to ON.
            {Start}C> STOR missing/a\r\nSTOR b\r\nSTOR sub\r\nRANG 1 2\r\nAPPE b\r\nALLO 9\r\nSTOR c\r\nSTOR d\r\n
            B> first
            B> second
            B> third
            B> fourth
            B> fifth
            B> sixth
            S: 550 *
            S: 125 *
            S: 250 *
            S: 550 *
            S: 350 *
            S: 503 *
            S: 200 *
            S: 125 *
            S: 451 *
            S: 125 *
            S: 250 *
            C: opts mode b drain off
            S: 200 MODE B DRAIN set to OFF.
            C: OPTS MODE B DRAIN
            S: 501 *
            C: OPTS MODE B
            S: 200 MODE B DRAIN set to OFF.
            """);
        Assert.Equal(("second", null, "sixth"), (await server.ReadAsync("/b"), await server.ReadAsync("/c"), await server.ReadAsync("/d")));
    }

    [Theory, OnEveryWire]
    public async Task A_refused_upload_that_does_not_end_can_be_aborted(Wire wire)
    {
        await using TestServer server = new(wire);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync($"""
            C: OPTS MODE B DRAIN ON
            S: 200 *
            {Start}C: STOR missing/a
            D+ \0\0\x05first
            """);
        await server.Log.WaitForAsync(RecordingLogger.StoreRejected); // an earlier ABOR would abort the upload before it is refused
        await client.PlayAsync("""
            C: ABOR
            S: 550 *
            S: 226 *
            C: STOR b
            S: 425 *
            """);
    }

    [Theory, OnEveryWire]
    public async Task A_refused_upload_that_stalls_times_out(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { StallTimeout = TimeSpan.FromMilliseconds(1) });
        await server.PlayAsync($"""
            C: OPTS MODE B DRAIN ON
            S: 200 *
            {Start}C: STOR missing/a
            S: 550 *
            C: STOR b
            S: 425 *
            """);
    }

    [Theory, OnEveryWire]
    public async Task An_upload_that_fails_midway_is_read_to_its_end_and_the_next_one_succeeds(Wire wire)
    {
        bool isFull = false;
        var store = new HookedStore { Fault = member => isFull && member == nameof(IFileWriter.WriteAsync)
            ? new StoreException(StoreError.NoSpace, "Full.") : null };
        await using TestServer server = new(wire, store);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync($"{Start}C: STOR a\nS: 150 *");
        isFull = true;
        await client.Data!.SendAsync(Blocks.Encode(new byte[500_000]));
        await client.PlayAsync("S: 452 *");
        isFull = false;
        await client.PlayAsync("C: STOR b\nS: 125 *\nB> goes\nS: 250 *");
        Assert.Equal(["b"], await server.ListNamesAsync("/"));
    }

    [Theory, OnEveryWire]
    public async Task A_connection_that_fails_within_a_file_leaves_a_partial_upload(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "old"));
        await server.PlayAsync($"""
            {Start}C: STOR a
            S: 150 *
            D> \0\0\x05first\0\0\x09sec
            S: 426 * Kept 8 bytes; send REST 8 to resume.
            C: STOR a
            S: 425 *
            C: EPSV
            S: 229 *
            C: REST 8
            S: 350 *
            C: STOR a
            S: 150 *
            B> ond
            S: 250 *
            """);
        Assert.Equal("firstsecond", await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public async Task An_invalid_block_is_not_stored_and_closes_the_connection(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "old"));
        await server.PlayAsync($"""
            {Start}C: STOR a
            S: 150 *
            D+ \0\0\x05first\x01\0\x01x
            S: 451 *
            D<
            C: STOR a
            S: 425 *
            C: EPSV
            S: 229 *
            C: STOR b
            S: 150 *
            B> goes
            S: 250 *
            """);
        Assert.Equal(("old", "goes"), (await server.ReadAsync("/a"), await server.ReadAsync("/b")));
        Assert.Equal(["a", "b"], await server.ListNamesAsync("/"));
    }

    [Theory, OnEveryWire]
    public async Task A_download_that_fails_midway_closes_the_connection_after_the_previous_files(Wire wire)
    {
        bool fails = false;
        var store = new HookedStore();
        store.BeforeRead = _ => fails ? throw new StoreException(StoreError.Denied, "Gone.") : Task.CompletedTask;
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/a", "first");
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync($"{Start}C: RETR a\nS: 150 *\nS: 250 *");
        fails = true;
        await client.PlayAsync("C: RETR a\nS: 125 *\nS: 550 *\nB< first\nD<\nC: RETR a\nS: 425 *");
    }

    [Theory, OnEveryWire]
    public async Task Abor_closes_the_connection_during_a_transfer_and_between_two_transfers(Wire wire)
    {
        var store = new HookedStore { BeforeRead = token => Task.Delay(Timeout.Infinite, token) };
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/a", "hello");
        await server.PlayAsync($"""
            {Start}C: STOR b
            S: 150 *
            D+ \0\0\x05first
            C: ABOR
            S: 426 *
            S: 226 *
            C: RETR a
            S: 425 *
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 *
            C: ABOR
            S: 426 *
            S: 226 *
            C: EPSV
            S: 229 *
            C: STOR c
            S: 150 *
            B> whole
            S: 250 *
            C: ABOR
            S: 226 *
            D<
            C: STOR c
            S: 425 *
            """);
    }

    [Theory, OnEveryWire(PlainOnly = true)]
    public async Task A_last_block_marks_a_complete_upload_even_if_the_client_has_disconnected(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { PublishPolicy = FtpPublishPolicy.CompleteOnly });
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync($"{Start}C: STOR a\nS: 150 *\nB> one\nS: 250 *\nB> two\nC: STOR b");
        client.CloseSending();
        await client.PlayAsync("S: 125 *\nS: 250 *\nS: (end)");
        Assert.Equal("two", await server.ReadAsync("/b"));
    }

    [Theory, OnEveryWire]
    public Task Stat_reports_the_mode(Wire wire) => TestServer.PlayAsync(wire, """
        C: MODE B
        S: 200 Mode set to B.
        C: STAT
        S: 211-*
        S: ...
        S:  Type image, mode block, structure file
        S: ...
        S: 211 *
        """);
}
