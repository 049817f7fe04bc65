using System.IO.Enumeration;
using FsCheck;
using FsCheck.Fluent;

namespace Fts.Protocol.Tests;

public sealed class NamePatternTests
{
    [Theory]
    [InlineData("*", "a", true)]
    [InlineData("*", "", true)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    [InlineData("a", "a", true)]
    [InlineData("a", "A", false)]
    [InlineData("a", "ab", false)]
    [InlineData("*.txt", "report.txt", true)]
    [InlineData("*.txt", "report.txt.gz", false)]
    [InlineData("r*t", "report", true)]
    [InlineData("r*t*", "report.txt", true)]
    [InlineData("?eport", "report", true)]
    [InlineData("?", "", false)]
    [InlineData("??", "a", false)]
    [InlineData("a?", "a\U0001F600", true)]
    [InlineData("?b", "\U0001F600b", true)]
    [InlineData("*a*b", "aab", true)]
    [InlineData("*ab*ab", "abxab", true)]
    [InlineData("*ab*ab", "ab", false)]
    [InlineData("**", "x", true)]
    [InlineData("\\*", "*", true)]
    [InlineData("\\*", "a", false)]
    [InlineData("a\\", "a\\", true)]
    [InlineData("\\\\*", "\\x", true)]
    public void A_name_matches_a_pattern_or_not(string pattern, string name, bool expected) =>
        Assert.Equal(expected, NamePattern.IsMatch(pattern, name));

    [Fact]
    public void Any_pattern_matches_the_same_names_as_the_matcher_of_the_platform() => Prop.ForAll(
        ArbMap.Default.ArbFor<NonEmptyArray<byte>>(),
        ArbMap.Default.ArbFor<NonEmptyArray<byte>>(),
        (patternBytes, nameBytes) =>
        {
            string pattern = string.Concat(patternBytes.Get.Select(b => "ab*?**"[b % 6])), name = string.Concat(nameBytes.Get.Select(b =>
                "ab"[b % 2]));
            Assert.Equal(FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false), NamePattern.IsMatch(pattern, name));
        }).QuickCheckThrowOnFailure();

    /// <summary>A matcher that backtracks to earlier stars would take years for this pattern.</summary>
    [Fact]
    public async Task A_pattern_with_many_stars_is_matched_in_quadratic_time()
    {
        string pattern = string.Concat(Enumerable.Repeat("*a", 120)) + "*b", name = new('a', 100_000);
        Assert.False(await Task.Run(() => NamePattern.IsMatch(pattern, name), TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
    }
}
