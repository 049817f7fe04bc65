using Fts.Server.Listings;
using Fts.Server.Tests.Support;
using Fts.Storage;

namespace Fts.Server.Tests.Listings;

/// <summary>The listings of all sessions share one limit of entries in memory.</summary>
public sealed class SortingBudgetTests
{
    private static readonly ListOptions Reversed = new(ListOrder.Name, IsReversed: true, IsRecursive: false);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_listing_is_not_sorted_while_another_one_holds_the_entries()
    {
        var held = new SortingBudget(3);
        ListSorter first = new(Reversed, 10, held), second = new(Reversed, 10, held), third = new(Reversed, 10, held);
        await using (IAsyncEnumerator<FileEntry> slow = first.Sort(Entries("a", "b")).GetAsyncEnumerator(Token))
        {
            Assert.True(await slow.MoveNextAsync());
            Assert.Equal("b", slow.Current.Name);
            Assert.Equal("abc", await SortNamesAsync(second, "a", "b", "c"));
            Assert.Equal(Replies.NotSortedServerLimit, second.UnsortedReply);
        }

        Assert.Equal("cba", await SortNamesAsync(third, "a", "b", "c"));
        Assert.Null(third.UnsortedReply);
        Assert.Null(first.UnsortedReply);
    }

    [Theory, OnEveryWire]
    public async Task The_limit_is_reported_and_released(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { MaxListingEntriesInMemory = 2 });
        foreach (string path in (string[])["/a", "/b", "/sub/x", "/sub/y"])
        {
            await server.WriteAsync(path, "1");
        }

        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: NLST -r
            S: 150 *
            L< a
            L< b
            L< sub
            S: 226 Transfer complete. Not sorted: the server is sorting too many entries of other listings.
            C: EPSV
            S: 229 *
            C: NLST -r sub
            S: 150 *
            D< sub/y\r\nsub/x\r\n
            S: 226 Transfer complete.
            """);
    }

    [Theory, OnEveryWire]
    public async Task A_recursive_listing_is_complete_without_held_entries(Wire wire)
    {
        await using TestServer server = new(wire, configure: options => options with { MaxListingEntriesInMemory = 0 });
        await server.WriteAsync("/one/two/three", "1");
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: NLST -R
            S: 150 *
            D< .:\r\none\r\n\r\n./one:\r\n./one/two\r\n\r\n./one/two:\r\n./one/two/three\r\n
            S: 226 Transfer complete.
            """);
    }

    private static async Task<string> SortNamesAsync(ListSorter sorter, params string[] names)
    {
        string sorted = "";
        await foreach (FileEntry entry in sorter.Sort(Entries(names)).WithCancellation(Token))
        {
            sorted += entry.Name;
        }

        return sorted;
    }

    private static async IAsyncEnumerable<FileEntry> Entries(params string[] names)
    {
        await Task.Yield();
        foreach (string name in names)
        {
            yield return new FileEntry(name, EntryKind.File, 1, DateTime.UnixEpoch);
        }
    }
}
