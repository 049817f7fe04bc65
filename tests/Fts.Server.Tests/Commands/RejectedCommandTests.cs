using Fts.Accounts;
using Fts.Server.Tests.Support;
using Fts.Storage.Local;

namespace Fts.Server.Tests.Commands;

/// <summary>A rejected command changes nothing, including the partial uploads of other clients.</summary>
public sealed class RejectedCommandTests
{
    private const string Interrupted = """
        C: CWD in
        S: 250 *
        C: EPSV
        S: 229 *
        C: ALLO 9
        S: 200 *
        C: STOR a
        S: 150 *
        D> begun
        S: 451 * Kept 5 bytes; send REST 5 to resume.
        C: CWD /
        S: 250 *
        """;

    [Theory, OnEveryWire]
    public async Task A_rejected_deletion_or_rename_keeps_the_partial_uploads(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/in/file", "text"), ("/other/file", "text"));
        await server.PlayAsync($"""
            {Interrupted}
            C: RMD in
            S: 550 *
            C: RNFR other
            S: 350 *
            C: RNTO in
            S: 550 *
            C: SIZE in/a
            S: 213 5
            C: DELE in/file
            S: 250 *
            C: RMD in
            S: 250 *
            C: SIZE in/a
            S: 550 *
            """);
    }

    [Theory, OnEveryWire]
    public async Task A_refused_deletion_keeps_the_partial_upload(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/in/", ""));
        await server.PlayAsync($"""
            {Interrupted}
            C: MKD in/a
            S: 257 *
            C: DELE in/a
            S: 550 *
            C: RMD in/a
            S: 250 *
            C: SIZE in/a
            S: 213 5
            """);
    }

    [Theory, OnEveryWire]
    public async Task Without_the_permission_to_delete_the_partial_upload_stays(Wire wire)
    {
        await using TestServer server = new(wire,
            configure: options => options with { Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite & ~Permissions.Delete) });
        await server.WriteAsync("/in/", "");
        await server.PlayAsync($"""
            {Interrupted}
            C: DELE in/a
            S: 550 *
            C: RMD in
            S: 550 *
            C: SIZE in/a
            S: 213 5
            """);
    }

    [Theory, OnEveryWire]
    public async Task An_append_that_is_interrupted_after_a_few_bytes_leaves_no_copy(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/log", "a log of many bytes"));
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: ALLO 9
            S: 200 *
            C: APPE log
            S: 150 *
            D> x
            S: 451 *
            C: SIZE log
            S: 213 19
            C: EPSV
            S: 229 *
            C: APPE log
            S: 150 *
            D>  and more
            S: 226 *
            """);
        Assert.Equal("a log of many bytes and more", await server.ReadAsync("/log"));
    }

    [Theory, OnEveryWire]
    public async Task DELE_discards_a_partial_upload_that_began_as_a_copy(Wire wire)
    {
        using var directory = new TemporaryDirectory();
        using var store = new LocalFileStore(directory.Path);
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/log", "one");
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: ALLO 99
            S: 200 *
            C: APPE log
            S: 150 *
            D> two and three
            S: 451 *
            C: SIZE log
            S: 213 16
            C: DELE log
            S: 250 *
            C: SIZE log
            S: 550 *
            """);
        Assert.Empty(Directory.GetFileSystemEntries(directory.Path));
    }

    [Theory, OnEveryWire]
    public async Task The_mode_of_the_root_is_not_set_by_any_name(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/in/file", "text"));
        await server.PlayAsync("""
            C: SITE CHMOD 000 /
            S: 550 *
            C: SITE CHMOD 000 .
            S: 550 *
            C: SITE CHMOD 000 ..
            S: 550 *
            C: SITE CHMOD 000 in/..
            S: 550 *
            C: SITE CHMOD 000 //
            S: 550 *
            C: SITE CHMOD 000 
            S: 501 *
            C: MFF UNIX.mode=0000; /
            S: 550 *
            C: MFF Modify=20240229123456;UNIX.mode=0777; .
            S: 550 *
            C: SITE CHMOD 700 in
            S: 200 *
            """);
        Assert.Equal("text", await server.ReadAsync("/in/file"));
    }
}
