using Fts.Accounts.Bans;
using Fts.Accounts.Events;
using Fts.Accounts.Settings;
using Fts.Accounts.Sql;
using Fts.Accounts.Sql.Bans;
using Fts.Accounts.Sql.Records;

namespace Fts.AccountsSqlTests;

/// <summary>Changes of accounts and bans are events of the same transaction.</summary>
public sealed class ChangeEventTests : IDisposable
{
    private const string Hash = "$pbkdf2-sha512$secret";

    private readonly TemporaryDatabase _temporary = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private SqlRecordDatabase Records => new(_temporary.Database);

    private SqlAccountDatabase Accounts => new(_temporary.Database, "root");

    private SqlBanStore Bans => new(_temporary.Database);

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public async Task Each_change_of_an_account_names_its_kind_its_keys_and_the_user_but_no_value()
    {
        Records.SetRecordsEvents(true);
        var account = new AccountSettings("ann") { PasswordHash = Hash, Access = new AccessSettings { Home = "/srv/ann" } };
        Accounts.Apply([AccountChange.Add(account)]);
        Accounts.Apply([AccountChange.Update(account)]); // changes nothing
        account = account with { Access = account.Access with { QuotaBytes = 5, Home = null } };
        Accounts.Apply([AccountChange.Update(account)]);
        account = account with { PasswordHash = Hash + "2" };
        await Accounts.ApplyAsync([AccountChange.Update(account)], Token);
        Accounts.Apply([AccountChange.Update(account with { IsEnabled = false })]);
        Accounts.Apply([AccountChange.Update(account), AccountChange.Add(new AccountSettings("bob"))]);
        Accounts.Apply([AccountChange.RemoveAccount("ann")]);
        Assert.Equal(
            [
                "ann: added by root: passwordHash, home",
                "ann: changed by root: home, quotaBytes",
                "ann: changed by root: passwordHash",
                "ann: disabled by root",
                "ann: enabled by root",
                "bob: added by root",
                "ann: removed by root",
            ],
            (await ReadAsync()).Select(each => $"{each.Account}: {each.Detail}"));
        Assert.All(await ReadAsync(), each => Assert.Equal(("administrator", "root"), (each.Source, each.Actor)));
        Assert.Null((await Records.VerifyEventsAsync(Token)).Fault);
    }

    [Fact]
    public async Task A_change_of_a_group_names_the_group()
    {
        Records.SetRecordsEvents(true);
        var unknown = new SqlAccountDatabase(_temporary.Database);
        var group = new GroupSettings("staff") { Access = new AccessSettings { MaxSessions = 2 } };
        unknown.Apply([AccountChange.Add(group)]);
        unknown.Apply([AccountChange.Update(group with { Access = new AccessSettings { UploadRate = 3 } })]);
        unknown.Apply([AccountChange.RemoveGroup("staff")]);
        AccountEvent[] events = await ReadAsync();
        Assert.Equal(
            ["group staff added: maxSessions", "group staff changed: maxSessions, uploadRate", "group staff removed"],
            events.Select(each => each.Detail).Select(text => text!.Replace("uploadRate, maxSessions", "maxSessions, uploadRate")));
        Assert.All(events, each => Assert.Equal((EventType.AccountChanged, null), (each.Type, each.Account)));
    }

    [Fact]
    public async Task A_refused_change_has_no_event()
    {
        Records.SetRecordsEvents(true);
        Assert.Throws<AccountDatabaseException>(() => Accounts.Apply(
            [AccountChange.Add(new AccountSettings("ann")), AccountChange.RemoveAccount("nobody")]));
        Assert.Empty(await ReadAsync());
    }

    [Fact]
    public async Task Without_events_nothing_is_recorded()
    {
        Accounts.Apply([AccountChange.Add(new AccountSettings("ann"))]);
        Records.SetRecordsEvents(true);
        Records.SetRecordsEvents(false);
        Accounts.Apply([AccountChange.RemoveAccount("ann")]);
        await Bans.SaveAsync(CreateBan("192.0.2.7", null), Token);
        Assert.Empty(await ReadAsync());
    }

    [Fact]
    public async Task A_ban_and_its_removal_have_events_with_source_actor_and_reason()
    {
        Records.SetRecordsEvents(true);
        DateTimeOffset since = new(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(1));
        await Bans.SaveAsync(CreateBan("ann@192.0.2.7", since.AddMinutes(15)) with { Since = since, Source = BanSource.Automatic }, Token);
        await Bans.SaveAsync(CreateBan("2001:db8::1", null) with { Actor = "ann" }, Token);
        await Bans.RemoveAsync(Parse("2001:db8::1"), new BanRemoval(BanRemovalReason.Removed, since.AddHours(1), "root"), Token);
        var ended = new BanRemoval(BanRemovalReason.Ended, since.AddMinutes(15));
        Assert.False(await Bans.RemoveAsync(Parse("ann@192.0.2.7"), ended with { Time = since.AddMinutes(14) }, Token));
        Assert.True(await Bans.RemoveAsync(Parse("ann@192.0.2.7"), ended, Token));
        Assert.False(await Bans.RemoveAsync(Parse("ann@192.0.2.7"), ended, Token)); // another server has recorded it
        AccountEvent[] events = await ReadAsync();
        Assert.Equal(
            [
                (EventType.Banned, "ann", "192.0.2.7", "automatic", null, "until 2026-01-02T02:19:05Z: port\\x0Ascans"),
                (EventType.Banned, null, "2001:db8::/64", "administrator", "ann", "until it is removed: port\\x0Ascans"),
                (EventType.Unbanned, null, "2001:db8::/64", "administrator", "root", "removed by an administrator: port\\x0Ascans"),
                (EventType.Unbanned, "ann", "192.0.2.7", "automatic", null, "ended: port\\x0Ascans"),
            ],
            events.Select(each => (each.Type, each.Account, each.Address!, each.Source!, each.Actor, each.Detail!)));
        Assert.Equal(since.ToUniversalTime(), events[0].Time);
        Assert.Null((await Records.VerifyEventsAsync(Token)).Fault);
    }

    private static Ban CreateBan(string subject, DateTimeOffset? until) =>
        new(Parse(subject), "port\nscans", DateTimeOffset.UnixEpoch, until, BanSource.Manual, 0);

    private static BanSubject Parse(string text)
    {
        Assert.True(BanSubject.TryParse(text, out BanSubject? subject));
        return subject;
    }

    private async Task<AccountEvent[]> ReadAsync()
    {
        var events = new List<AccountEvent>();
        await foreach (StoredEvent stored in Records.ReadEventsAsync(0, Token))
        {
            events.Add(stored.Event);
        }

        return [.. events];
    }
}
