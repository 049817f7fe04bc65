using System.Globalization;
using Fts.FuzzTests.Engine;
using Fts.FuzzTests.Targets;

namespace Fts.FuzzTests;

/// <summary>
/// For any input, a parser returns a valid value or throws its own exception, and allocates memory in proportion to the input.
/// <c>FTS_FUZZ_INPUTS</c> sets the total number of inputs, and <c>FTS_FUZZ_SEED</c> the seed.
/// </summary>
public sealed class FuzzTests
{
    /// <summary>The default number of inputs. It exceeds a million after rounding and takes seconds.</summary>
    private const long DefaultInputs = 1_200_000;

    private static readonly long AllInputs = long.Parse(GetSetting("FTS_FUZZ_INPUTS") ?? $"{DefaultInputs}", CultureInfo.InvariantCulture);
    private static readonly ulong Seed = ulong.Parse(GetSetting("FTS_FUZZ_SEED") ?? "959", CultureInfo.InvariantCulture);

    public static TheoryData<string> Names => [.. FuzzTargets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task No_input_breaks_the_parser(string name)
    {
        FuzzTarget target = FuzzTargets.All.Single(target => target.Name == name);
        using (target.Owned)
        {
            Assert.Equal(GetShare(target), await new FuzzRun(target, Seed).RunAsync(GetShare(target)));
        }
    }

    [Fact]
    public void The_parsers_receive_more_than_a_million_inputs() => Assert.True(FuzzTargets.All.Sum(GetShare) > 1_000_000);

    [Fact]
    public void Every_corpus_has_a_target_and_target_names_are_unique()
    {
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Corpus")).Select(file =>
            Path.GetFileNameWithoutExtension(file)!).Order()];
        Assert.Equal(files, FuzzTargets.All.Select(target => target.Corpus).Distinct().Order());
        Assert.Equal(FuzzTargets.All.Count, FuzzTargets.All.Select(target => target.Name).Distinct().Count());
    }

    private static string? GetSetting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static int GetShare(FuzzTarget target) =>
        (int)Math.Min(int.MaxValue, 1 + (AllInputs * target.Weight / FuzzTargets.All.Sum(other => other.Weight)));
}
