using System.Text.Json;
using Fts.Bench.Scenarios;

namespace Fts.Bench.Report;

/// <summary>Writes all figures of a run as JSON, so that two runs can be compared.</summary>
internal static class JsonFile
{
    public static void Write(string path, Results results, Options options)
    {
        using FileStream file = File.Create(path);
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("made", DateTime.UtcNow);
        json.WriteString("system", Environment.OSVersion.VersionString);
        json.WriteNumber("processors", Environment.ProcessorCount);
        json.WriteNumber("rounds", options.Rounds);
        json.WriteStartArray("figures");
        foreach (Scenario scenario in options.Scenarios)
        {
            foreach (string participant in options.GetParticipants(scenario.Comparison))
            {
                foreach (Figure figure in scenario.Figures)
                {
                    if (results.GetSpread(scenario, participant, figure) is { } spread)
                    {
                        Write(json, scenario, participant, figure, spread);
                    }
                }
            }
        }

        json.WriteEndArray();
        json.WriteStartArray("notMeasured");
        foreach (string line in results.NotMeasured)
        {
            json.WriteStringValue(line);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, Scenario scenario, string participant, Figure figure, Spread spread)
    {
        json.WriteStartObject();
        json.WriteString("scenario", scenario.Name);
        json.WriteString("of", participant);
        json.WriteString("unit", figure.Unit);
        json.WriteNumber("median", spread.Median);
        json.WriteStartArray("rounds");
        foreach (double value in spread.Values)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
