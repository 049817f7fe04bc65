namespace Fts.FuzzTests.Engine;

/// <summary>Pseudo-random numbers that depend only on the seed, on every machine and .NET version (splitmix64).</summary>
internal struct FuzzRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Returns a number from 0 to <paramref name="bound"/> - 1.</summary>
    public int Next(int bound) => (int)(Next() % (uint)bound);

    private ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
