using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Gate;

/// <summary>Directories with different permissions: upload-only drop boxes, hidden directories and read-only trees.</summary>
public sealed class DropBoxTests
{
    private const string DropBox = "/=lr,/in=c";

    [Theory, OnEveryWire]
    public async Task An_upload_to_a_drop_box_works_but_only_once(Wire wire)
    {
        await using TestServer server = Create(wire, DropBox);
        await server.WriteAsync("/in/", "");
        await PlayAsync(server, """
            C: CWD in
            S: 250 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D> hello
            S: 226 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 550 Permission denied (permission.overwrite).
            C: APPE a
            S: 550 Permission denied (permission.append).
            C: REST 2
            S: 350 *
            C: STOR a
            S: 550 Permission denied (permission.overwrite).
            C: REST 5
            S: 350 *
            C: STOR a
            S: 550 Permission denied (permission.overwrite).
            C: STOU
            S: 150 FILE: upload.*
            D> unique
            S: 226 *
            """);
        Assert.Equal("hello", await server.ReadAsync("/in/a"));
    }

    [Theory, OnEveryWire]
    public async Task A_drop_box_gives_the_same_replies_for_existing_and_missing_names(Wire wire)
    {
        await using TestServer server = Create(wire, DropBox);
        await server.WriteAsync("/in/file", "secret");
        await server.WriteAsync("/in/folder/inner", "secret");
        foreach (string name in (string[])["file", "folder", "folder/inner", "missing", "missing/deeper"])
        {
            await PlayAsync(server, $"""
                C: CWD in
                S: 250 *
                C: SIZE {name}
                S: 550 Permission denied (permission.list).
                C: MDTM {name}
                S: 550 Permission denied (permission.list).
                C: MLST {name}
                S: 550 Permission denied (permission.list).
                C: STAT {name}
                S: 550 Permission denied (permission.list).
                C: DSIZ {name}
                S: 550 Permission denied (permission.list).
                C: AVBL {name}
                S: 550 Permission denied (permission.list).
                C: EPSV
                S: 229 *
                C: LIST {name}
                S: 550 Permission denied (permission.list).
                C: NLST {name}*
                S: 550 Permission denied (permission.list).
                C: MLSD {name}
                S: 550 Permission denied (permission.list).
                C: RETR {name}
                S: 550 Permission denied (permission.read).
                C: HASH {name}
                S: 550 Permission denied (permission.read).
                C: XCRC {name} 0 1
                S: 550 Permission denied (permission.read).
                C: SITE CPFR {name}
                S: 550 Permission denied (permission.read).
                C: SITE COPY {name} new
                S: 550 Permission denied (permission.read).
                C: COMB new {name}
                S: 550 Permission denied (permission.read).
                C: SITE SYMLINK {name} link
                S: 550 Permission denied (permission.read).
                C: DELE {name}
                S: 550 Permission denied (permission.delete).
                C: RMD {name}
                S: 550 Permission denied (permission.delete).
                C: RMDA {name}
                S: 550 Permission denied (permission.delete).
                C: RNFR {name}
                S: 550 Permission denied (permission.rename).
                C: MKD {name}
                S: 553 Permission denied (permission.make-directory).
                C: MFMT 20240229123456 {name}
                S: 550 Permission denied (permission.change-attributes).
                C: MDTM 20240229123456 {name}
                S: 550 Permission denied (permission.change-attributes).
                C: SITE CHMOD 777 {name}
                S: 550 Permission denied (permission.change-attributes).
                C: CWD {name}
                S: 250 *
                """);
        }
    }

    [Theory, OnEveryWire]
    public async Task The_own_interrupted_upload_to_a_drop_box_can_be_resumed(Wire wire)
    {
        await using TestServer server = Create(wire, DropBox);
        await server.WriteAsync("/in/", "");
        await PlayAsync(server, """
            C: ALLO 9
            S: 200 *
            C: EPSV
            S: 229 *
            C: STOR in/a
            S: 150 *
            D> begun
            S: 451 *
            C: SIZE in/a
            S: 213 5
            C: SIZE in/b
            S: 550 Permission denied (permission.list).
            C: REST 5
            S: 350 *
            C: EPSV
            S: 229 *
            C: STOR in/a
            S: 150 *
            D>  end
            S: 226 *
            C: SIZE in/a
            S: 550 Permission denied (permission.list).
            """);
        Assert.Equal("begun end", await server.ReadAsync("/in/a"));
    }

    [Theory, OnEveryWire]
    public async Task Entries_without_any_permission_are_hidden(Wire wire)
    {
        await using TestServer server = Create(wire, "/=lr,/hidden=-,/way=-,/way/open=lr,/drop=c");
        await server.WriteAsync("/hidden/a", "12345");
        await server.WriteAsync("/way/a", "1234567");
        await server.WriteAsync("/way/open/b", "12");
        await server.WriteAsync("/drop/c", "1234");
        await server.WriteAsync("/plain", "1");
        await PlayAsync(server, """
            C: EPSV
            S: 229 *
            C: MLSD
            S: 150 *
            L< *perm=e;* way
            L< *perm=ce;* drop
            L< *perm=r;* plain
            S: 226 *
            C: CWD hidden
            S: 550 Permission denied (permission.list).
            C: CWD missing
            S: 550 No such file or directory.
            C: MLST hidden
            S: 550 Permission denied (permission.list).
            C: CWD way
            S: 250 *
            C: CWD open
            S: 250 *
            C: CDUP
            S: 250 *
            C: CWD other
            S: 550 Permission denied (permission.list).
            C: EPSV
            S: 229 *
            C: LIST
            S: 550 Permission denied (permission.list).
            C: DSIZ /
            S: 213 1
            C: DSIZ open
            S: 213 2
            """);
    }

    [Theory, OnEveryWire]
    public async Task A_tree_is_deleted_or_moved_only_with_the_permissions_on_everything_below_it(Wire wire)
    {
        await using TestServer server = Create(wire, "/=*,/a/locked/deep=lr,/b/locked=lr");
        await server.WriteAsync("/a/locked/deep/file", "x");
        await server.WriteAsync("/a/free/file", "x");
        await PlayAsync(server, """
            C: RMDA a
            S: 550 Permission denied (permission.delete).
            C: RMDA a/locked
            S: 550 Permission denied (permission.delete).
            C: RNFR a
            S: 550 Permission denied (permission.rename).
            C: RNFR a/free
            S: 350 *
            C: RNTO b
            S: 550 Permission denied (permission.create).
            C: RMDA a/free
            S: 250 *
            """);
        Assert.Equal("x", await server.ReadAsync("/a/locked/deep/file"));
    }

    [Theory, OnEveryWire]
    public async Task Appending_and_overwriting_are_separate(Wire wire)
    {
        await using TestServer server = Create(wire, "/=lr,/log=lra,/fixed=lrw");
        await server.WriteAsync("/log", "12345");
        await server.WriteAsync("/fixed", "12345");
        await PlayAsync(server, """
            C: EPSV
            S: 229 *
            C: STOR log
            S: 550 Permission denied (permission.create).
            C: REST 2
            S: 350 *
            C: STOR log
            S: 550 Permission denied (permission.overwrite).
            C: APPE log
            S: 150 *
            D> 67
            S: 226 *
            C: REST 7
            S: 350 *
            C: EPSV
            S: 229 *
            C: STOR log
            S: 150 *
            D> 89
            S: 226 *
            C: EPSV
            S: 229 *
            C: APPE fixed
            S: 550 Permission denied (permission.create).
            C: REST 5
            S: 350 *
            C: STOR fixed
            S: 550 Permission denied (permission.append).
            C: REST 2
            S: 350 *
            C: STOR fixed
            S: 150 *
            D> x
            S: 226 *
            C: MLST log
            S: 250-Listing:
            S: ...
            S:  *perm=ar;* /log
            S: 250 End.
            C: MLST fixed
            S: 250-Listing:
            S: ...
            S:  *perm=rw;* /fixed
            S: 250 End.
            """);
        Assert.Equal(("123456789", "12x45"), (await server.ReadAsync("/log"), await server.ReadAsync("/fixed")));
    }

    /// <summary>The memory store has no links.</summary>
    [Fact]
    public async Task A_link_cannot_bypass_a_rule()
    {
        await using TestServer server = Create(Wire.Kernel, "/=*,/a/secret=-,/a/list=l,/b/sub=c");
        await server.WriteAsync("/a/secret/file", "x");
        await server.WriteAsync("/a/list/file", "x");
        await server.WriteAsync("/a/sub/file", "x");
        await server.WriteAsync("/a/file", "x");
        await server.WriteAsync("/b/sub/file", "x");
        await PlayAsync(server, """
            C: SITE SYMLINK /a/secret /a/link
            S: 550 Permission denied (permission.read).
            C: SITE SYMLINK /a/list /a/link
            S: 550 Permission denied (permission.read).
            C: SITE SYMLINK /a/sub /a/link
            S: 200 *
            C: RNFR /a/link
            S: 350 *
            C: RNTO /b/link
            S: 550 Permission denied (permission.list).
            C: RNFR /a/link
            S: 350 *
            C: RNTO /a/renamed
            S: 250 *
            C: RNFR /a/file
            S: 350 *
            C: RNTO /b/file
            S: 250 *
            """);
    }

    [Fact]
    public async Task A_refusal_is_logged_with_its_rule()
    {
        await using TestServer server = Create(Wire.IPv4, DropBox);
        await PlayAsync(server, """
            C: SIZE in/a
            S: 550 Permission denied (permission.list).
            C: DELE in/a
            S: 550 Permission denied (permission.delete).
            """);
        Assert.Contains("[1] ann@127.0.0.1 SIZE /in/a refused: 550 Permission denied (permission.list). ", server.Log.Texts);
        Assert.Contains("[1] ann@127.0.0.1 DELE /in/a refused: 550 Permission denied (permission.delete). ", server.Log.Texts);
    }

    private static TestServer Create(Wire wire, string rules) =>
        new(wire, configure: options => options with { Authenticator = new RuleAccounts().Add("ann", rules) });

    private static async Task PlayAsync(TestServer server, string script)
    {
        await using Conversation client = await server.ConnectAsync();
        await client.PlayAsync("S: 220 *\nC: USER ann\nS: 331 *\nC: PASS x\nS: 230 *\nC: TYPE I\nS: 200 *");
        await client.PlayAsync(script);
    }
}
