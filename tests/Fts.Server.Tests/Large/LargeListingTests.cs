using System.Globalization;
using System.Text;
using Fts.Server.Tests.Support;
using Fts.Storage;

namespace Fts.Server.Tests.Large;

/// <summary>Listings of 100,000 entries are sent while the store lists them, and are not collected first.</summary>
public sealed class LargeListingTests
{
    private const int EntriesBeforePause = 5_000, EntryCount = 100_000;

    /// <summary>Returns all entries. The listing pauses after the first 5,000 until the client has received one of them.</summary>
    private static async IAsyncEnumerable<FileEntry> ListEntries(Task received)
    {
        for (int i = 0; i < EntryCount; i++)
        {
            if (i == EntriesBeforePause)
            {
                await received.WithDeadline();
            }

            yield return new FileEntry(
                string.Create(CultureInfo.InvariantCulture, $"entry number {i:D6}"), EntryKind.File, i, DateTime.UnixEpoch);
        }
    }

    [Theory, OnEveryWire]
    public async Task Listings_are_sent_before_the_store_has_returned_all_entries(Wire wire)
    {
        foreach (string verb in (string[])["MLSD", "LIST", "NLST"])
        {
            var received = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var store = new HookedStore { Entries = () => ListEntries(received.Task) };
            await using TestServer server = new(wire, store);
            await using TestClient client = await server.LogInAsync();
            DataPeer data = await client.OpenDataAsync();
            await client.PlayAsync($"C: {verb}\nS: 150 *");
            byte[] first = new byte[1];
            Assert.Equal(1, await data.ReadSomeAsync(first));
            received.SetResult();
            byte[] rest = await data.ReadToEndAsync();
            await client.PlayAsync("S: 226 *");
            string[] lines = Encoding.UTF8.GetString([.. first, .. rest]).Split("\r\n");
            Assert.Equal(EntryCount + 1, lines.Length);
            for (int i = 0; i < EntryCount; i++)
            {
                Assert.EndsWith(string.Create(CultureInfo.InvariantCulture, $"entry number {i:D6}"), lines[i], StringComparison.Ordinal);
            }
        }
    }

    [Theory, OnEveryWire]
    public async Task STAT_of_a_large_directory_is_sent_before_the_store_has_returned_all_entries(Wire wire)
    {
        var received = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = new(wire, new HookedStore { Entries = () => ListEntries(received.Task) });
        await using TestClient client = await server.LogInAsync();
        await client.SendAsync("STAT /");
        Assert.StartsWith("213-", await client.ReadLineAsync(), StringComparison.Ordinal);
        Assert.EndsWith("entry number 000000", await client.ReadLineAsync(), StringComparison.Ordinal);
        received.SetResult();
        int lines = 1;
        while ((await client.ReadLineAsync())![0] == ' ')
        {
            lines++;
        }

        Assert.Equal(EntryCount, lines);
        await client.PlayAsync("C: NOOP\nS: 200 *");
    }

    [Theory, OnEveryWire]
    public async Task ABOR_ends_a_listing_that_waits_for_its_store(Wire wire)
    {
        var blocked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = new(wire, new HookedStore { Entries = () => ListEndlessEntries(blocked.Task) });
        await using TestClient client = await server.LogInAsync();
        DataPeer data = await client.OpenDataAsync();
        await client.PlayAsync("C: LIST\nS: 150 *");
        Assert.True(await data.ReadSomeAsync(new byte[1024]) > 0);
        await client.PlayAsync("""
            C: ABOR
            S: 426 *
            S: 226 *
            C: PWD
            S: 257 *
            """);

        static async IAsyncEnumerable<FileEntry> ListEndlessEntries(
            Task blocked, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            for (int i = 0; ; i++)
            {
                if (i == EntriesBeforePause)
                {
                    await blocked.WaitAsync(cancellationToken);
                }

                yield return new FileEntry($"entry {i}", EntryKind.File, i, DateTime.UnixEpoch);
            }
        }
    }
}
