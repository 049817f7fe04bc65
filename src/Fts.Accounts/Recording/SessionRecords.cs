using Fts.Accounts.Events;
using Fts.Accounts.Quota;
using Fts.Storage;

namespace Fts.Accounts.Recording;

/// <summary>Records the quota and the events of one session. Thread-safe.</summary>
/// <param name="records">The records of the server.</param>
/// <param name="account">The name of the account.</param>
/// <param name="address">The IP address of the client, or null.</param>
/// <param name="session">The number of the session, or null.</param>
/// <param name="locations">The directories of the account's store.</param>
public sealed class SessionRecords(AccountRecords records, string account, string? address, long? session, StoreLocations locations)
{
    /// <summary>Whether events are recorded.</summary>
    public bool RecordsEvents => records.RecordsEvents;

    /// <summary>The usage of the account's home directory, or null if it has no quota.</summary>
    public QuotaUsage? Quota => records.Ledger.GetUsage(locations.Home, account);

    internal AccountRecords Records => records;

    internal string Account => account;

    /// <summary>
    /// Returns a store that enforces the quota and records the changes. The caller uses only this store, and keeps the ownership of the
    /// given store.
    /// </summary>
    /// <param name="store">The store of the account.</param>
    public IFileStore Wrap(IFileStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        return new RecordedStore(store, this);
    }

    /// <summary>Records the login of this session.</summary>
    /// <param name="method">How the client logged in, for example <c>password</c> or <c>certificate</c>.</param>
    public void RecordLogin(string method) => records.Record(CreateEvent(EventType.Login) with { Detail = method });

    /// <summary>Records a download.</summary>
    /// <param name="path">The path of the file.</param>
    /// <param name="bytes">The number of sent bytes.</param>
    /// <param name="verdict"><c>whole</c>, <c>part</c> or <c>aborted</c>.</param>
    /// <param name="sha256">The SHA-256 of the whole file as lower-case hexadecimal digits, or null if it is not known.</param>
    public void RecordDownload(StorePath path, long bytes, string verdict, string? sha256 = null) => records.Record(
        CreateEvent(EventType.Downloaded) with
        {
            Path = AccountEvent.EscapeText(path.Value), Bytes = bytes, Verdict = verdict, Sha256 = sha256,
        });

    internal StoreLocation Locate(StorePath path, IFileStore store) => locations.Find(path, store);

    /// <summary>Returns an event about a path, or no event if events are not recorded.</summary>
    internal AccountEvent[] CreateEvents(EventType type, StorePath path, Func<AccountEvent, AccountEvent>? complete = null)
    {
        if (!records.RecordsEvents)
        {
            return [];
        }

        AccountEvent created = CreateEvent(type) with { Path = AccountEvent.EscapeText(path.Value) };
        return [complete is null ? created : complete(created)];
    }

    private AccountEvent CreateEvent(EventType type) =>
        new(type, AccountEvent.RoundTime(records.Clock.GetUtcNow())) { Account = account, Address = address, Session = session };
}
