using System.Globalization;
using Fts.Bench.Scenarios;

namespace Fts.Bench.Report;

/// <summary>One contest's results as a Markdown table: one line per figure, one column for each who takes part, and a ratio.</summary>
internal static class Table
{
    /// <summary>The last column tells what the first of those who take part is to the best of the others; in growth, the last to the first.</summary>
    public static string Write(Results results, Contest contest, IReadOnlyList<Scenario> scenarios, IReadOnlyList<string> takers)
    {
        var rows = new List<string[]> { (string[])["scenario", "unit", .. takers, contest == Contest.Growth ? "10x / 1x" : "fts / best peer"] };
        foreach (Scenario scenario in scenarios)
        {
            rows.AddRange(scenario.Figures.Select(figure => Row(results, scenario, figure, takers)));
        }

        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        IEnumerable<string> lines = rows.Select(row => "| " + string.Join(" | ", row.Select((cell, column) => cell.PadRight(widths[column]))) + " |");
        string rule = "|" + string.Join('|', widths.Select(width => new string('-', width + 2))) + "|";
        return string.Join('\n', [lines.First(), rule, .. lines.Skip(1)]);
    }

    /// <summary>Three digits that count: more would claim what the machine's noise does not give.</summary>
    public static string Number(double value) =>
        value.ToString(Math.Abs(value) switch { >= 100 => "0", >= 10 => "0.0", >= 1 => "0.00", _ => "0.000" }, CultureInfo.InvariantCulture);

    private static string[] Row(Results results, Scenario scenario, Figure figure, IReadOnlyList<string> takers)
    {
        IEnumerable<string> cells = takers.Select(taker => results.Of(scenario, taker, figure) is { } spread ? Cell(spread) : "-");
        return [figure == scenario.Figures[0] ? scenario.Name : "", figure.Unit, .. cells, Ratio(results, scenario, figure, takers)];
    }

    private static string Ratio(Results results, Scenario scenario, Figure figure, IReadOnlyList<string> takers)
    {
        string ours = scenario.Contest == Contest.Growth ? takers[^1] : Options.Ours;
        double[] others = [.. takers.Where(taker => taker != ours).Select(taker => results.Of(scenario, taker, figure)).OfType<Spread>().Select(spread => spread.Median)];
        double best = others.Length == 0 ? 0 : figure.MoreIsBetter switch { true => others.Max(), false => others.Min(), null => 0 };
        return best > 0 && results.Of(scenario, ours, figure) is { } own ? Number(own.Median / best) + "x" : "-";
    }

    private static string Cell(Spread spread) =>
        spread.Values.Count == 1 ? Number(spread.Median) : $"{Number(spread.Median)} [{Number(spread.Lowest)}-{Number(spread.Highest)}]";
}
