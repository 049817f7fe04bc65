using System.Globalization;
using Fts.Bench.Clients;
using Fts.Bench.Scenarios;
using Fts.Bench.Servers;

namespace Fts.Bench;

/// <summary>What the command line asks for.</summary>
internal sealed record Options
{
    public const string Ours = "fts";

    /// <summary>Families that a first word names; elsewhere a number may be left out: small-get is also small-get-8.</summary>
    private static readonly string[] s_families = ["list", "client", "tree", "growth"];

    public static string Usage { get; } = $"""
        bench/run [SCENARIO…] [--rounds N] [--servers A,B,…] [--clients A,B,…] [--json FILE] [--hold]

        Measures this checkout's server and client beside others, in turns, and prints a table each. Without a scenario: all of them.
          --rounds N         rounds per scenario (3)
          --servers A,B      which of {Ours}, {string.Join(", ", Peers.Names)} (all)
          --clients A,B      which of {string.Join(", ", ClientCommands.Names)} (all)
          --program FILE     our program (the one ./fts builds)
          --peers FOLDER     where servers are unpacked that are not installed
          --json FILE        also write every figure there (artifacts/bench.json)
          --hold             start the servers, print their ports and process ids, and wait for Enter instead of measuring

        {string.Join('\n', Scenario.All.Select(scenario => $"  {scenario.Name,-17}  {scenario.What}"))}
        """;

    public required IReadOnlyList<Scenario> Scenarios { get; init; }

    public required IReadOnlyList<string> Servers { get; init; }

    public required IReadOnlyList<string> Clients { get; init; }

    public int Rounds { get; init; } = 3;

    public string? Program { get; init; }

    public string? UnpackedPeers { get; init; }

    public string Json { get; init; } = "bench.json";

    public bool Hold { get; init; }

    /// <exception cref="ArgumentException">A word that is neither a scenario nor an option, with what would be.</exception>
    public static Options Parse(IEnumerable<string> arguments)
    {
        var words = new Queue<string>(arguments);
        var options = new Options { Scenarios = [], Servers = [Ours, .. Peers.Names], Clients = ClientCommands.Names };
        while (words.TryDequeue(out string? word))
        {
            options = word switch
            {
                "--rounds" => options with { Rounds = int.TryParse(Value(), CultureInfo.InvariantCulture, out int rounds) && rounds > 0 ? rounds : throw Wrong("--rounds takes a number from 1 on.") },
                "--servers" => options with { Servers = Each(Value(), "server", options.Servers) },
                "--clients" => options with { Clients = Each(Value(), "client", options.Clients) },
                "--program" => options with { Program = Value() },
                "--peers" => options with { UnpackedPeers = Value() },
                "--json" => options with { Json = Value() },
                "--hold" => options with { Hold = true },
                _ => options with { Scenarios = [.. options.Scenarios, .. Named(word)] },
            };
        }

        return options.Scenarios.Count > 0 ? options : options with { Scenarios = Scenario.All };

        string Value() => words.TryDequeue(out string? value) ? value : throw Wrong("The last option lacks its value.");
    }

    /// <summary>Who takes part, in the order of the table's columns.</summary>
    public IReadOnlyList<string> Takers(Contest contest) => contest switch
    {
        Contest.Clients => Clients,
        Contest.Growth => GrowthScenarios.Amounts,
        _ => Servers,
    };

    /// <summary>A scenario by its name, or a family: <c>small-get</c> is 1 session and 8, <c>list</c> both verbs.</summary>
    private static Scenario[] Named(string word)
    {
        Scenario[] found = [.. Scenario.All.Where(scenario => scenario.Name == word || IsOfFamily(scenario.Name, word))];
        return found.Length > 0 ? found : throw Wrong($"No such scenario: {word}.");
    }

    private static bool IsOfFamily(string name, string word) =>
        name.StartsWith(word + "-", StringComparison.Ordinal) && (name[(word.Length + 1)..].All(char.IsAsciiDigit) || s_families.Contains(word));

    private static string[] Each(string list, string kind, IReadOnlyList<string> known)
    {
        string[] names = list.Split(',');
        return names.FirstOrDefault(name => !known.Contains(name)) is { } unknown ? throw Wrong($"No such {kind}: {unknown}") : names;
    }

    private static ArgumentException Wrong(string message) => new(message);
}
