using Fts.Bench.Measuring;
using Fts.Bench.Scenarios;

namespace Fts.Bench.Report;

/// <summary>Every sample of a run, by scenario and server, and what could not be measured.</summary>
internal sealed class Results
{
    private readonly Dictionary<(string Scenario, string Server), List<Sample>> _samples = [];

    private readonly Dictionary<string, int> _missing = [];

    /// <summary>What has no figure, or fewer than rounds, and why.</summary>
    public IEnumerable<string> NotMeasured => _missing.Select(entry => entry.Value == 1 ? entry.Key : $"{entry.Key} ({entry.Value} times)");

    /// <summary>Notes a measurement that did not come about.</summary>
    public void Miss(string what, string reason) => _missing[$"{what}: {reason}"] = _missing.GetValueOrDefault($"{what}: {reason}") + 1;

    public void Add(Scenario scenario, string server, Sample sample)
    {
        if (!_samples.TryGetValue((scenario.Name, server), out List<Sample>? samples))
        {
            _samples[(scenario.Name, server)] = samples = [];
        }

        samples.Add(sample);
    }

    /// <summary>Speed in the scenario's unit; null where there is no sample.</summary>
    public Spread? Speed(Scenario scenario, string server) => Of(scenario, server, sample => sample.PerSecond * scenario.Unit.SpeedFactor);

    /// <summary>The server's processor time in the scenario's unit; null where there is no sample.</summary>
    public Spread? Cost(Scenario scenario, string server) => Of(scenario, server, sample => sample.ServerSecondsPerUnit * scenario.Unit.CostFactor);

    private Spread? Of(Scenario scenario, string server, Func<Sample, double> figure) =>
        _samples.TryGetValue((scenario.Name, server), out List<Sample>? samples) ? new Spread([.. samples.Select(figure).Order()]) : null;
}

/// <summary>Figures of several rounds, ascending.</summary>
internal sealed record Spread(IReadOnlyList<double> Values)
{
    public double Median => (Values[(Values.Count - 1) / 2] + Values[Values.Count / 2]) / 2;

    public double Lowest => Values[0];

    public double Highest => Values[^1];
}
