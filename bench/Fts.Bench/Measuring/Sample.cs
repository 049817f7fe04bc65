namespace Fts.Bench.Measuring;

/// <summary>One measurement: how much was done, in what time, and what it cost the server.</summary>
/// <param name="Work">GiB, names or operations.</param>
/// <param name="Seconds">Wall-clock time.</param>
/// <param name="ServerSeconds">Processor time of the server's processes.</param>
internal readonly record struct Sample(double Work, double Seconds, double ServerSeconds)
{
    /// <summary>How many KiB more than before the server's processes held at most, where that was measured.</summary>
    public double Growth { get; init; }

    public double PerSecond => Work / Seconds;

    public double ServerSecondsPerUnit => ServerSeconds / Work;
}
