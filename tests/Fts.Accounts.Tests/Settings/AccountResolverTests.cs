using System.Net;
using Fts.Accounts.Settings;
using Fts.Storage;

namespace Fts.Accounts.Tests.Settings;

public sealed class AccountResolverTests
{
    private static readonly StorePath Pub = StorePath.Root.Child("pub"), Drop = StorePath.Root.Child("drop");

    [Fact]
    public void The_account_has_priority_and_groups_follow_in_their_order()
    {
        ResolvedAccount resolved = Resolve(
            new() { MaxSessions = 1 }, new() { MaxSessions = 2, Home = "/first" }, new() { UploadRate = 5, Home = "/first" });
        Assert.Equal((1, "/first", 5L), (resolved.Access.MaxSessions, resolved.Access.Home, resolved.Access.UploadRate));
        Assert.Equal("account", resolved.GetOrigin(SettingKey.MaxSessions));
        Assert.Equal("group g1", resolved.GetOrigin(SettingKey.Home));
        Assert.Equal("group g2", resolved.GetOrigin(SettingKey.UploadRate));
        Assert.Equal("default", resolved.GetOrigin(SettingKey.Hours));
        Assert.Empty(resolved.Problems);
    }

    [Fact]
    public void Mounts_and_rules_merge_by_path()
    {
        MountSettings own = new(Pub, "/own", false), pub = new(Pub, "/group", true), drop = new(Drop, "/drop", false);
        ResolvedAccount resolved = Resolve(
            new() { Mounts = [own], Rules = [new(StorePath.Root, Permissions.ReadOnly)] },
            new() { Mounts = [pub, drop], Rules = [new(StorePath.Root, Permissions.None), new(Drop, Permissions.Create)] });
        Assert.Equal([own, drop], resolved.Access.Mounts);
        Assert.Equal(Permissions.ReadOnly, resolved.Rules.GetPermissions(Pub));
        Assert.Equal(Permissions.Create, resolved.Rules.GetPermissions(Drop));
        Assert.Equal("account", resolved.GetOrigin("mounts /pub"));
        Assert.Equal("group g1", resolved.GetOrigin("rules /drop"));
        Assert.Empty(resolved.Problems);
    }

    [Fact]
    public void Two_groups_with_different_values_contradict_each_other()
    {
        ResolvedAccount resolved = Resolve(
            new(), new() { MaxSessions = 1, Mounts = [new(Pub, "/one", true)] },
            new() { MaxSessions = 2, Mounts = [new(Pub, "/two", true)] });
        Assert.Equal(
            [
                "account anna: the groups g1 and g2 have different values for mounts /pub; set mounts /pub on the account",
                "account anna: the groups g1 and g2 have different values for maxSessions; set maxSessions on the account",
            ],
            resolved.Problems.Select(problem => problem.ToString()));
        Assert.Equal(1, resolved.Access.MaxSessions);
    }

    [Fact]
    public void Equal_values_and_values_of_the_account_are_no_contradiction()
    {
        IPNetwork one = IPNetwork.Parse("10.0.0.0/8"), two = IPNetwork.Parse("192.168.0.0/16");
        ResolvedAccount resolved = Resolve(
            new() { MaxSessions = 3 }, new() { MaxSessions = 1, Networks = [one, two] }, new() { MaxSessions = 2, Networks = [two, one] });
        Assert.Empty(resolved.Problems);
    }

    [Fact]
    public void A_missing_group_is_a_problem()
    {
        ResolvedAccount resolved = AccountResolver.Resolve(
            new AccountSettings("anna") { Groups = ["none"] }, new Dictionary<string, GroupSettings>());
        Assert.Equal(["account anna: the group none does not exist"], resolved.Problems.Select(problem => problem.ToString()));
    }

    [Fact]
    public void An_explicit_value_without_a_limit_hides_the_limit_of_a_group()
    {
        ResolvedAccount resolved = Resolve(
            new()
            {
                MaxSessions = AccessSettings.Unlimited, QuotaBytes = AccessSettings.Unlimited, Networks = [], RequiresTls = false,
                Hours = AllowedHours.AllDay, ExpiresAt = DateTimeOffset.MaxValue,
            },
            new()
            {
                MaxSessions = 1, QuotaBytes = 1, Networks = [IPNetwork.Parse("10.0.0.0/8")], RequiresTls = true,
                Hours = new AllowedHours(new TimeOnly(1, 0), new TimeOnly(2, 0)), ExpiresAt = DateTimeOffset.UnixEpoch,
            });
        Assert.Null(resolved.QuotaBytes);
        Assert.Empty(resolved.Limits.Networks);
        Assert.Equal(AccountLimits.None with { Networks = resolved.Limits.Networks }, resolved.Limits);
    }

    [Fact]
    public void Without_settings_everything_is_permitted_in_the_default_home()
    {
        ResolvedAccount resolved = Resolve(new());
        Assert.Null(resolved.Access.Home);
        Assert.Equal(Permissions.ReadWrite, resolved.CreateAccount(null, null).Permissions);
        Assert.True(resolved.Rules.IsUniform);
    }

    private static ResolvedAccount Resolve(AccessSettings own, params AccessSettings[] groups)
    {
        GroupSettings[] all = [.. groups.Select((access, at) => new GroupSettings($"g{at + 1}") { Access = access })];
        return AccountResolver.Resolve(
            new AccountSettings("anna") { Access = own, Groups = [.. all.Select(group => group.Name)] },
            all.ToDictionary(group => group.Name));
    }
}
