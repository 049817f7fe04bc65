using System.Globalization;
using Fts.Bench.Scenarios;

namespace Fts.Bench.Report;

/// <summary>
/// Writes the results of one comparison as a Markdown table: a line for each figure, a column for each participant, and a ratio.
/// </summary>
internal static class Table
{
    /// <summary>
    /// Returns the table. The last column is our value divided by the best of the others, or, if only our server is measured, the last
    /// value divided by the first.
    /// </summary>
    public static string Write(Results results, Comparison comparison, IReadOnlyList<Scenario> scenarios,
        IReadOnlyList<string> participants)
    {
        string ratio = scenarios[0].ComparesOnlyOurs ? $"{participants[^1]} / {participants[0]}" : "fts / best peer";
        var rows = new List<string[]> { (string[])["scenario", "unit", .. participants, ratio] };
        foreach (Scenario scenario in scenarios)
        {
            rows.AddRange(scenario.Figures.Select(figure => Row(results, scenario, figure, participants)));
        }

        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        IEnumerable<string> lines = rows.Select(row =>
            "| " + string.Join(" | ", row.Select((cell, column) => cell.PadRight(widths[column]))) + " |");
        string rule = "|" + string.Join('|', widths.Select(width => new string('-', width + 2))) + "|";
        return string.Join('\n', [lines.First(), rule, .. lines.Skip(1)]);
    }

    /// <summary>Returns the number with about three significant digits, because the noise is larger than further digits.</summary>
    public static string FormatNumber(double value) =>
        value.ToString(Math.Abs(value) switch { >= 100 => "0", >= 10 => "0.0", >= 1 => "0.00", _ =>
            "0.000" }, CultureInfo.InvariantCulture);

    private static string[] Row(Results results, Scenario scenario, Figure figure, IReadOnlyList<string> participants)
    {
        IEnumerable<string> cells = participants.Select(participant =>
            results.GetSpread(scenario, participant, figure) is { } spread ? Cell(spread) : "-");
        return [figure == scenario.Figures[0] ? scenario.Name : "", figure.Unit, .. cells, Ratio(results, scenario, figure, participants)];
    }

    private static string Ratio(Results results, Scenario scenario, Figure figure, IReadOnlyList<string> participants)
    {
        string ours = scenario.ComparesOnlyOurs ? participants[^1] : Options.Ours;
        double[] others =
        [
            .. participants.Where(participant => participant != ours)
                .Select(participant => results.GetSpread(scenario, participant, figure)).OfType<Spread>().Select(spread => spread.Median),
        ];
        double best = others.Length == 0 ? 0 : figure.MoreIsBetter switch { true => others.Max(), false => others.Min(), null => 0 };
        return best > 0 && results.GetSpread(scenario, ours, figure) is { } own ? FormatNumber(own.Median / best) + "x" : "-";
    }

    private static string Cell(Spread spread) =>
        spread.Values.Count == 1
            ? FormatNumber(spread.Median)
            : $"{FormatNumber(spread.Median)} [{FormatNumber(spread.Lowest)}-{FormatNumber(spread.Highest)}]";
}
