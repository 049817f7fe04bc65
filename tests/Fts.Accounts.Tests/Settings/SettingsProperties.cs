using FsCheck;
using FsCheck.Fluent;
using Fts.Accounts.Settings;

namespace Fts.Accounts.Tests.Settings;

public sealed class SettingsProperties
{
    [Fact]
    public void A_home_directory_with_the_name_is_always_a_direct_child() =>
        Prop.ForAll(ArbMap.Default.ArbFor<string>(), name =>
        {
            if (AccountName.FindProblem(name) is null)
            {
                string home = Path.GetFullPath(DirectoryTemplate.Expand(Path.GetFullPath("/srv/%u"), name));
                Assert.Equal(Path.GetFullPath("/srv"), Path.GetDirectoryName(home));
                Assert.Equal(name, Path.GetFileName(home));
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_order_of_groups_without_contradictions_does_not_matter() =>
        Prop.ForAll(ArbMap.Default.ArbFor<int?[]>(), values =>
        {
            GroupSettings[] groups =
            [
                .. values.Select((value, at) => new GroupSettings($"g{at}")
                {
                    Access = new AccessSettings { MaxSessions = value is null ? null : Math.Abs(value.Value % 2) + 1 },
                }),
            ];
            ResolvedAccount forwards = Resolve(groups), backwards = Resolve([.. groups.Reverse()]);
            bool contradicts = groups.Select(group => group.Access.MaxSessions).OfType<int>().Distinct().Count() > 1;
            Assert.Equal(contradicts, forwards.Problems.Count > 0);
            Assert.Equal(contradicts, backwards.Problems.Count > 0);
            if (!contradicts)
            {
                Assert.Equal(forwards.Access, backwards.Access);
            }
        }).QuickCheckThrowOnFailure();

    private static ResolvedAccount Resolve(GroupSettings[] groups) => AccountResolver.Resolve(
        new AccountSettings("anna") { Groups = [.. groups.Select(group => group.Name)] }, groups.ToDictionary(group => group.Name));
}
