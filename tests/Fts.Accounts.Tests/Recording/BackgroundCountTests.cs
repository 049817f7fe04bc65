using Fts.Accounts.Quota;
using Fts.Accounts.Recording;
using Fts.Storage;
using Microsoft.Extensions.Logging;
using static Fts.Accounts.Tests.Recording.RecordedStoreTests;
using static Fts.Accounts.Tests.Recording.RecordsFixture;

namespace Fts.Accounts.Tests.Recording;

/// <summary>Counts in the background, also counts that fail, for example because of a disk error.</summary>
public sealed class BackgroundCountTests : ILogger, IDisposable
{
    private readonly List<string> _messages = [];
    private readonly SemaphoreSlim _logged = new(0);
    private volatile bool _isBroken = true;

    public void Dispose() => _logged.Dispose();

    [Fact]
    public async Task A_failed_first_count_refuses_uploads_with_the_cause_and_is_retried_by_the_next_upload()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await File.WriteAllTextAsync(Path.Combine(fixture.Served, "old"), "12345", Token);
        await using AccountRecords records = await fixture.OpenAsync(CreateJournal(fixture), options => options with
        {
            Logger = this,
            OpenStore = path => _isBroken
                ? throw new StoreException(StoreError.Unavailable, "Input/output error")
                : fixture.OpenStore(path),
        });
        records.Start();
        records.SetQuota("ann", fixture.Served, new QuotaLimit(1000, null));
        IFileStore store = records.BeginSession("ann", null, null, new StoreLocations(fixture.Served))
            .Wrap(fixture.OpenStore(fixture.Served)!);
        for (int upload = 0; upload < 3; upload++)
        {
            StoreException refused = await Assert.ThrowsAsync<StoreException>(() => StoreAsync(store, "/a", 10).WaitAsync(Deadline, Token));
            Assert.Equal((StoreError.Busy, "quota.count"), (refused.Error, refused.Rule));
            Assert.Equal("The files of the quota cannot be counted now (quota.count). Try again later.", refused.Explanation);
        }

        await WaitForMessageAsync($"cannot count the files of {fixture.Served}, will retry: Input/output error");
        Assert.False(File.Exists(Path.Combine(fixture.Served, "a")));
        _isBroken = false;
        // An upload that still receives the result of an earlier count is repeated by its client.
        while (true)
        {
            try
            {
                await StoreAsync(store, "/a", 10).WaitAsync(Deadline, Token);
                break;
            }
            catch (StoreException e) when (e.Rule == "quota.count")
            {
                // The count began before the disk was repaired.
            }
        }

        Assert.Equal(new QuotaAmount(15, 2), records.Ledger.GetUsage(fixture.Served, "ann")!.Used);
    }

    [Fact]
    public async Task An_old_count_is_repeated_and_the_correction_is_logged()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await using AccountRecords records = await fixture.OpenAsync(
            CreateJournal(fixture), options => options with { Logger = this, MaxCountAge = TimeSpan.Zero });
        records.Start();
        records.SetQuota("ann", fixture.Served, new QuotaLimit(1000, null));
        await WaitForMessageAsync($"counted {fixture.Served}: 0 bytes in 0 files");
        await File.WriteAllTextAsync(Path.Combine(fixture.Served, "outside"), "1234567", Token);
        records.SetQuota("ann", fixture.Served, new QuotaLimit(1000, null)); // searches for old counts now
        await WaitForMessageAsync(
            $"the usage of {fixture.Served} was corrected by 7 bytes and 1 files, because other programs changed the directory");
        Assert.Equal(new QuotaAmount(7, 1), records.Ledger.GetUsage(fixture.Served, "ann")!.Used);
    }

    [Fact]
    public async Task A_directory_that_does_not_exist_has_no_files()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        string missing = fixture.Served + "/missing";
        fixture.Records.SetQuota("ann", missing, new QuotaLimit(1000, null));
        Assert.Equal(default(QuotaAmount), await fixture.Records.RecountAsync(missing, Token));
        Assert.NotNull(fixture.Records.Ledger.GetUsage(missing, "ann")!.CountedAt);
        Assert.Null(await fixture.Records.RecountAsync(fixture.Served + "/other", Token));
    }

    [Fact]
    public async Task A_directory_with_files_that_is_missing_for_a_time_keeps_its_usage()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "/home", 1000);
        await StoreAsync(fixture.OpenSession("ann", "/home"), "/a", 10);
        string home = fixture.Served + "/home";
        await using AccountRecords records = await fixture.OpenAsync(
            fixture.CopyJournal(), options => options with
            {
                Logger = this, MaxCountAge = TimeSpan.Zero, OpenStore = path => path == home ? null : fixture.OpenStore(path),
            });
        records.SetQuota("ann", home, new QuotaLimit(1000, null));
        StoreException e = await Assert.ThrowsAsync<StoreException>(() => records.RecountAsync(home, Token).AsTask());
        Assert.Equal(
            (StoreError.NotFound, "the directory does not exist, but had files at its last count"), (e.Error, e.Message));
        records.Start();
        await WaitForMessageAsync(
            $"cannot count the files of {home}, will retry: the directory does not exist, but had files at its last count");
        Assert.Equal(new QuotaAmount(10, 1), records.Ledger.GetUsage(home, "ann")!.Used);
        records.SetQuotas([]); // nobody has this quota any more
        Assert.NotNull(await records.RecountAsync(home, Token));
        Assert.Equal(default, records.Ledger.GetUsage(home, "ann")!.Used);
    }

    [Fact]
    public async Task Counts_of_one_directory_at_once_do_not_disturb_each_other()
    {
        await using RecordsFixture fixture = await RecordsFixture.CreateAsync();
        await fixture.SetQuotaAsync("ann", "", 1000);
        await File.WriteAllTextAsync(Path.Combine(fixture.Served, "outside"), "1234567", Token);
        QuotaAmount?[] corrections = await Task.WhenAll(
            Enumerable.Range(0, 20).Select(_ => fixture.Records.RecountAsync(fixture.Served, Token).AsTask()));
        Assert.Equal(new QuotaAmount(7, 1), corrections.Aggregate(default(QuotaAmount), (sum, each) => sum + each!.Value));
        Assert.Equal(new QuotaAmount(7, 1), fixture.GetUsed(""));
    }

    private async Task WaitForMessageAsync(string message)
    {
        while (true)
        {
            lock (_messages)
            {
                if (_messages.Contains(message))
                {
                    return;
                }
            }

            Assert.True(await _logged.WaitAsync(Deadline, Token), $"not logged: {message}");
        }
    }

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private static string CreateJournal(RecordsFixture fixture) =>
        Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(fixture.Served)!, "second-journal")).FullName;

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_messages)
        {
            _messages.Add(formatter(state, exception));
        }

        _logged.Release();
    }
}
