using Fts.Bench.Scenarios;

namespace Fts.Bench.Report;

/// <summary>Every value of a run, by scenario and who took part, and what could not be measured.</summary>
internal sealed class Results
{
    private readonly Dictionary<(string Scenario, string Who), List<double[]>> _rounds = [];

    private readonly List<(string Reason, List<string> What)> _missing = [];

    /// <summary>What has no figure, or fewer than rounds, by the reason.</summary>
    public IEnumerable<string> NotMeasured => _missing.Select(missing =>
        $"{missing.Reason}: {string.Join("; ", missing.What.GroupBy(what => what).Select(same => same.Count() == 1 ? same.Key : $"{same.Key} ({same.Count()} times)"))}");

    /// <summary>Notes a measurement that did not come about.</summary>
    public void Miss(Scenario scenario, string who, string reason)
    {
        if (!_missing.Exists(missing => missing.Reason == reason))
        {
            _missing.Add((reason, []));
        }

        _missing.Find(missing => missing.Reason == reason).What.Add($"{scenario.Name}, {who}");
    }

    public void Add(Scenario scenario, string who, double[] values)
    {
        if (!_rounds.TryGetValue((scenario.Name, who), out List<double[]>? rounds))
        {
            _rounds[(scenario.Name, who)] = rounds = [];
        }

        rounds.Add(values);
    }

    /// <summary>Whether there is anything at all about somebody.</summary>
    public bool Has(string who) => _rounds.Keys.Any(key => key.Who == who);

    /// <summary>A figure's values; null where there is none.</summary>
    public Spread? Of(Scenario scenario, string who, Figure figure)
    {
        int index = scenario.Figures.ToList().IndexOf(figure);
        return _rounds.TryGetValue((scenario.Name, who), out List<double[]>? rounds) ? new Spread([.. rounds.Select(values => values[index])]) : null;
    }
}

/// <summary>Values of several rounds, in their order.</summary>
internal sealed record Spread(IReadOnlyList<double> Values)
{
    private readonly double[] _ascending = [.. Values.Order()];

    public double Median => (_ascending[(_ascending.Length - 1) / 2] + _ascending[_ascending.Length / 2]) / 2;

    public double Lowest => _ascending[0];

    public double Highest => _ascending[^1];
}
