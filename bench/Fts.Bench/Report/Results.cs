using Fts.Bench.Scenarios;

namespace Fts.Bench.Report;

/// <summary>All values of a run by scenario and participant, and the failed measurements.</summary>
internal sealed class Results
{
    private readonly Dictionary<(string Scenario, string Participant), List<double[]>> _rounds = [];

    private readonly List<(string Reason, List<string> Measurements)> _failures = [];

    /// <summary>The failed measurements, grouped by reason.</summary>
    public IEnumerable<string> NotMeasured => _failures.Select(failure =>
    {
        IEnumerable<string> counted = failure.Measurements.GroupBy(measurement => measurement)
            .Select(group => group.Count() == 1 ? group.Key : $"{group.Key} ({group.Count()} times)");
        return $"{failure.Reason}: {string.Join("; ", counted)}";
    });

    /// <summary>Records a failed measurement.</summary>
    public void AddFailure(Scenario scenario, string participant, string reason)
    {
        if (!_failures.Exists(failure => failure.Reason == reason))
        {
            _failures.Add((reason, []));
        }

        _failures.Find(failure => failure.Reason == reason).Measurements.Add($"{scenario.Name}, {participant}");
    }

    public void Add(Scenario scenario, string participant, double[] values)
    {
        if (!_rounds.TryGetValue((scenario.Name, participant), out List<double[]>? rounds))
        {
            _rounds[(scenario.Name, participant)] = rounds = [];
        }

        rounds.Add(values);
    }

    /// <summary>Returns whether the run has a value for the participant.</summary>
    public bool HasValues(string participant) => _rounds.Keys.Any(key => key.Participant == participant);

    /// <summary>Returns the values of a figure, or null if there are none.</summary>
    public Spread? GetSpread(Scenario scenario, string participant, Figure figure)
    {
        int index = scenario.Figures.ToList().IndexOf(figure);
        return _rounds.TryGetValue((scenario.Name, participant), out List<double[]>? rounds)
            ? new Spread([.. rounds.Select(values => values[index])])
            : null;
    }
}

/// <summary>The values of one figure, in the order of the rounds.</summary>
internal sealed record Spread(IReadOnlyList<double> Values)
{
    private readonly double[] _ascending = [.. Values.Order()];

    public double Median => (_ascending[(_ascending.Length - 1) / 2] + _ascending[_ascending.Length / 2]) / 2;

    public double Lowest => _ascending[0];

    public double Highest => _ascending[^1];
}
