namespace Fts.CrashTests.KillRestart;

/// <summary>What a worker does by chance. The same seed makes the same choices; what the kills meet is the machine's.</summary>
internal sealed class RandomChoices(int seed)
{
    // CA5394: nobody is to be kept from guessing it.
#pragma warning disable CA5394
    private readonly Random _random = new(seed);

    public int NextBelow(int bound) => _random.Next(bound);

    public bool IsOneIn(int count) => NextBelow(count) == 0;

    public T PickOne<T>(IReadOnlyList<T> items) => items[NextBelow(items.Count)];

    public ulong NextSeed() => (ulong)_random.NextInt64();
#pragma warning restore CA5394

    /// <summary>Mostly what one read carries; some around the size from which the kernel copies; a few of several MiB.</summary>
    public int NextLength() => NextBelow(10) switch
    {
        < 4 => NextBelow(2_000),
        < 7 => NextBelow(64 * 1024),
        < 9 => NextBelow(600 * 1024),
        _ => 1024 * 1024 + NextBelow(5 * 1024 * 1024),
    };
}
