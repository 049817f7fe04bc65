using Fts.Accounts.Events;
using Fts.Accounts.Quota;
using Fts.Accounts.Recording;
using Fts.Storage;
using Fts.Storage.Local;

namespace Fts.Accounts.Tests.Recording;

/// <summary>Records over real directories: /srv, and the homes of accounts below it. All are deleted at the end.</summary>
internal sealed class RecordsFixture : IAsyncDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("fts-records-");
    private readonly Dictionary<string, LocalFileStore> _stores = [];
    private readonly bool _recordsEvents;
    private bool _isKilled;

    private RecordsFixture(bool recordsEvents)
    {
        _recordsEvents = recordsEvents;
        Served = _root.CreateSubdirectory("srv").FullName;
        Database = new MemoryRecordDatabase();
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The real path of the served directory.</summary>
    public string Served { get; }

    public MemoryRecordDatabase Database { get; }

    public AccountRecords Records { get; private set; } = null!;

    public static async Task<RecordsFixture> CreateAsync(bool recordsEvents = true)
    {
        var fixture = new RecordsFixture(recordsEvents);
        fixture.Records = await fixture.OpenAsync(fixture._root.CreateSubdirectory("journal").FullName);
        return fixture;
    }

    public static StorePath At(string path) => StorePath.Root.Resolve(path)!.Value;

    /// <summary>Opens other records over the same files, as after a restart. The caller disposes them.</summary>
    public Task<AccountRecords> OpenAsync(string journal, Func<AccountRecordsOptions, AccountRecordsOptions>? change = null)
    {
        var options = new AccountRecordsOptions
        {
            JournalDirectory = journal,
            Database = Database,
            OpenStore = path => _isKilled ? throw new StoreException("The process was killed.") : OpenStore(path),
            RecordsEvents = _recordsEvents,
        };
        return AccountRecords.OpenAsync(change is null ? options : change(options), Token);
    }

    /// <summary>Copies the journal as it is now, as if the process was killed now. The records can no longer read the files.</summary>
    public string Kill()
    {
        _isKilled = true;
        return CopyJournal();
    }

    /// <summary>Copies the journal as it is now.</summary>
    public string CopyJournal()
    {
        string copy = _root.CreateSubdirectory("journal-" + Guid.NewGuid().ToString("N")).FullName;
        foreach (string file in Directory.GetFiles(Path.Combine(_root.FullName, "journal")))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return copy;
    }

    /// <summary>Stops the records and opens them again over a copy of the journal that was made by <see cref="CopyJournal"/>.</summary>
    public async Task RestartAsync(string journal)
    {
        AccountRecords killed = Records;
        Database.Fail = true; // the killed process writes nothing more
        await killed.DisposeAsync();
        (Database.Fail, _isKilled) = (false, false);
        Records = await OpenAsync(journal);
    }

    /// <summary>Sets a quota, and waits until the directory is counted.</summary>
    public async Task SetQuotaAsync(string account, string home, long? bytes, long? files = null)
    {
        Directory.CreateDirectory(Served + home);
        Records.SetQuota(account, Served + home, new QuotaLimit(bytes, files));
        await Records.RecountAsync(Served + home, Token);
    }

    /// <summary>Returns the recorded store of a new session whose home is a directory below <see cref="Served"/>.</summary>
    public IFileStore OpenSession(string account, string home = "")
    {
        Directory.CreateDirectory(Served + home);
        return Records.BeginSession(account, "192.0.2.1", 7, new StoreLocations(Served + home)).Wrap(OpenStore(Served + home)!);
    }

    public LocalFileStore? OpenStore(string directory)
    {
        lock (_stores)
        {
            if (!_stores.TryGetValue(directory, out LocalFileStore? store) && Directory.Exists(directory))
            {
                _stores[directory] = store = new LocalFileStore(directory);
            }

            return store;
        }
    }

    public QuotaAmount GetUsed(string home) => Records.Ledger.GetUsage(Served + home, "")!.Used;

    public QuotaAmount GetReserved(string home) => Records.Ledger.GetUsage(Served + home, "")!.Reserved;

    /// <summary>Counts the files on disk, without the staging files.</summary>
    public QuotaAmount Count(string home)
    {
        FileInfo[] files = [.. new DirectoryInfo(Served + home).EnumerateFiles("*", SearchOption.AllDirectories)
            .Where(file => !file.Name.StartsWith(".fts-", StringComparison.Ordinal) && file.LinkTarget is null)];
        return new QuotaAmount(files.Sum(file => file.Length), files.Length);
    }

    public async Task<IReadOnlyList<AccountEvent>> ReadEventsAsync()
    {
        await Records.FlushAsync(Token);
        return [.. Database.Events.Select(stored => stored.Event)];
    }

    public async ValueTask DisposeAsync()
    {
        await Records.DisposeAsync();
        foreach (LocalFileStore store in _stores.Values)
        {
            store.Dispose();
        }

        _root.Delete(recursive: true);
    }
}
