using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Commands;

/// <summary>STOR, APPE and STOU, with REST and ALLO.</summary>
public sealed class StoreTests
{
    [Theory, OnEveryWire]
    public async Task STOR_creates_and_replaces_files(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/old", "something longer"), ("/sub/", ""));
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR sub/a "new" -file
            S: 150 *
            D> he\0l\r\nlo
            S: 226 *8 bytes*
            C: EPSV
            S: 229 *
            C: STOR old
            S: 150 *
            D> short
            S: 226 *5 bytes*
            C: EPSV
            S: 229 *
            C: STOR empty
            S: 150 *
            D>
            S: 226 *
            """);
        Assert.Equal("he\0l\r\nlo", await server.ReadAsync("/sub/a \"new\" -file"));
        Assert.Equal("short", await server.ReadAsync("/old"));
        Assert.Equal("", await server.ReadAsync("/empty"));
    }

    [Theory, OnEveryWire]
    public Task STOR_to_an_invalid_target_is_rejected(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: STOR missing/a
        S: 550 *
        C: STOR file/a
        S: 550 *
        C: STOR sub
        S: 550 *
        C: STOR /
        S: 550 *
        C: APPE sub
        S: 550 *
        C: STOR .fts-pending-x
        S: 553 *
        """, ("/file", "x"), ("/sub/", ""));

    [Theory, OnEveryWire]
    public async Task Readers_see_the_old_file_until_the_upload_is_complete(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "old"));
        await using Conversation writer = await server.LogInAsync(), reader = await server.LogInAsync();
        await writer.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D+ new and
            """);
        await reader.PlayAsync("""
            C: SIZE a
            S: 213 3
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 *
            D< old
            S: 226 *
            C: EPSV
            S: 229 *
            C: NLST
            S: 150 *
            L< a
            S: 226 *
            """);
        await writer.PlayAsync("""
            D>  longer
            S: 226 *
            """);
        Assert.Equal("new and longer", await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public async Task A_restarted_STOR_overwrites_from_its_offset(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "0123456789"), ("/b", "01234"));
        await server.PlayAsync("""
            C: REST 3
            S: 350 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D> xy
            S: 226 *2 bytes*
            C: REST 5
            S: 350 *
            C: EPSV
            S: 229 *
            C: STOR b
            S: 150 *
            D> 56789
            S: 226 *
            C: EPSV
            S: 229 *
            C: REST 11
            S: 350 *
            C: STOR a
            S: 554 *
            C: REST 1
            S: 350 *
            C: STOR missing
            S: 554 *
            """);
        Assert.Equal("012xy56789", await server.ReadAsync("/a"));
        Assert.Equal("0123456789", await server.ReadAsync("/b"));
        Assert.Null(await server.ReadAsync("/missing"));
    }

    [Theory, OnEveryWire]
    public async Task APPE_appends_or_creates_the_file(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "one "));
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: APPE a
            S: 150 *
            D> two
            S: 226 *3 bytes*
            C: EPSV
            S: 229 *
            C: APPE new
            S: 150 *
            D> first
            S: 226 *
            C: REST 1
            S: 350 *
            C: EPSV
            S: 229 *
            C: APPE new
            S: 150 *
            D>  second
            S: 226 *
            """);
        Assert.Equal("one two", await server.ReadAsync("/a"));
        Assert.Equal("first second", await server.ReadAsync("/new"));
    }

    [Theory, OnEveryWire]
    public async Task STOU_stores_under_a_new_name_and_reports_it(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a.txt", "old"), ("/sub/", ""));
        await using Conversation client = await server.LogInAsync();
        foreach ((string command, string begins) in ((string, string)[])[("STOU a.txt", "a.txt"), ("STOU", ""), ("STOU sub/b", "sub/b")])
        {
            await client.OpenDataAsync();
            string opening = (await client.SendAndReadReplyAsync(command))[0];
            Assert.StartsWith($"150 FILE: {begins}", opening, StringComparison.Ordinal);
            await client.PlayAsync($"D> {command}\nS: 226 *");
            Assert.Equal(command, await server.ReadAsync("/" + opening["150 FILE: ".Length..]));
        }

        Assert.Equal("old", await server.ReadAsync("/a.txt"));
        Assert.Equal(4, (await server.ListNamesAsync("/")).Length);
    }

    [Theory, OnEveryWire]
    public async Task An_upload_of_another_size_than_announced_is_not_stored(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "old"));
        await server.PlayAsync("""
            C: TYPE I
            S: 200 *
            C: ALLO 6
            S: 200 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D> short
            S: 451 *
            C: EPSV
            S: 229 *
            C: ALLO 3
            S: 200 *
            C: STOR a
            S: 150 *
            D> more
            S: 451 *
            C: EPSV
            S: 229 *
            C: ALLO 5
            S: 200 *
            C: STOR b
            S: 150 *
            D> whole
            S: 226 *
            C: EPSV
            S: 229 *
            C: STOR c
            S: 150 *
            D> no
            S: 226 *
            """);
        Assert.Equal("old", await server.ReadAsync("/a"));
        Assert.Equal("whole", await server.ReadAsync("/b"));
        Assert.Equal("no", await server.ReadAsync("/c"));
    }
}
