using System.Net;
using System.Text;
using System.Text.Json;
using Fts.Accounts.Settings;
using Fts.Accounts.Settings.Files;
using Fts.Storage;
using FsCheck;
using FsCheck.Fluent;

namespace Fts.Accounts.Tests.Settings;

/// <summary>The declarative file of accounts and groups.</summary>
public sealed class AccountFileTests
{
    private const string Example = """
        {
          // Partners may read everything and upload to /in.
          "groups": {
            "partners": { "rules": { "/": "lr", "/in": "c" }, "requiresTls": true },
          },
          "accounts": {
            "ann": {
              "groups": ["partners"],
              "home": "/srv/ftp/%u",
              "mounts": { "/pub": { "directory": "/srv/pub", "readOnly": true } },
              "quotaBytes": "10G", "quotaFiles": 1000, "maxSessions": "unlimited",
              "networks": ["192.0.2.0/24"], "hours": "08:00-18:00", "expiresAt": "2027-01-31",
            },
            "old": { "enabled": false, "passwordHash": "$1$abc$def" },
          },
        }
        """;

    [Fact]
    public void A_file_with_comments_and_trailing_commas_is_parsed()
    {
        AccountFile file = Parse(Example);
        Assert.Equal(
            new GroupSettings("partners")
            {
                Access = new AccessSettings
                {
                    Rules =
                    [
                        new PermissionRule(StorePath.Root, Permissions.List | Permissions.Read),
                        new PermissionRule(StorePath.Root.Child("in"), Permissions.Create),
                    ],
                    RequiresTls = true,
                },
            },
            Assert.Single(file.Groups));
        Assert.Equal(
            new AccountSettings("ann")
            {
                Groups = ["partners"],
                Access = new AccessSettings
                {
                    Home = "/srv/ftp/%u",
                    Mounts = [new MountSettings(StorePath.Root.Child("pub"), "/srv/pub", IsReadOnly: true)],
                    QuotaBytes = 10L * 1024 * 1024 * 1024,
                    QuotaFiles = 1000,
                    MaxSessions = AccessSettings.Unlimited,
                    Networks = [IPNetwork.Parse("192.0.2.0/24")],
                    Hours = new AllowedHours(new TimeOnly(8, 0), new TimeOnly(18, 0)),
                    ExpiresAt = new DateTimeOffset(2027, 2, 1, 0, 0, 0, TimeSpan.Zero),
                },
            },
            file.Accounts[0]);
        Assert.Equal(new AccountSettings("old") { IsEnabled = false, PasswordHash = "$1$abc$def" }, file.Accounts[1]);
    }

    [Theory]
    [InlineData("{\n\"accounts\": {\n\"ann\": { \"quota\": 1 } } }", 3, "unknown key \"quota\"; the keys are enabled, passwordHash, ")]
    [InlineData("{\n\"users\": {} }", 2, "unknown key \"users\"; the keys are $schema, groups, accounts")]
    [InlineData("{ \"accounts\": [] }", 1, "accounts must be an object in braces")]
    [InlineData("{ \"accounts\": {\n\n\"a/b\": {} } }", 3, "the account name must not contain '/'")]
    [InlineData("{ \"accounts\": { \"ann\": {},\n\"ann\": {} } }", 2, "\"ann\" occurs twice")]
    [InlineData("{ \"accounts\": { \"ann\": {\n\"quotaBytes\": -1 } } }", 2, "quotaBytes: must be a number of bytes")]
    [InlineData("{ \"accounts\": { \"ann\": {\n\"rules\": {\n\"/in\": \"xyz\" } } } }", 3, "rule /in: must be letters of lrcwandmt")]
    [InlineData("{ \"accounts\": { \"ann\": {\n\"rules\": {\n\"in\": \"r\" } } } }", 3, "\"in\" must be an absolute path like /in")]
    [InlineData("{ \"accounts\": { \"ann\": {\n\"mounts\": { \"/pub\": {} } } } }", 2, "mount /pub needs the key directory")]
    [InlineData("{ \"accounts\": { \"ann\": {\n\"networks\": [\"all\"] } } }", 2, "networks \"all\": must be a network")]
    [InlineData("{ \"accounts\": { \"ann\": {\n\"requiresTls\": \"yes\" } } }", 2, "requiresTls: must be true or false")]
    [InlineData("{ \"accounts\": { \"ann\": {\n\"home\": \"relative\" } } }", 1, "home \"relative\" must be an absolute path")]
    [InlineData("{ \"accounts\": {\n\"ann\": { } }", 2, "this is not valid JSON")]
    [InlineData("", 1, "this is not valid JSON")]
    [InlineData("{} {}", 1, "this is not valid JSON")]
    public void An_error_names_its_line(string text, int line, string message)
    {
        AccountFileException error = Assert.Throws<AccountFileException>(() => Parse(text));
        Assert.StartsWith(message, error.Message.Replace("account ann: ", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(line, error.Line);
    }

    [Fact]
    public void A_written_file_is_parsed_to_the_same_accounts() => Prop.ForAll(
        Files.ToArbitrary(),
        file =>
        {
            AccountFile again = Parse(Write(file));
            return again.Accounts.SequenceEqual(file.Accounts) && again.Groups.SequenceEqual(file.Groups);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_file_that_matches_the_database_changes_nothing()
    {
        AccountFile file = Parse(Example);
        AccountPlan plan = AccountPlan.Create(Parse(Write(file)), Store(file), prune: true);
        Assert.Empty(plan.Changes);
    }

    [Fact]
    public void A_plan_contains_additions_changes_and_removals_in_the_order_of_their_dependencies()
    {
        AccountSnapshot stored = Store(Parse("""{ "groups": { "a": {}, "b": {} }, "accounts": { "x": {}, "y": { "quotaBytes": 5 } } }"""));
        AccountFile file = Parse("""{ "groups": { "a": {}, "c": {} }, "accounts": { "y": { "quotaBytes": 6, "groups": ["c"] } } }""");

        AccountPlan plan = AccountPlan.Create(file, stored, prune: true);
        Assert.Equal(
            ["Add group c", "Update account y", "Remove account x", "Remove group b"],
            plan.Changes.Select(step => $"{step.Change.Kind} {(step.Change.IsGroup ? "group" : "account")} {step.Change.Name}"));
        Assert.Equal(
            [new SettingDifference("groups", null, "c"), new SettingDifference("quotaBytes", "5", "6")],
            plan.Changes[1].Differences.OrderBy(difference => difference.Key));

        AccountPlan withoutPrune = AccountPlan.Create(file, stored, prune: false);
        Assert.Equal(["c", "y"], withoutPrune.Changes.Select(step => step.Change.Name));
        Assert.Equal(["x", "b"], withoutPrune.Kept.Select(step => step.Change.Name));
    }

    [Fact]
    public void The_differences_of_an_account_never_contain_its_password_hash()
    {
        var old = new AccountSettings("ann") { PasswordHash = "secret-one" };
        SettingDifference difference = Assert.Single(SettingDifference.Find(old, old with { PasswordHash = "secret-two" }));
        Assert.Equal(new SettingDifference("passwordHash", "(hidden)", "(hidden)"), difference);
    }

    [Fact]
    public void The_schema_has_exactly_the_keys_of_the_parser()
    {
        using var schema = JsonDocument.Parse(File.ReadAllBytes(FindSchema()));
        JsonElement definitions = schema.RootElement.GetProperty("$defs");
        Assert.Equal(AccountFile.AccessKeys.Order(), GetKeys(definitions.GetProperty("group")));
        Assert.Equal(AccountFile.AccountKeys.Concat(AccountFile.AccessKeys).Order(), GetKeys(definitions.GetProperty("account")));
        Assert.Equal(["$schema", "accounts", "groups"], GetKeys(schema.RootElement));
    }

    private static IEnumerable<string> GetKeys(JsonElement schema) =>
        schema.GetProperty("properties").EnumerateObject().Select(property => property.Name).Order();

    private static string FindSchema()
    {
        string? directory = AppContext.BaseDirectory;
        while (directory is not null && !File.Exists(Path.Combine(directory, "fts.slnx")))
        {
            directory = Path.GetDirectoryName(directory);
        }

        return Path.Combine(directory!, "docs", "accounts.schema.json");
    }

    private static AccountFile Parse(string text) => AccountFile.Parse(Encoding.UTF8.GetBytes(text), TimeZoneInfo.Utc);

    private static string Write(AccountFile file)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            file.Write(writer);
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static AccountSnapshot Store(AccountFile file) => new(
        1,
        [.. file.Accounts.Select(account => new Versioned<AccountSettings>(account, 1))],
        [.. file.Groups.Select(group => new Versioned<GroupSettings>(group, 1))]);

    private static Gen<AccountFile> Files =>
        from accounts in Accounts.ListOf()
        from groups in Groups.ListOf()
        select new AccountFile([.. accounts.DistinctBy(account => account.Name)], [.. groups.DistinctBy(item => item.Name)]);

    private static Gen<string> Names => Gen.Elements("ann", "bob", "Ünal", "a b", "quo'te", "日本");

    private static Gen<AccountSettings> Accounts =>
        from name in Names
        from isEnabled in Gen.Elements(true, false)
        from hash in Gen.Elements(null, "$6$salt$hash", "x\\y")
        from keys in Gen.Elements<string[]>([], ["SHA256:" + new string('A', 43)])
        from groups in Gen.Elements<string[]>([], ["g"], ["g", "h"])
        from access in Access
        select new AccountSettings(name)
        {
            IsEnabled = isEnabled, PasswordHash = hash, KeyFingerprints = keys, Groups = groups, Access = access,
        };

    private static Gen<GroupSettings> Groups =>
        from name in Names
        from access in Access
        select new GroupSettings(name) { Access = access };

    private static Gen<AccessSettings> Access =>
        from home in Gen.Elements(null, "/srv/%u", "/srv/100%%")
        from mounts in Gen.Elements<MountSettings[]>(
            [], [new(StorePath.Root.Child("p"), "/srv/p", true), new(StorePath.Root.Child("q").Child("r"), "/srv/q", false)])
        from rights in Gen.Choose(0, 511)
        from rules in Gen.Elements<StorePath[]>([], [StorePath.Root], [StorePath.Root.Child("in"), StorePath.Root.Child("ü")])
        from bytes in Gen.Elements<long?>(null, -1, 0, 1, 1024, 1536, long.MaxValue)
        from rate in Gen.Elements<long?>(null, -1, 1, 5000, 1L << 40)
        from sessions in Gen.Elements<int?>(null, -1, 1, int.MaxValue)
        from networks in Gen.Elements<IPNetwork[]?>(null, [], [IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("2001:db8::/32")])
        from tls in Gen.Elements<bool?>(null, true, false)
        from hours in Gen.Elements<AllowedHours?>(null, AllowedHours.AllDay, new AllowedHours(new TimeOnly(22, 0), new TimeOnly(6, 30)))
        from expiry in Gen.Elements<DateTimeOffset?>(
            null, DateTimeOffset.MaxValue, new DateTimeOffset(2027, 1, 31, 12, 0, 0, TimeSpan.FromHours(2)),
            new DateTimeOffset(2027, 1, 31, 12, 0, 0, TimeSpan.Zero).AddTicks(1234567))
        select new AccessSettings
        {
            Home = home, Mounts = mounts, Rules = [.. rules.Select(path => new PermissionRule(path, (Permissions)rights))],
            QuotaBytes = bytes, QuotaFiles = bytes, UploadRate = rate, DownloadRate = rate, MaxSessions = sessions, Networks = networks,
            RequiresTls = tls, Hours = hours, ExpiresAt = expiry,
        };
}
