using System.Globalization;
using Fts.FuzzTests.Engine;
using Fts.FuzzTests.Targets;

namespace Fts.FuzzTests;

/// <summary>
/// No input breaks a parser: it comes back, in memory in proportion to the input, with a value that holds what it promises or the parser's own refusal.
/// <c>FTS_FUZZ_INPUTS</c> sets how many inputs all parsers get together, <c>FTS_FUZZ_SEED</c> which.
/// </summary>
public sealed class FuzzTests
{
    /// <summary>Enough to be over a million whatever is rounded, and done in seconds.</summary>
    private const long EverydayInputs = 1_200_000;

    private static readonly long AllInputs = long.Parse(Environment.GetEnvironmentVariable("FTS_FUZZ_INPUTS") is { Length: > 0 } told ? told : $"{EverydayInputs}", CultureInfo.InvariantCulture);
    private static readonly ulong Seed = ulong.Parse(Environment.GetEnvironmentVariable("FTS_FUZZ_SEED") is { Length: > 0 } told ? told : "959", CultureInfo.InvariantCulture);

    public static TheoryData<string> Names => [.. FuzzTargets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task No_input_breaks(string name)
    {
        FuzzTarget target = FuzzTargets.All.Single(target => target.Name == name);
        using (target.Owned)
        {
            Assert.Equal(Share(target), await new FuzzRun(target, Seed).RunAsync(Share(target)));
        }
    }

    [Fact]
    public void All_parsers_together_get_more_than_a_million_inputs() => Assert.True(FuzzTargets.All.Sum(Share) > 1_000_000);

    [Fact]
    public void Every_corpus_is_somebodys_and_no_two_targets_share_a_name()
    {
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Corpus")).Select(file => Path.GetFileNameWithoutExtension(file)!).Order()];
        Assert.Equal(files, FuzzTargets.All.Select(target => target.Corpus).Distinct().Order());
        Assert.Equal(FuzzTargets.All.Count, FuzzTargets.All.Select(target => target.Name).Distinct().Count());
    }

    private static int Share(FuzzTarget target) => (int)Math.Min(int.MaxValue, 1 + (AllInputs * target.Weight / FuzzTargets.All.Sum(other => other.Weight)));
}
