using Fts.Accounts.Events;
using Fts.Accounts.Quota;
using Fts.Accounts.Recording;
using Fts.Accounts.Tests.Recording;
using Fts.Server.Tests.Support;
using Fts.Storage.Local;

namespace Fts.Server.Tests.Records;

/// <summary>Quotas and events on the wire.</summary>
public sealed class QuotaTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory, OnEveryWire]
    public async Task An_upload_beyond_the_quota_receives_552_and_changes_nothing(Wire wire)
    {
        await using RecordingServer server = await RecordingServer.StartAsync(wire, new QuotaLimit(1000, 3));
        await File.WriteAllTextAsync(Path.Combine(server.Directory, "old"), new string('o', 900), Token);
        await server.Records.RecountAsync(server.Directory, Token);
        await server.Server.PlayAsync($"""
            C: SITE QUOTA
            S: 200 Quota: 900 of 1000 bytes, 1 of 3 files.
            C: AVBL
            S: 213 100
            C: EPSV
            S: 229 *
            C: STOR new
            S: 150 *
            D> {new string('n', 200)}
            S: 552 Quota exceeded (quota.bytes): 900 of 1000 bytes used, 200 more needed.
            C: ALLO 101
            S: 200 *
            C: EPSV
            S: 229 *
            C: STOR new
            S: 552 Quota exceeded (quota.bytes): 900 of 1000 bytes used, 101 more needed.
            C: EPSV
            S: 229 *
            C: APPE old
            S: 150 *
            D> {new string('a', 101)}
            S: 552 Quota exceeded (quota.bytes): 900 of 1000 bytes used, 101 more needed.
            C: EPSV
            S: 229 *
            C: STOR old
            S: 150 *
            D> {new string('n', 1000)}
            S: 226 *
            C: SITE COPY "old" "copy"
            S: 552 Quota exceeded (quota.bytes): 1000 of 1000 bytes used, 1000 more needed.
            C: SITE QUOTA
            S: 200 Quota: 1000 of 1000 bytes, 1 of 3 files.
            C: DELE old
            S: 250 *
            C: AVBL
            S: 213 1000
            """);
        Assert.Equal(default, server.Records.Ledger.GetUsage(server.Directory, "anonymous")!.Used);
        Assert.Equal(default, server.Records.Ledger.GetUsage(server.Directory, "anonymous")!.Reserved);
    }

    [Theory, OnEveryWire]
    public async Task A_large_upload_without_an_announced_size_is_stopped_at_the_limit(Wire wire)
    {
        await using RecordingServer server = await RecordingServer.StartAsync(wire, new QuotaLimit(3_000_000, null));
        await using (Conversation client = await server.Server.LogInAsync())
        {
            await client.PlayAsync($"""
                C: EPSV
                S: 229 *
                C: STOR large
                S: 150 *
                D> {new string('n', 2_900_000)}
                S: 226 *
                C: EPSV
                S: 229 *
                C: STOR large
                S: 150 *
                """);
            try
            {
                await client.PlayAsync($"D> {new string('n', 8_000_000)}");
            }
            catch (IOException)
            {
                // The server closes the data connection.
            }

            await client.PlayAsync("S: 552 Quota exceeded (quota.bytes): *");
        }

        Assert.Equal(new QuotaAmount(2_900_000, 1), server.Records.Ledger.GetUsage(server.Directory, "anonymous")!.Used);
        Assert.Equal(2_900_000, new FileInfo(Path.Combine(server.Directory, "large")).Length);
    }

    [Fact]
    public async Task Without_a_quota_the_account_has_no_limit() =>
        await TestServer.PlayAsync(Wire.IPv4, """
            C: SITE QUOTA
            S: 200 No quota.
            """);

    [Theory, OnEveryWire]
    public async Task A_download_has_the_hash_of_the_file_if_a_client_requested_it_before(Wire wire)
    {
        await using RecordingServer server = await RecordingServer.StartAsync(wire, null);
        string file = Path.Combine(server.Directory, "a");
        await File.WriteAllTextAsync(file, "abcd", Token);
        File.SetLastWriteTimeUtc(file, new DateTime(2020, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        const string Download = """
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 *
            D< abcd
            S: 226 *
            """;
        await server.Server.PlayAsync($"""
            {Download}
            C: XSHA256 a
            S: 250 *
            {Download}
            C: REST 2
            S: 350 *
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 *
            D< cd
            S: 226 *
            C: DELE a
            S: 250 *
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D> abcd
            S: 226 *
            {Download}
            """);
        await server.Records.FlushAsync(Token);
        const string Hash = "88d4266fd4e6338d13b845fcf289579d209c897823b9217da3e161936f031589";
        AccountEvent[] events = [.. server.Database.Events.Select(stored => stored.Event)];
        Assert.Equal(
            [("whole", null), ("whole", Hash), ("part", Hash), ("whole", null)],
            events.Where(each => each.Type == EventType.Downloaded).Select(each => (each.Verdict!, each.Sha256)));
        Assert.Null(events.Single(each => each.Type == EventType.Uploaded).Sha256);
    }

    [Theory, OnEveryWire]
    public async Task Each_login_transfer_and_change_has_one_event(Wire wire)
    {
        await using RecordingServer server = await RecordingServer.StartAsync(wire, null);
        await server.Server.PlayAsync("""
            C: MKD d
            S: 257 *
            C: ALLO 4
            S: 200 *
            C: EPSV
            S: 229 *
            C: STOR d/a
            S: 150 *
            D> abcd
            S: 226 *
            C: EPSV
            S: 229 *
            C: RETR d/a
            S: 150 *
            D< abcd
            S: 226 *
            C: REST 2
            S: 350 *
            C: EPSV
            S: 229 *
            C: RETR d/a
            S: 150 *
            D< cd
            S: 226 *
            C: RNFR d/a
            S: 350 *
            C: RNTO d/b
            S: 250 *
            C: DELE d/missing
            S: 550 *
            C: RMDA d
            S: 250 *
            """);
        await server.Records.FlushAsync(Token);
        Assert.Equal(
            [
                "login (password)", "directory_made /d", "uploaded /d/a 4 complete", "downloaded /d/a 4 whole", "downloaded /d/a 2 part",
                "renamed /d/a", "deleted /d/b 4", "directory_removed /d",
            ],
            server.Database.Events.Select(stored => Describe(stored.Event)));
    }

    [Fact]
    public async Task A_failed_login_has_an_event_with_the_rule()
    {
        await using RecordingServer server = await RecordingServer.StartAsync(Wire.IPv4, null);
        await server.Server.PlayFromGreetingAsync("""
            S: 220 *
            C: USER eve
            S: 331 *
            C: PASS wrong
            S: 530 *
            """);
        await server.Records.FlushAsync(Token);
        AccountEvent happened = Assert.Single(server.Database.Events).Event;
        Assert.Equal((EventType.LoginFailed, "eve", "login.credentials"), (happened.Type, happened.Account, happened.Rule));
    }

    private static string Describe(AccountEvent happened) => string.Join(' ', new[]
    {
        EventTypes.GetName(happened.Type), happened.Path, happened.Bytes?.ToString(null, null), happened.Verdict,
        happened.Detail is null ? null : $"({happened.Detail})",
    }.OfType<string>());

    /// <summary>A server with a local store in a temporary directory, and records in memory.</summary>
    private sealed class RecordingServer : IAsyncDisposable
    {
        private readonly TemporaryDirectory _files = new(), _journal = new();
        private readonly LocalFileStore _store;

        private RecordingServer() => _store = new LocalFileStore(_files.Path);

        public string Directory => _files.Path;

        public MemoryRecordDatabase Database { get; } = new();

        public AccountRecords Records { get; private set; } = null!;

        public TestServer Server { get; private set; } = null!;

        public static async Task<RecordingServer> StartAsync(Wire wire, QuotaLimit? limit)
        {
            var server = new RecordingServer();
            server.Records = await AccountRecords.OpenAsync(
                new AccountRecordsOptions
                {
                    JournalDirectory = server._journal.Path,
                    Database = server.Database,
                    OpenStore = directory => directory == server.Directory ? server._store : null,
                    RecordsEvents = limit is null,
                },
                Token);
            server.Records.SetQuota("anonymous", server.Directory, limit);
            if (limit is not null)
            {
                await server.Records.RecountAsync(server.Directory, Token);
            }

            server.Server = new TestServer(wire, server._store, options => options with
            {
                Records = server.Records,
                StoreLocations = new StoreLocations(server.Directory),
            });
            return server;
        }

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            await Records.DisposeAsync();
            _store.Dispose();
            _files.Dispose();
            _journal.Dispose();
        }
    }
}
