using System.Globalization;
using Fts.Bench.Scenarios;

namespace Fts.Bench.Report;

/// <summary>The results as a Markdown table: one line per figure, one column per server, and what ours is to the best of the others.</summary>
internal static class Table
{
    public static string Write(Results results, IReadOnlyList<Scenario> scenarios, IReadOnlyList<string> servers)
    {
        var rows = new List<string[]> { (string[])["scenario", "unit", .. servers, "fts / best peer"] };
        foreach (Scenario scenario in scenarios)
        {
            rows.Add(Row(scenario.Name, scenario.Unit.Speed, servers, server => results.Speed(scenario, server), Enumerable.Max));
            rows.Add(Row("", scenario.Unit.Cost, servers, server => results.Cost(scenario, server), Enumerable.Min));
        }

        int[] widths = [.. Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length))];
        IEnumerable<string> lines = rows.Select(row => "| " + string.Join(" | ", row.Select((cell, column) => cell.PadRight(widths[column]))) + " |");
        string rule = "|" + string.Join('|', widths.Select(width => new string('-', width + 2))) + "|";
        return string.Join('\n', [lines.First(), rule, .. lines.Skip(1)]);
    }

    private static string[] Row(string name, string unit, IReadOnlyList<string> servers, Func<string, Spread?> figure, Func<IEnumerable<double>, double> best)
    {
        double[] peers = [.. servers.Where(server => server != Options.Ours).Select(figure).OfType<Spread>().Select(spread => spread.Median)];
        string ratio = peers.Length > 0 && figure(Options.Ours) is { } ours && best(peers) > 0 ? Number(ours.Median / best(peers)) + "x" : "-";
        return [name, unit, .. servers.Select(server => figure(server) is { } spread ? Cell(spread) : "-"), ratio];
    }

    private static string Cell(Spread spread) =>
        spread.Values.Count == 1 ? Number(spread.Median) : $"{Number(spread.Median)} [{Number(spread.Lowest)}-{Number(spread.Highest)}]";

    /// <summary>Three digits that count: more would claim what the machine's noise does not give.</summary>
    private static string Number(double value) =>
        value.ToString(value switch { >= 100 => "0", >= 10 => "0.0", >= 1 => "0.00", _ => "0.000" }, CultureInfo.InvariantCulture);
}
