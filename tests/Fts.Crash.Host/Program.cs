using System.Globalization;
using System.Net;
using Fts.Accounts;
using Fts.Accounts.Quota;
using Fts.Accounts.Recording;
using Fts.Accounts.Sql.Records;
using Fts.Accounts.Sql.Sqlite;
using Fts.Server;
using Fts.Storage.Local;

// Arguments: the served folder with a folder "inner", the state folder, the limit of the folder and that of "inner" in bytes.
(string folder, string state) = (args[0], args[1]);
(long limit, long innerLimit) = (long.Parse(args[2], CultureInfo.InvariantCulture), long.Parse(args[3], CultureInfo.InvariantCulture));
string inner = Path.Combine(folder, "inner");
using var store = new LocalFileStore(folder);
using var innerStore = new LocalFileStore(inner);
using var database = SqliteDatabase.Open(Path.Combine(state, "fts.db"));
Directory.CreateDirectory(Path.Combine(state, "journal"));
await using AccountRecords records = await AccountRecords.OpenAsync(
    new AccountRecordsOptions
    {
        JournalDirectory = Path.Combine(state, "journal"),
        Database = new SqlRecordDatabase(database),
        OpenStore = path => path == folder ? store : path == inner ? innerStore : null,
        RecordsEvents = true,
    },
    CancellationToken.None);
records.SetQuota("anonymous", folder, new QuotaLimit(limit, null));
records.SetQuota("inner", inner, new QuotaLimit(innerLimit, null));
await records.FlushAsync(CancellationToken.None);
foreach (string path in (string[])[folder, inner])
{
    QuotaUsage usage = records.Ledger.GetUsage(path, "")!;
    bool isCounted = usage.CountedAt is not null;
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"usage {usage.Used.Bytes} {usage.Used.Files} {isCounted}"));
}

Console.WriteLine("recovered");
Console.ReadLine(); // the test compares the usage with the files first
foreach (string path in (string[])[folder, inner])
{
    await records.RecountAsync(path, CancellationToken.None);
}

records.Start();
await using var server = new FtpServer(new FtpServerOptions
{
    Store = store,
    StoreLocations = new StoreLocations(folder),
    Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite),
    Records = records,
    EndPoint = new IPEndPoint(IPAddress.Loopback, 0),
});
await server.StartAsync();
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"port {server.EndPoint.Port}"));
await Task.Delay(Timeout.Infinite);
