using System.Globalization;
using Fts.Bench.Clients;
using Fts.Bench.Scenarios;
using Fts.Bench.Servers;

namespace Fts.Bench;

/// <summary>The parsed command line.</summary>
internal sealed record Options
{
    public const string Ours = "fts";

    /// <summary>The name of our server with recorded events.</summary>
    public const string OursWithEvents = "fts-events";

    /// <summary>The name of our server with accounts.</summary>
    public const string OursWithAccounts = "fts-accounts";

    /// <summary>The name of our server with accounts that expects a PROXY header at each connection.</summary>
    public const string OursBehindProxy = "fts-proxied";

    /// <summary>All names of our server.</summary>
    public static IReadOnlyList<string> OurServers { get; } = [Ours, OursWithEvents, OursWithAccounts, OursBehindProxy];

    /// <summary>
    /// Prefixes that select all scenarios that start with them. Other prefixes select only names with a number after them, as small-get
    /// selects small-get-8.
    /// </summary>
    private static readonly string[] s_families = ["list", "client", "tree", "dirs", "growth"];

    public static string Usage { get; } = $"""
        bench/run [SCENARIO…] [--rounds N] [--servers A,B,…] [--clients A,B,…] [--json FILE] [--hold]

        Measures the server and client of this checkout beside other programs in turns, and prints a table for each
        kind of scenario. Runs all scenarios by default.
          --rounds N         rounds per scenario (default 3)
          --servers A,B      some of {Ours}, {string.Join(", ", Peers.Names)} (default all)
          --clients A,B      some of {string.Join(", ", ClientCommands.Names)} (default all)
          --program FILE     the fts program (default: built by ./fts)
          --peers FOLDER     the directory of servers that are unpacked and not installed
          --json FILE        write all figures to this file (default artifacts/bench.json)
          --hold             only start the servers, print their ports and process ids, and wait for Enter

        {string.Join('\n', Scenario.All.Select(scenario => $"  {scenario.Name,-17}  {scenario.Description}"))}
        """;

    public required IReadOnlyList<Scenario> Scenarios { get; init; }

    public required IReadOnlyList<string> Servers { get; init; }

    public required IReadOnlyList<string> Clients { get; init; }

    public int Rounds { get; init; } = 3;

    public string? Program { get; init; }

    public string? UnpackedPeers { get; init; }

    public string Json { get; init; } = "bench.json";

    public bool Hold { get; init; }

    /// <summary>Parses the command line.</summary>
    /// <exception cref="ArgumentException">An argument is not a scenario or option, or a value is missing or not valid.</exception>
    public static Options Parse(IEnumerable<string> arguments)
    {
        var words = new Queue<string>(arguments);
        var options = new Options { Scenarios = [], Servers = [Ours, .. Peers.Names], Clients = ClientCommands.Names };
        while (words.TryDequeue(out string? word))
        {
            options = word switch
            {
                "--rounds" => options with { Rounds = ParseRounds(TakeValue()) },
                "--servers" => options with { Servers = ParseNames(TakeValue(), "server", options.Servers) },
                "--clients" => options with { Clients = ParseNames(TakeValue(), "client", options.Clients) },
                "--program" => options with { Program = TakeValue() },
                "--peers" => options with { UnpackedPeers = TakeValue() },
                "--json" => options with { Json = TakeValue() },
                "--hold" => options with { Hold = true },
                _ => options with { Scenarios = [.. options.Scenarios, .. FindScenarios(word)] },
            };
        }

        return options.Scenarios.Count > 0 ? options : options with { Scenarios = Scenario.All };

        string TakeValue() => words.TryDequeue(out string? value) ? value : throw new ArgumentException("The last option has no value.");
    }

    /// <summary>Returns the participants of a comparison, in the order of the table columns.</summary>
    public IReadOnlyList<string> GetParticipants(Comparison comparison) => comparison switch
    {
        Comparison.Clients => Clients,
        Comparison.Growth => GrowthScenarios.Amounts,
        Comparison.Appends => AppendScenarios.Targets,
        Comparison.Events => EventScenarios.Servers,
        Comparison.AccountLogins => AccountScenarios.Loads,
        Comparison.AccountSessions => AccountScenarios.Sessions,
        _ => Servers,
    };

    /// <summary>
    /// Returns the scenarios with this name or prefix. For example, <c>small-get</c> selects 1 and 8 sessions, and <c>list</c> selects both
    /// verbs.
    /// </summary>
    private static Scenario[] FindScenarios(string word)
    {
        Scenario[] found = [.. Scenario.All.Where(scenario => scenario.Name == word || IsOfFamily(scenario.Name, word))];
        return found.Length > 0 ? found : throw new ArgumentException($"Unknown scenario: {word}");
    }

    private static bool IsOfFamily(string name, string word) =>
        name.StartsWith(word + "-", StringComparison.Ordinal) &&
        (name[(word.Length + 1)..].All(char.IsAsciiDigit) || s_families.Contains(word));

    private static string[] ParseNames(string list, string kind, IReadOnlyList<string> known)
    {
        string[] names = list.Split(',');
        return names.FirstOrDefault(name => !known.Contains(name)) is { } unknown
            ? throw new ArgumentException($"Unknown {kind}: {unknown}")
            : names;
    }

    private static int ParseRounds(string text) => int.TryParse(text, CultureInfo.InvariantCulture, out int rounds) && rounds > 0
        ? rounds
        : throw new ArgumentException("--rounds requires a positive number.");
}
