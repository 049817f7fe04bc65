namespace Fts.CrashTests.KillRestart;

/// <summary>What a worker does by chance. The same seed makes the same choices; what the kills meet is the machine's.</summary>
internal sealed class Dice(int seed)
{
    // CA5394: nobody is to be kept from guessing it.
#pragma warning disable CA5394
    private readonly Random _random = new(seed);

    public int Below(int bound) => _random.Next(bound);

    public bool OneIn(int count) => Below(count) == 0;

    public T Of<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    public ulong Seed() => (ulong)_random.NextInt64();
#pragma warning restore CA5394

    /// <summary>Mostly what one read carries; some around the size from which the kernel copies; a few of several MiB.</summary>
    public int Length() => Below(10) switch
    {
        < 4 => Below(2_000),
        < 7 => Below(64 * 1024),
        < 9 => Below(600 * 1024),
        _ => 1024 * 1024 + Below(5 * 1024 * 1024),
    };
}
