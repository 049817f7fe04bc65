namespace Fts.CrashTests.KillRestart;

/// <summary>The random choices of a worker. The same seed yields the same choices, but not the same timing of kills.</summary>
internal sealed class RandomChoices(int seed)
{
    // CA5394: the numbers need not be unpredictable.
#pragma warning disable CA5394
    private readonly Random _random = new(seed);

    public int NextBelow(int bound) => _random.Next(bound);

    public bool IsOneIn(int count) => NextBelow(count) == 0;

    public T PickOne<T>(IReadOnlyList<T> items) => items[NextBelow(items.Count)];

    public ulong NextSeed() => (ulong)_random.NextInt64();
#pragma warning restore CA5394

    /// <summary>
    /// Returns a length in bytes: mostly up to one read, sometimes near the threshold for copying by the kernel, rarely several MiB.
    /// </summary>
    public int NextLength() => NextBelow(10) switch
    {
        < 4 => NextBelow(2_000),
        < 7 => NextBelow(64 * 1024),
        < 9 => NextBelow(600 * 1024),
        _ => 1024 * 1024 + NextBelow(5 * 1024 * 1024),
    };
}
