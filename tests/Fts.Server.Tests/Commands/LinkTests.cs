using Fts.Accounts;
using Fts.Server.Tests.Support;
using Fts.Storage.Local;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Commands;

/// <summary>SITE SYMLINK.</summary>
public sealed class LinkTests
{
    [Theory, OnEveryWire]
    public async Task A_link_target_must_be_below_the_directory_of_the_link(Wire wire)
    {
        using var directory = new TemporaryDirectory();
        using var store = new LocalFileStore(directory.Path);
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/releases/v 1/a", "hello");
        await server.WriteAsync("/b", "taken");
        await server.PlayAsync("""
            C: SITE SYMLINK "releases/v 1" current
            S: 200 *
            C: site symlink /releases/../b "also b"
            S: 200 *
            C: EPSV
            S: 229 *
            C: RETR current/a
            S: 150 *
            D< hello
            S: 226 *
            C: SITE SYMLINK b current
            S: 553 *
            C: SITE SYMLINK b releases
            S: 553 *
            C: SITE SYMLINK missing link
            S: 550 *
            C: SITE SYMLINK b missing/link
            S: 553 *
            C: SITE SYMLINK b releases/link
            S: 553 *
            C: SITE SYMLINK /etc/passwd link
            S: 550 *
            C: SITE SYMLINK ../../../../b link
            S: 200 *
            C: SITE SYMLINK / link2
            S: 553 *
            C: SITE SYMLINK . link2
            S: 553 *
            C: SITE SYMLINK b
            S: 501 *
            C: SITE SYMLINK b c d
            S: 501 *
            C: SITE SYMLINK "b c
            S: 501 *
            """);
        Assert.Equal(["also b", "b", "current", "link", "releases"], await server.ListNamesAsync("/"));
        Assert.Equal(("releases/v 1", "b"), (Target("current"), Target("link")));

        string? Target(string name) => new FileInfo(Path.Combine(directory.Path, name)).LinkTarget;
    }

    [Theory, OnEveryWire]
    public async Task SITE_SYMLINK_requires_the_permission_to_create_files(Wire wire)
    {
        using var directory = new TemporaryDirectory();
        using var store = new LocalFileStore(directory.Path);
        await using TestServer server = new(wire, store,
            options => options with { Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite & ~Permissions.Create) });
        await server.WriteAsync("/a", "hello");
        await server.PlayAsync("C: SITE SYMLINK a b\nS: 550 *");
        Assert.Equal(["a"], await server.ListNamesAsync("/"));
    }

    [Theory, OnEveryWire]
    public async Task SITE_SYMLINK_returns_502_if_the_store_has_no_links(Wire wire)
    {
        await using TestServer server = new(wire, new MemoryFileStore());
        await server.WriteAsync("/a", "hello");
        await server.PlayAsync("C: SITE SYMLINK a b\nS: 502 *");
    }
}
