using System.Net;
using Fts.Accounts;
using Fts.Accounts.Settings;
using Fts.Accounts.Sql;
using Fts.Accounts.Sql.Sqlite;
using Fts.Storage;

namespace Fts.AccountsSqlTests;

public sealed class SqlAccountDatabaseTests : IDisposable
{
    private const string Key = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    private static readonly StorePath Pub = StorePath.Root.Child("pub"), Drop = StorePath.Root.Child("drop");

    private static readonly AccessSettings FullAccess = new()
    {
        Home = "/srv/ftp/%u",
        Mounts = [new MountSettings(Pub, "/srv/pub", IsReadOnly: true), new MountSettings(Drop, "/srv/drop/%u", IsReadOnly: false)],
        Rules = [new PermissionRule(StorePath.Root, Permissions.ReadOnly), new PermissionRule(Drop, Permissions.Create)],
        QuotaBytes = 5_000_000_000,
        QuotaFiles = AccessSettings.Unlimited,
        UploadRate = 1_000_000,
        DownloadRate = 2_000_000,
        MaxSessions = 3,
        Networks = [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("2001:db8::/32")],
        RequiresTls = false,
        Hours = new AllowedHours(new TimeOnly(22, 0), new TimeOnly(6, 30)),
        ExpiresAt = new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)),
    };

    private static readonly AccountSettings Anna = new("anna")
    {
        IsEnabled = false, PasswordHash = "$x$hash", KeyFingerprints = [Key], Groups = ["staff", "admins"], Access = FullAccess,
    };

    private readonly TemporaryDatabase _temporary = new();

    private SqlAccountDatabase Database => _temporary.Accounts;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _temporary.Dispose();

    [Fact]
    public async Task Stored_settings_are_returned_unchanged()
    {
        await ApplyAsync(
            AccountChange.Add(new GroupSettings("staff") { Access = FullAccess }), AccountChange.Add(new GroupSettings("admins")),
            AccountChange.Add(Anna), AccountChange.Add(new AccountSettings("bob")));
        Assert.Equal(Anna, (await Database.FindAccountAsync("anna", Token))?.Value);
        Assert.Equal(new AccountSettings("bob"), (await Database.FindAccountAsync("bob", Token))?.Value);
        Assert.Equal(FullAccess, (await Database.FindGroupAsync("staff", Token))?.Value.Access);
        Assert.Equal("anna", (await Database.FindByKeyFingerprintAsync(Key, Token))?.Value.Name);
        Assert.Null(await Database.FindAccountAsync("ANNA", Token));
        AccountSnapshot all = await Database.ReadAllAsync(Token);
        Assert.Equal(["anna", "bob"], all.Accounts.Select(account => account.Value.Name));
        Assert.Equal(["admins", "staff"], all.Groups.Select(group => group.Value.Name));
    }

    [Fact]
    public async Task Stored_settings_survive_reopening()
    {
        await ApplyAsync(AccountChange.Add(new AccountSettings("bob") { Access = FullAccess }));
        using var other = SqliteDatabase.Open(_temporary.Path);
        Assert.Equal(FullAccess, new SqlAccountDatabase(other).ReadAll().Accounts.Single().Value.Access);
    }

    [Fact]
    public async Task An_empty_list_of_networks_differs_from_an_unset_one()
    {
        await ApplyAsync(
            AccountChange.Add(new AccountSettings("a") { Access = new() { Networks = [] } }), AccountChange.Add(new AccountSettings("b")));
        Assert.Empty((await Database.FindAccountAsync("a", Token))!.Value.Access.Networks!);
        Assert.Null((await Database.FindAccountAsync("b", Token))!.Value.Access.Networks);
    }

    [Fact]
    public async Task An_update_replaces_all_settings()
    {
        await ApplyAsync(
            AccountChange.Add(new GroupSettings("staff")), AccountChange.Add(new GroupSettings("admins")), AccountChange.Add(Anna));
        await ApplyAsync(AccountChange.Update(new AccountSettings("anna")));
        Assert.Equal(new AccountSettings("anna"), (await Database.FindAccountAsync("anna", Token))?.Value);
        Assert.Null(await Database.FindByKeyFingerprintAsync(Key, Token));
    }

    [Fact]
    public async Task An_update_with_an_old_version_is_a_conflict()
    {
        await ApplyAsync(AccountChange.Add(new AccountSettings("bob")));
        long old = (await Database.FindAccountAsync("bob", Token))!.Version;
        await ApplyAsync(AccountChange.Update(new AccountSettings("bob") { IsEnabled = false }, old));
        await AssertRefusedAsync(
            AccountDatabaseError.Conflict, "account bob was changed by another administrator at the same time; read it again",
            AccountChange.Update(new AccountSettings("bob"), old));
        await AssertRefusedAsync(
            AccountDatabaseError.Conflict, "account bob was changed by another administrator at the same time; read it again",
            AccountChange.RemoveAccount("bob", old));
        Assert.False((await Database.FindAccountAsync("bob", Token))!.Value.IsEnabled);
    }

    [Fact]
    public async Task Every_change_changes_the_change_number_and_reading_does_not()
    {
        long first = await Database.GetChangeNumberAsync(Token);
        await ApplyAsync(AccountChange.Add(new AccountSettings("bob")));
        long second = await Database.GetChangeNumberAsync(Token);
        await Database.ReadAllAsync(Token);
        Assert.NotEqual(first, second);
        Assert.Equal(second, await Database.GetChangeNumberAsync(Token));
    }

    [Fact]
    public async Task A_refused_change_undoes_all_changes_of_the_call()
    {
        long before = await Database.GetChangeNumberAsync(Token);
        await AssertRefusedAsync(
            AccountDatabaseError.NotFound, "account nobody does not exist",
            AccountChange.Add(new AccountSettings("bob")), AccountChange.RemoveAccount("nobody"));
        Assert.False(await Database.HasAccountsAsync(Token));
        Assert.Equal(before, await Database.GetChangeNumberAsync(Token));
    }

    [Fact]
    public async Task Existing_and_missing_names_are_refused()
    {
        await ApplyAsync(AccountChange.Add(new AccountSettings("bob")), AccountChange.Add(new GroupSettings("staff")));
        await AssertRefusedAsync(
            AccountDatabaseError.Exists, "account bob exists already", AccountChange.Add(new AccountSettings("bob")));
        await AssertRefusedAsync(
            AccountDatabaseError.Exists, "group staff exists already", AccountChange.Add(new GroupSettings("staff")));
        await AssertRefusedAsync(
            AccountDatabaseError.NotFound, "group none does not exist", AccountChange.Update(new GroupSettings("none")));
    }

    [Fact]
    public async Task A_key_belongs_to_one_account_and_can_move()
    {
        var first = new AccountSettings("first") { KeyFingerprints = [Key] };
        await ApplyAsync(AccountChange.Add(first), AccountChange.Add(new AccountSettings("second")));
        var second = new AccountSettings("second") { KeyFingerprints = [Key] };
        await AssertRefusedAsync(
            AccountDatabaseError.Exists, $"account second: the account first has the key {Key}", AccountChange.Update(second));
        await ApplyAsync(AccountChange.Update(second), AccountChange.Update(first with { KeyFingerprints = [] }));
        Assert.Equal("second", (await Database.FindByKeyFingerprintAsync(Key, Token))?.Value.Name);
    }

    [Fact]
    public async Task Invalid_settings_are_refused()
    {
        await AssertRefusedAsync(
            AccountDatabaseError.Invalid, "the account name must not contain '/'", AccountChange.Add(new AccountSettings("a/b")));
        await AssertRefusedAsync(
            AccountDatabaseError.Invalid, "account bob: home \"relative\" must be an absolute path",
            AccountChange.Add(new AccountSettings("bob") { Access = new() { Home = "relative" } }));
    }

    [Fact]
    public async Task Contradicting_groups_are_refused_when_the_account_or_a_group_changes()
    {
        const string Message =
            "account anna: the groups one and two have different values for maxSessions; set maxSessions on the account";
        GroupSettings one = new("one") { Access = new() { MaxSessions = 1 } }, two = new("two") { Access = new() { MaxSessions = 2 } };
        var anna = new AccountSettings("anna") { Groups = ["one", "two"] };
        await AssertRefusedAsync(
            AccountDatabaseError.Inconsistent, Message, AccountChange.Add(one), AccountChange.Add(two), AccountChange.Add(anna));
        await ApplyAsync(AccountChange.Add(one), AccountChange.Add(new GroupSettings("two")), AccountChange.Add(anna));
        await AssertRefusedAsync(AccountDatabaseError.Inconsistent, Message, AccountChange.Update(two));
        await ApplyAsync(AccountChange.Update(two), AccountChange.Update(anna with { Access = new() { MaxSessions = 5 } }));
    }

    [Fact]
    public async Task A_group_with_members_cannot_be_removed()
    {
        var anna = new AccountSettings("anna") { Groups = ["staff"] };
        await ApplyAsync(AccountChange.Add(new GroupSettings("staff")), AccountChange.Add(anna));
        await AssertRefusedAsync(
            AccountDatabaseError.Inconsistent, "account anna: the group staff does not exist", AccountChange.RemoveGroup("staff"));
        await ApplyAsync(AccountChange.RemoveGroup("staff"), AccountChange.Update(anna with { Groups = [] }));
        Assert.Null(await Database.FindGroupAsync("staff", Token));
    }

    [Fact]
    public async Task Resolve_applies_the_groups()
    {
        await ApplyAsync(
            AccountChange.Add(new GroupSettings("staff") { Access = new() { Home = "/srv/staff", MaxSessions = 4 } }),
            AccountChange.Add(new AccountSettings("anna") { Groups = ["staff"], Access = new() { MaxSessions = 2 } }));
        ResolvedAccount resolved = (await Database.ResolveAsync("anna", Token))!;
        Assert.Equal(("/srv/staff", 2), (resolved.Access.Home, resolved.Limits.MaxSessions));
        Assert.Equal("group staff", resolved.GetOrigin(SettingKey.Home));
        Assert.Null(await Database.ResolveAsync("nobody", Token));
    }

    [Fact]
    public async Task Many_connections_can_write_at_once_without_a_lost_change()
    {
        _ = _temporary.Database;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(writer => Task.Run(
            async () =>
            {
                using var database = SqliteDatabase.Open(_temporary.Path);
                for (int number = 0; number < 25; number++)
                {
                    var account = new AccountSettings($"{writer}x{number}");
                    await new SqlAccountDatabase(database).ApplyAsync([AccountChange.Add(account)], Token);
                }
            },
            Token)));
        Assert.Equal(100, (await Database.ReadAllAsync(Token)).Accounts.Count);
        Assert.Equal(101, await Database.GetChangeNumberAsync(Token));
    }

    [Theory]
    [InlineData("ANNA")]
    [InlineData("anna")]
    public async Task A_name_that_differs_from_an_account_only_in_case_is_not_taken_over(string name)
    {
        await ApplyAsync(AccountChange.TakeOver(new AccountSettings("Anna")));
        await ApplyAsync(AccountChange.TakeOver(new AccountSettings("bob")));
        Assert.False(await Database.CanTakeOverAsync(name, Token));
        AccountDatabaseException e =
            await Assert.ThrowsAsync<AccountDatabaseException>(() => ApplyAsync(AccountChange.TakeOver(new AccountSettings(name))));
        Assert.Equal(AccountDatabaseError.Exists, e.Error);
        await ApplyAsync(AccountChange.Add(new AccountSettings(name))); // an administrator can add it
    }

    [Fact]
    public async Task The_name_of_a_removed_account_is_not_taken_over_until_it_is_added_again()
    {
        Assert.True(await Database.CanTakeOverAsync("Äsa", Token));
        await ApplyAsync(AccountChange.Add(new AccountSettings("Äsa")));
        await ApplyAsync(AccountChange.Update(new AccountSettings("Äsa") { IsEnabled = false }));
        await ApplyAsync(AccountChange.RemoveAccount("Äsa"));
        Assert.False(await Database.CanTakeOverAsync("Äsa", Token));
        Assert.False(await Database.CanTakeOverAsync("äsa", Token));
        await Assert.ThrowsAsync<AccountDatabaseException>(() => ApplyAsync(AccountChange.TakeOver(new AccountSettings("Äsa"))));
        await ApplyAsync(AccountChange.Add(new AccountSettings("Äsa")));
        await ApplyAsync(AccountChange.RemoveAccount("Äsa")); // removed twice
        Assert.False(await Database.CanTakeOverAsync("Äsa", Token));
        Assert.Equal(1, _temporary.Database.Read(session => session.QueryInteger("SELECT COUNT(*) FROM removed_accounts")));
        await ApplyAsync(AccountChange.Add(new AccountSettings("Äsa")));
        Assert.Equal(0, _temporary.Database.Read(session => session.QueryInteger("SELECT COUNT(*) FROM removed_accounts")));
    }

    private async Task ApplyAsync(params AccountChange[] changes) => await Database.ApplyAsync(changes, Token);

    private async Task AssertRefusedAsync(AccountDatabaseError error, string message, params AccountChange[] changes)
    {
        AccountDatabaseException e = await Assert.ThrowsAsync<AccountDatabaseException>(() => ApplyAsync(changes));
        Assert.Equal((error, message), (e.Error, e.Message));
    }
}
