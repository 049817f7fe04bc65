using Fts.Accounts;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Commands;

/// <summary>COMB, SITE COPY, SITE CPFR and SITE CPTO.</summary>
public sealed class CopyTests
{
    [Theory, OnEveryWire]
    public async Task COMB_appends_the_parts_in_order_and_deletes_them(Wire wire)
    {
        await using TestServer server =
            await TestServer.WithAsync(wire, ("/p 1", "one"), ("/p\"2", "two"), ("/sub/p3", "three"), ("/old", "four"), ("/end", "end"));
        await server.PlayAsync("""
            C: COMB "/whole" "p 1" "p""2" sub/p3
            S: 250 *
            C: COMB old end
            S: 250 *
            C: COMB "whole" "whole" "old"
            S: 250 *
            C: COMB "whole" "whole"
            S: 250 *
            C: COMB "new" "whole" "new"
            S: 550 *
            """);
        Assert.Equal("onetwothreefourend", await server.ReadAsync("/whole"));
        Assert.Equal(["sub", "whole"], await server.ListNamesAsync("/"));
        Assert.Empty(await server.ListNamesAsync("/sub"));
    }

    [Fact]
    public async Task A_commit_that_takes_longer_than_the_stall_timeout_is_not_aborted()
    {
        var committed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var store = new HookedStore();
        await TestServer.WriteAsync(store, "/a", "one");
        await TestServer.WriteAsync(store, "/b", "two");
        store.BeforeCommit = committed.Task.WaitAsync;
        await using TestServer server = new(Wire.IPv4, store, options => options with
        {
            LoginTimeout = TimeSpan.FromSeconds(2),
            StallTimeout = TimeSpan.FromMilliseconds(500),
            CloseTimeout = TimeSpan.FromMilliseconds(500),
        });
        await using Conversation combine = await server.LogInAsync(), copy = await server.LogInAsync(), copyTo = await server.LogInAsync();
        await combine.PlayAsync("C: COMB whole a");
        await copy.PlayAsync("C: SITE COPY b c");
        await copyTo.PlayAsync("C: SITE CPFR b\nS: 350 *\nC: SITE CPTO d");
        for (int i = 0; i < 2; i++)
        {
            // When an idle session is closed, the server has checked all sessions for longer than both timeouts.
            await using Conversation silent = await server.ConnectAsync();
            await silent.PlayAsync("S: 220 *\nS: 421 *\nS: (end)");
        }

        committed.SetResult();
        await combine.PlayAsync("S: 250 *");
        await copy.PlayAsync("S: 250 *");
        await copyTo.PlayAsync("S: 250 *");
        Assert.Equal(("one", "two", "two"), (await server.ReadAsync("/whole"), await server.ReadAsync("/c"), await server.ReadAsync("/d")));
    }

    [Theory, OnEveryWire]
    public async Task COMB_rejects_a_duplicate_part(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "one"), ("/b", "two"));
        await server.PlayAsync("""
            C: COMB b a a
            S: 550 *
            C: COMB b a /a ./a
            S: 550 *
            C: COMB new a b a
            S: 550 *
            C: COMB b b a a
            S: 550 *
            C: COMB b b b
            S: 550 *
            """);
        Assert.Equal(("one", "two", null), (await server.ReadAsync("/a"), await server.ReadAsync("/b"), await server.ReadAsync("/new")));
    }

    [Theory, OnEveryWire]
    public async Task A_failed_COMB_changes_nothing(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "one"), ("/b", "two"), ("/target", "old"), ("/sub/", ""));
        await server.PlayAsync("""
            C: COMB "target" "a" "missing"
            S: 550 *
            C: COMB "target" "a" "sub"
            S: 550 *
            C: COMB "sub" "a" "b"
            S: 550 *
            C: COMB "target"
            S: 501 *
            C: COMB "target" "a
            S: 501 *
            C: COMB "target""a"
            S: 501 *
            C: COMB "target"a" b
            S: 501 *
            C: COMB target a ../../../b missing
            S: 550 *
            """);
        Assert.Equal(
            ("old", "one", "two"), (await server.ReadAsync("/target"), await server.ReadAsync("/a"), await server.ReadAsync("/b")));
    }

    [Theory, OnEveryWire]
    public async Task COMB_requires_all_its_permissions(Wire wire)
    {
        foreach (Permissions one in new[] { Permissions.Read, Permissions.Delete, Permissions.Append })
        {
            await using TestServer server =
                new(wire, configure: options => options with { Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite & ~one) });
            await server.WriteAsync("/a", "one");
            await server.WriteAsync("/target", "old");
            await server.PlayAsync("C: COMB target a\nS: 550 *");
            Assert.Equal(("old", "one"), (await server.ReadAsync("/target"), await server.ReadAsync("/a")));
        }
    }

    [Theory, OnEveryWire]
    public async Task A_file_is_copied_by_one_command_or_two(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a b", "hello"), ("/taken", "old"), ("/sub/", ""));
        await server.PlayAsync("""
            C: SITE CPFR a b
            S: 350 *
            C: SITE CPTO sub/c d
            S: 250 *
            C: SITE COPY "a b" taken
            S: 250 *
            C: SITE CPTO again
            S: 503 *
            C: SITE CPFR a b
            S: 350 *
            C: PWD
            S: 257 *
            C: SITE CPTO again
            S: 503 *
            C: SITE CPFR missing
            S: 550 *
            C: SITE CPFR sub
            S: 550 *
            C: SITE COPY a b
            S: 550 *
            C: SITE COPY "a b"
            S: 501 *
            C: SITE COPY "a b" sub
            S: 550 *
            C: SITE COPY "a b" missing/c
            S: 550 *
            """);
        Assert.Equal(("hello", "hello", "hello"),
            (await server.ReadAsync("/a b"), await server.ReadAsync("/sub/c d"), await server.ReadAsync("/taken")));
        Assert.Equal(["a b", "sub", "taken"], await server.ListNamesAsync("/"));
    }

    [Theory, OnEveryWire]
    public async Task ABOR_aborts_a_copy_and_keeps_the_target(Wire wire)
    {
        var store = new HookedStore { BeforeRead = token => Task.Delay(Timeout.Infinite, token) };
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/a", "hello");
        await server.WriteAsync("/target", "old");
        await server.PlayAsync("""
            C> COMB target a\r\nNOOP\r\n
            S: 200 *
            C: ABOR
            S: 426 *
            S: 226 *
            C: SITE CPFR a
            S: 350 *
            C> SITE CPTO target\r\nNOOP\r\n
            S: 200 *
            C: ABOR
            S: 426 *
            S: 226 *
            """);
        store.BeforeRead = null;
        Assert.Equal(("old", "hello"), (await server.ReadAsync("/target"), await server.ReadAsync("/a")));
    }
}
