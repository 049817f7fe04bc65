using Fts.Server.Tests.Support;
using Fts.Storage;

namespace Fts.Server.Tests.Listings;

/// <summary>Endless listings end with ABOR and when the client disconnects, and block no other session.</summary>
public sealed class LongListingTests
{
    [Theory, OnEveryWire]
    public async Task ABOR_aborts_STAT_with_a_path(Wire wire)
    {
        await using var listing = new EndlessListing(wire);
        await using Conversation client = await listing.Server.LogInAsync();
        await client.SendAsync("STAT /");
        Assert.Equal("213-Status:", await client.ReadLineAsync());
        await listing.Begun.WithDeadline(); // an enumeration that was never started would not end
        await client.SendAsync("ABOR");
        string line;
        do
        {
            line = (await client.ReadLineAsync())!;
        }
        while (line.StartsWith(' '));
        Assert.Equal("213 Listing aborted.", line);
        await client.PlayAsync("""
            S: 226 *
            C: NOOP
            S: 200 *
            """);
        await listing.Ended.WithDeadline();
    }

    /// <summary>The client would take a reply between the lines of the listing for one of its lines.</summary>
    [Theory, OnEveryWire]
    public Task Commands_after_STAT_with_a_path_wait_for_its_end(Wire wire) => TestServer.PlayAsync(wire, """
        C> STAT /\r\nNOOP\r\nSTAT\r\nSTAT /\r\n
        S: 213-Status:
        S:  -rw-r--r-- * a
        S: 213 End.
        S: 200 *
        S: 211-*
        S: ...
        S:  No transfer in progress
        S: 211 End.
        S: 213-Status:
        S:  -rw-r--r-- * a
        S: 213 End.
        """, ("/a", "x"));

    [Theory, OnEveryWire]
    public async Task Stat_with_a_path_ends_when_its_client_disconnects(Wire wire)
    {
        foreach (string path in (string[])["/", "nothing*"])
        {
            await using var listing = new EndlessListing(wire);
            await using (Conversation client = await listing.Server.LogInAsync())
            {
                await client.SendAsync($"STAT {path}");
                Assert.Equal("213-Status:", await client.ReadLineAsync());
                await listing.Begun.WithDeadline();
            }

            await listing.Ended.WithDeadline();
            await listing.Server.Log.WaitForAsync(RecordingLogger.Disconnected);
        }
    }

    /// <summary>The waiting commands are not executed for a disconnected client.</summary>
    [Theory, OnEveryWire]
    public async Task Stat_with_a_path_ends_when_its_client_disconnects_although_commands_wait(Wire wire)
    {
        await using var listing = new EndlessListing(wire);
        await using (Conversation client = await listing.Server.LogInAsync())
        {
            await client.PlayAsync("""
                C> STAT /\r\nSTAT /\r\nSTAT /\r\nNOOP\r\n
                """);
            await listing.Begun.WithDeadline();
        }

        await listing.Server.Log.WaitForAsync(RecordingLogger.Disconnected);
        Assert.Equal(1, listing.Count);
    }

    [Theory, OnEveryWire]
    public async Task ABOR_aborts_a_listing_without_matches(Wire wire)
    {
        foreach (string verb in (string[])["LIST", "NLST"])
        {
            await using var listing = new EndlessListing(wire);
            await using Conversation client = await listing.Server.LogInAsync();
            await client.PlayAsync($"""
                C: EPSV
                S: 229 *
                C: {verb} nothing*
                S: 150 *
                """);
            await listing.Begun.WithDeadline();
            await client.PlayAsync("""
                C: ABOR
                S: 426 *
                S: 226 *
                """);
            await listing.Ended.WithDeadline();
        }
    }

    /// <summary>Returns a server with endless directories, whose store never waits and ignores cancellation.</summary>
    private sealed class EndlessListing : IAsyncDisposable
    {
        private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously), _ended =
            new(TaskCreationOptions.RunContinuationsAsynchronously);

        public EndlessListing(Wire wire)
        {
            Server = new TestServer(wire, new HookedStore { Entries = EntriesAsync });
        }

        public TestServer Server { get; }

        public Task Begun => _begun.Task;

        public Task Ended => _ended.Task;

        public int Count { get; private set; }

        public ValueTask DisposeAsync() => Server.DisposeAsync();

        private async IAsyncEnumerable<FileEntry> EntriesAsync()
        {
            await Task.CompletedTask;
            Count++;
            try
            {
                for (int i = 0; ; i++)
                {
                    if (i == 2000)
                    {
                        _begun.TrySetResult();
                    }

                    yield return new FileEntry("entry", EntryKind.File, i, DateTime.UnixEpoch);
                }
            }
            finally
            {
                _ended.TrySetResult();
            }
        }
    }
}
