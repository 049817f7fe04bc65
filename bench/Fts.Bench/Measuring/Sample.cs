namespace Fts.Bench.Measuring;

/// <summary>One measurement: the amount of work, its duration and its cost for the server.</summary>
/// <param name="Work">The amount of work, in GiB, names or operations.</param>
/// <param name="Seconds">The elapsed time in seconds.</param>
/// <param name="ServerSeconds">The processor time of the server processes in seconds.</param>
internal readonly record struct Sample(double Work, double Seconds, double ServerSeconds)
{
    /// <summary>The peak increase of the resident memory of the server in KiB, or 0 if it was not measured.</summary>
    public double Growth { get; init; }

    public double PerSecond => Work / Seconds;

    public double ServerSecondsPerUnit => ServerSeconds / Work;
}
