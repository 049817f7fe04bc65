using Fts.Accounts.Events;
using Fts.Accounts.Settings;
using Fts.Accounts.Sql;
using Fts.Accounts.Sql.Records;
using Fts.Accounts.Sql.Sqlite;
using Fts.CrashTests.Support;
using Fts.ProgramTests.Support;

namespace Fts.CrashTests.Quota;

/// <summary>The published server with a quota on the served folder.</summary>
public sealed class ServerQuotaTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_quota_and_the_events_survive_a_kill()
    {
        using var folder = new TestFolder();
        using var state = new TestFolder();
        using (var database = SqliteDatabase.Open(state["fts.db"]))
        {
            // The home directory of this account is the served folder, so its quota also limits anonymous clients.
            AccountSettings owner = new("owner") { Access = new AccessSettings { QuotaBytes = 1000 } };
            await new SqlAccountDatabase(database).ApplyAsync([AccountChange.Add(owner)], Token);
        }

        string[] options = ["--state", state.Path, "--events", "--anonymous", "write"];
        await using (RunningServer killed = await RunningServer.StartOnFolderAsync(folder, [], options))
        {
            using RawFtpClient client = await RawFtpClient.LogInAsync(killed.Port);
            client.AssertReply(await client.UploadAsync("STOR a", new byte[900]), "226");
            client.AssertReply(
                await client.UploadAsync("STOR b", new byte[200]),
                "552 Quota exceeded (quota.bytes): 900 of 1000 bytes used, 200 more needed.");
            killed.Program.SendSignal(9);
            await killed.Program.WaitForExitAsync();
        }

        await using (RunningServer server = await RunningServer.StartOnFolderAsync(folder, [], options))
        {
            using RawFtpClient client = await RawFtpClient.LogInAsync(server.Port);
            await client.ExecuteAsync("SITE QUOTA", "200 Quota: 900 of 1000 bytes, 1 of unlimited files.");
            await client.ExecuteAsync("DELE a", "250");
            await client.ExecuteAsync("QUIT", "221");
            server.Program.SendSignal(15);
            Assert.Equal(0, await server.Program.WaitForExitAsync());
        }

        using var stored = SqliteDatabase.Open(state["fts.db"]);
        var records = new SqlRecordDatabase(stored);
        Assert.Null(await EventChain.VerifyAsync(records.ReadEventsAsync(0, Token), await records.ReadHeadAsync(Token), Token));
        var types = new List<EventType>();
        await foreach (StoredEvent each in records.ReadEventsAsync(0, Token))
        {
            types.Add(each.Event.Type);
        }

        Assert.Equal([EventType.Login, EventType.Uploaded, EventType.Login, EventType.Deleted], types);
    }
}
