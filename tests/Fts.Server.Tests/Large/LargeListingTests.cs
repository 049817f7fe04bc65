using System.Globalization;
using System.Text;
using Fts.Server.Tests.Support;
using Fts.Storage;

namespace Fts.Server.Tests.Large;

/// <summary>Directories with 100,000 entries are sent while the store lists them.</summary>
public sealed class LargeListingTests
{
    private const int FirstPart = 5_000, Total = 100_000;

    /// <summary>Returns the entries after the first 5,000 only when the client has received some of those.</summary>
    private static async IAsyncEnumerable<FileEntry> ListAsync(Task received)
    {
        for (int i = 0; i < Total; i++)
        {
            if (i == FirstPart)
            {
                await received.WithDeadline();
            }

            yield return new FileEntry(
                string.Create(CultureInfo.InvariantCulture, $"entry number {i:D6}"), EntryKind.File, i, DateTime.UnixEpoch);
        }
    }

    [Theory, OnEveryWire]
    public async Task Listings_are_sent_while_the_store_is_still_listing(Wire wire)
    {
        foreach (string verb in (string[])["MLSD", "LIST", "NLST"])
        {
            var received = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var store = new HookedStore { Entries = () => ListAsync(received.Task) };
            await using TestServer server = new(wire, store);
            await using Conversation client = await server.LogInAsync();
            DataPeer data = await client.OpenDataAsync();
            await client.PlayAsync($"C: {verb}\nS: 150 *");
            byte[] first = new byte[1];
            Assert.Equal(1, await data.ReadSomeAsync(first));
            received.SetResult();
            byte[] rest = await data.ReadToEndAsync();
            await client.PlayAsync("S: 226 *");
            string[] lines = Encoding.UTF8.GetString([.. first, .. rest]).Split("\r\n");
            Assert.Equal(Total + 1, lines.Length);
            for (int i = 0; i < Total; i++)
            {
                Assert.EndsWith(string.Create(CultureInfo.InvariantCulture, $"entry number {i:D6}"), lines[i], StringComparison.Ordinal);
            }
        }
    }

    [Theory, OnEveryWire]
    public async Task Stat_is_sent_while_the_store_is_still_listing(Wire wire)
    {
        var received = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = new(wire, new HookedStore { Entries = () => ListAsync(received.Task) });
        await using Conversation client = await server.LogInAsync();
        await client.SendAsync("STAT /");
        Assert.StartsWith("213-", await client.ReadLineAsync(), StringComparison.Ordinal);
        Assert.EndsWith("entry number 000000", await client.ReadLineAsync(), StringComparison.Ordinal);
        received.SetResult();
        int lines = 1;
        while ((await client.ReadLineAsync())![0] == ' ')
        {
            lines++;
        }

        Assert.Equal(Total, lines);
        await client.PlayAsync("C: NOOP\nS: 200 *");
    }

    [Theory, OnEveryWire]
    public async Task Abor_aborts_a_listing_that_waits_for_its_store(Wire wire)
    {
        var never = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = new(wire, new HookedStore { Entries = () => ListForeverAsync(never.Task) });
        await using Conversation client = await server.LogInAsync();
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

        static async IAsyncEnumerable<FileEntry> ListForeverAsync(
            Task never, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            for (int i = 0; ; i++)
            {
                if (i == FirstPart)
                {
                    await never.WaitAsync(cancellationToken);
                }

                yield return new FileEntry($"entry {i}", EntryKind.File, i, DateTime.UnixEpoch);
            }
        }
    }
}
