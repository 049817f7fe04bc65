using System.Globalization;
using System.Text;
using Fts.Server.Tests.Support;
using Fts.Storage;

namespace Fts.Server.Tests.Large;

/// <summary>Folders of a hundred thousand entries: sent while they are read, not collected first.</summary>
public sealed class LargeListingTests
{
    private const int Before = 5_000, All = 100_000;

    /// <summary>The entries after the first thousands come only once the client says that it has seen some of those.</summary>
    private static async IAsyncEnumerable<FileEntry> Entries(Task seen)
    {
        for (int i = 0; i < All; i++)
        {
            if (i == Before)
            {
                await seen.WithDeadline();
            }

            yield return new FileEntry(
                string.Create(CultureInfo.InvariantCulture, $"entry number {i:D6}"), EntryKind.File, i, DateTime.UnixEpoch);
        }
    }

    [Theory, OnEveryWire]
    public async Task Listings_flow_before_the_store_has_listed_all(Wire wire)
    {
        foreach (string verb in (string[])["MLSD", "LIST", "NLST"])
        {
            var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var store = new HookedStore { Entries = () => Entries(seen.Task) };
            await using TestServer server = new(wire, store);
            await using Conversation talk = await server.LogInAsync();
            DataPeer data = await talk.OpenDataAsync();
            await talk.PlayAsync($"C: {verb}\nS: 150 *");
            byte[] first = new byte[1];
            Assert.Equal(1, await data.ReadSomeAsync(first));
            seen.SetResult();
            byte[] rest = await data.ReadToEndAsync();
            await talk.PlayAsync("S: 226 *");
            string[] lines = Encoding.UTF8.GetString([.. first, .. rest]).Split("\r\n");
            Assert.Equal(All + 1, lines.Length);
            for (int i = 0; i < All; i++)
            {
                Assert.EndsWith(string.Create(CultureInfo.InvariantCulture, $"entry number {i:D6}"), lines[i], StringComparison.Ordinal);
            }
        }
    }

    [Theory, OnEveryWire]
    public async Task Stat_of_a_large_folder_flows_too(Wire wire)
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = new(wire, new HookedStore { Entries = () => Entries(seen.Task) });
        await using Conversation talk = await server.LogInAsync();
        await talk.SendAsync("STAT /");
        Assert.StartsWith("213-", await talk.ReadLineAsync(), StringComparison.Ordinal);
        Assert.EndsWith("entry number 000000", await talk.ReadLineAsync(), StringComparison.Ordinal);
        seen.SetResult();
        int lines = 1;
        while ((await talk.ReadLineAsync())![0] == ' ')
        {
            lines++;
        }

        Assert.Equal(All, lines);
        await talk.PlayAsync("C: NOOP\nS: 200 *");
    }

    [Theory, OnEveryWire]
    public async Task Abor_ends_a_listing_that_waits_for_its_store(Wire wire)
    {
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = new(wire, new HookedStore { Entries = () => Forever(never.Task) });
        await using Conversation talk = await server.LogInAsync();
        DataPeer data = await talk.OpenDataAsync();
        await talk.PlayAsync("C: LIST\nS: 150 *");
        Assert.True(await data.ReadSomeAsync(new byte[1024]) > 0);
        await talk.PlayAsync("""
            C: ABOR
            S: 426 *
            S: 226 *
            C: PWD
            S: 257 *
            """);

        static async IAsyncEnumerable<FileEntry> Forever(
            Task never, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            for (int i = 0; ; i++)
            {
                if (i == Before)
                {
                    await never.WaitAsync(cancellationToken);
                }

                yield return new FileEntry($"entry {i}", EntryKind.File, i, DateTime.UnixEpoch);
            }
        }
    }
}
