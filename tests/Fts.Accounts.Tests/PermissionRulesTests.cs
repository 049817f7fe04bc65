using Fts.Storage;
using FsCheck;
using FsCheck.Fluent;

namespace Fts.Accounts.Tests;

/// <summary>Permissions by path: the longest matching rule decides.</summary>
public sealed class PermissionRulesTests
{
    [Theory]
    [InlineData("/", "lr")]
    [InlineData("/other", "lr")]
    [InlineData("/in", "c")]
    [InlineData("/in/file", "c")]
    [InlineData("/in/own", "*")]
    [InlineData("/in/own/file", "*")]
    [InlineData("/in/ownership", "c")]
    [InlineData("/index", "lr")]
    [InlineData("/IN", "lr")]
    public void The_longest_rule_decides(string path, string letters)
    {
        var rules = new PermissionRules(
            Permissions.ReadOnly, new PermissionRule(At("/in"), Permissions.Create), new PermissionRule(At("/in/own"), Permissions.ReadWrite));
        Assert.Equal(letters, PermissionLetters.Format(rules.GetPermissions(At(path))));
    }

    [Theory]
    [InlineData("/", true)]
    [InlineData("/a", true)]
    [InlineData("/a/b", true)]
    [InlineData("/a/b/c", true)]
    [InlineData("/a/x", false)]
    [InlineData("/x", false)]
    public void A_path_is_visible_if_a_rule_for_it_or_below_it_grants_a_permission(string path, bool isVisible)
    {
        var rules = new PermissionRules(Permissions.None, new PermissionRule(At("/a/b"), Permissions.Create));
        Assert.Equal(isVisible, rules.HasAnyPermission(At(path)));
    }

    [Fact]
    public void The_result_equals_a_naive_search_for_the_longest_matching_path() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonEmptyArray<NonEmptyArray<byte>>>(),
        ArbMap.Default.ArbFor<NonEmptyArray<byte>>(),
        (rulePaths, pathBytes) =>
        {
            string[][] paths = [.. rulePaths.Get.Select(ToNames).DistinctBy(names => string.Join('/', names))];
            Permissions[] permissions = [.. paths.Select((_, index) => (Permissions)(1 << (index % 9)))];
            var rules = new PermissionRules(
                Permissions.ReadOnly, [.. paths.Select((names, index) => new PermissionRule(ToPath(names), permissions[index]))]);
            string[] path = ToNames(pathBytes);
            (int length, Permissions expected) = (-1, Permissions.ReadOnly);
            for (int at = 0; at < paths.Length; at++)
            {
                if (paths[at].Length > length && path.Take(paths[at].Length).SequenceEqual(paths[at]))
                {
                    (length, expected) = (paths[at].Length, permissions[at]);
                }
            }

            Assert.Equal(expected, rules.GetPermissions(ToPath(path)));

            // Tree permissions, by asking for every path of a rule below.
            StorePath[] below = [ToPath(path), .. paths.Select(ToPath).Where(one => one.IsWithin(ToPath(path)))];
            Assert.Equal(
                below.Aggregate(Permissions.None, (all, one) => all | rules.GetPermissions(one)), rules.GetTreePermissions(ToPath(path)));
            foreach (Permissions permission in Enum.GetValues<Permissions>().Where(flag => int.IsPow2((int)flag)))
            {
                Assert.Equal(
                    below.All(one => rules.GetPermissions(one).HasFlag(permission)), rules.HasPermissionsOnTree(ToPath(path), permission));
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_letters_of_all_combinations_are_parsed_again()
    {
        foreach (Permissions permissions in Enumerable.Range(0, 512).Select(bits => (Permissions)bits))
        {
            Assert.True(PermissionLetters.TryParse(PermissionLetters.Format(permissions), out Permissions parsed));
            Assert.Equal(permissions, parsed);
        }
    }

    [Fact]
    public void Only_letters_of_permissions_are_parsed() => Prop.ForAll<string>(text =>
    {
        bool isValid = text is "*" or "-" || (text is { Length: > 0 } && text.All(letter => "lrcwandmt".Contains(letter, StringComparison.Ordinal)));
        Assert.Equal(isValid, PermissionLetters.TryParse(text, out Permissions permissions));
        Assert.Equal(isValid && text.Contains('d', StringComparison.Ordinal), text != "*" && permissions.HasFlag(Permissions.Delete));
    }).QuickCheckThrowOnFailure();

    private static StorePath At(string path) => StorePath.Root.Resolve(path)!.Value;

    /// <summary>Returns up to four names of one letter, so that random paths often have a common start.</summary>
    private static string[] ToNames(NonEmptyArray<byte> bytes) => [.. bytes.Get.Take(4).Select(b => b % 3).TakeWhile(n => n < 2)
        .Select(n => n == 0 ? "a" : "ab")];

    private static StorePath ToPath(string[] names) => At("/" + string.Join('/', names));
}
