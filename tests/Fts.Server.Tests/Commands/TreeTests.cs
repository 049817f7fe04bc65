using System.Globalization;
using Fts.Accounts;
using Fts.Server.Tests.Support;
using Fts.Storage;
using Fts.Storage.Local;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Commands;

/// <summary>AVBL, DSIZ and RMDA.</summary>
public sealed class TreeTests
{
    [Theory, OnEveryWire]
    public async Task DSIZ_adds_up_the_tree_and_RMDA_deletes_it(Wire wire)
    {
        await using TestServer server =
            await TestServer.WithAsync(wire, ("/sub/a", "12345"), ("/sub/deep/er/b", "123"), ("/sub/empty/", ""), ("/c", "1"));
        await server.PlayAsync("""
            C: DSIZ
            S: 213 9
            C: DSIZ sub
            S: 213 8
            C: DSIZ sub/empty
            S: 213 0
            C: DSIZ c
            S: 550 *
            C: DSIZ missing
            S: 550 *
            C: RMD sub
            S: 550 *
            C: RMDA c
            S: 550 *
            C: RMDA missing
            S: 550 *
            C: RMDA sub
            S: 250 *
            C: RMDA /
            S: 550 *
            C: RMDA ..
            S: 550 *
            C: DSIZ
            S: 213 1
            """);
        Assert.Equal(["c"], await server.ListNamesAsync("/"));
    }

    [Theory, OnEveryWire]
    public async Task Links_are_deleted_but_not_counted_or_followed(Wire wire)
    {
        using var directory = new TemporaryDirectory();
        using var store = new LocalFileStore(directory.Path);
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/kept/a", "12345");
        await server.WriteAsync("/tree/b", "123");
        File.CreateSymbolicLink(Path.Combine(directory.Path, "tree", "round"), "..");
        File.CreateSymbolicLink(Path.Combine(directory.Path, "tree", "way"), "../kept");
        File.CreateSymbolicLink(Path.Combine(directory.Path, "tree", "file"), "../kept/a");
        File.CreateSymbolicLink(Path.Combine(directory.Path, "way"), "kept");
        await server.PlayAsync("""
            C: DSIZ tree
            S: 213 3
            C: RMDA way
            S: 550 *
            C: RMDA tree
            S: 250 *
            C: DSIZ
            S: 213 5
            """);
        Assert.Equal(["kept", "way"], await server.ListNamesAsync("/"));
        Assert.Equal("12345", await server.ReadAsync("/kept/a"));
    }

    [Theory, OnEveryWire]
    public async Task Rmda_needs_the_permission_to_delete(Wire wire)
    {
        await using TestServer server = new(wire,
            configure: options => options with { Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite & ~Permissions.Delete) });
        await server.WriteAsync("/sub/a", "x");
        await server.PlayAsync("C: RMDA sub\nS: 550 *");
        Assert.Equal(["a"], await server.ListNamesAsync("/sub"));
    }

    [Theory, OnEveryWire]
    public async Task RMDA_deletes_everything_that_can_be_deleted(Wire wire)
    {
        string[] files = ["/sub/a", "/sub/deep/er/b", "/sub/deep/er/c", "/sub/deep/d", "/sub/other/e"];
        var store = new HookedStore { Undeletable = StorePath.Root.Resolve("/sub/deep/er/b") };
        await using TestServer server = new(wire, store);
        foreach (string file in files)
        {
            await server.WriteAsync(file, "x");
        }

        await server.PlayAsync("C: RMDA sub\nS: 550 *");
        Assert.Equal(["deep"], await server.ListNamesAsync("/sub"));
        Assert.Equal(["er"], await server.ListNamesAsync("/sub/deep"));
        Assert.Equal(["b"], await server.ListNamesAsync("/sub/deep/er"));
    }

    [Theory, OnEveryWire]
    public async Task ABOR_aborts_RMDA_and_keeps_the_remaining_files(Wire wire)
    {
        var reached = new TaskCompletionSource();
        var store = new HookedStore();
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/sub/deep/a", "x");
        await server.WriteAsync("/sub/deep/b", "x");
        store.BeforeDelete = token =>
        {
            // The first file is deleted. The deletion of the second waits until ABOR cancels it.
            store.BeforeDelete = async token =>
            {
                reached.SetResult();
                await Task.Delay(Timeout.Infinite, token);
            };
            return Task.CompletedTask;
        };
        await using Conversation client = await server.LogInAsync();
        await client.SendAsync("RMDA sub");
        await reached.Task.WithDeadline();
        await client.PlayAsync("C: NOOP\nS: 200 *");
        await client.SendAsync("ABOR");
        await client.SendAsync("NOOP");
        Assert.StartsWith("426 ", Assert.Single(await client.ReadReplyAsync()), StringComparison.Ordinal);
        await client.PlayAsync("S: 226 *\nS: 200 *");
        Assert.Single(await server.ListNamesAsync("/sub/deep"));
    }

    [Theory, OnEveryWire]
    public async Task AVBL_returns_the_free_space_if_it_is_known(Wire wire)
    {
        await using TestServer bounded = new(wire, new MemoryFileStore(capacity: 100));
        await bounded.WriteAsync("/sub/a", "12345");
        await bounded.PlayAsync("""
            C: AVBL
            S: 213 95
            C: AVBL sub
            S: 213 95
            C: AVBL sub/a
            S: 550 *
            C: AVBL missing
            S: 550 *
            """);
        await using TestServer boundless = new(wire, new MemoryFileStore());
        await boundless.PlayAsync("C: AVBL\nS: 550 *");

        using var directory = new TemporaryDirectory();
        using var store = new LocalFileStore(directory.Path);
        await using TestServer local = new(wire, store);
        await using Conversation client = await local.LogInAsync();
        string reply = Assert.Single(await client.SendAndReadReplyAsync("AVBL"));
        Assert.InRange(long.Parse(reply[4..], NumberStyles.None, CultureInfo.InvariantCulture), 1, long.MaxValue);
    }
}
