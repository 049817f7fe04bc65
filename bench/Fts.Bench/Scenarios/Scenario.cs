using Fts.Bench.Link;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>The kinds of comparison. Each has its own table.</summary>
internal enum Comparison
{
    /// <summary>Our server and others, measured by the load generator.</summary>
    Servers,
    /// <summary>Our client and others, measured as whole programs with one server.</summary>
    Clients,
    /// <summary>Our server with one amount of work and with ten times as much.</summary>
    Growth,
    /// <summary>Our server with a small file and with a large one.</summary>
    Appends,
    /// <summary>Our server without and with recorded events.</summary>
    Events,
    /// <summary>The transfers of our server without and with logins to accounts.</summary>
    AccountLogins,
    /// <summary>The sessions of the anonymous account of our server, and those of accounts with passwords.</summary>
    AccountSessions,
}

/// <summary>One number that every round of a scenario returns.</summary>
/// <param name="Unit">The unit, as printed.</param>
/// <param name="MoreIsBetter">Whether the highest value is the best, or null for a number without a ratio.</param>
internal sealed record Figure(string Unit, bool? MoreIsBetter = false);

/// <summary>The units of the speed and cost of a kind of work.</summary>
/// <param name="Speed">The unit of speed.</param>
/// <param name="SpeedFactor">The speed in that unit for one unit of work per second.</param>
/// <param name="Cost">The unit of the server's processor time.</param>
/// <param name="CostFactor">The cost in that unit for one second per unit of work.</param>
internal sealed record Rate(string Speed, double SpeedFactor, string Cost, double CostFactor)
{
    public static Rate Bytes { get; } = new("MiB/s", 1024, "CPU s/GiB", 1);

    public static Rate Names { get; } = new("names/s", 1, "CPU s/100,000", 100_000);

    public static Rate Operations { get; } = new("/s", 1, "CPU ms", 1000);

    public IReadOnlyList<Figure> Figures => [new(Speed, MoreIsBetter: true), new(Cost)];

    public double[] GetValues(Sample sample) => [sample.PerSecond * SpeedFactor, sample.ServerSecondsPerUnit * CostFactor];
}

/// <summary>One measurement, the same for all participants.</summary>
/// <param name="Name">The name on the command line.</param>
/// <param name="Description">The work, in half a line.</param>
/// <param name="Figures">The figures that are measured.</param>
/// <param name="Run">Runs the measurement once for the participant with the given name. Returns a value for each figure.</param>
internal sealed record Scenario(string Name, string Description, IReadOnlyList<Figure> Figures, Func<string, Testbed, double[]> Run)
{
    public Comparison Comparison { get; init; }

    /// <summary>Whether it requires the servers with a certificate.</summary>
    public bool OverTls { get; init; }

    /// <summary>Whether it leaves many connections in TIME_WAIT.</summary>
    public bool ClosesManyConnections { get; init; }

    /// <summary>Whether an additional first round is not counted, for programs that compile at run time.</summary>
    public bool IsWarmedUp { get; init; } = true;

    /// <summary>Whether all participants are our server, so that the last is compared with the first.</summary>
    public bool ComparesOnlyOurs => Comparison is not (Comparison.Servers or Comparison.Clients);

    public static IReadOnlyList<Scenario> All { get; } = [.. ServerScenarios.All, .. ClientScenarios.All, .. GrowthScenarios.All,
        .. AppendScenarios.All, .. EventScenarios.All, .. AccountScenarios.All];
}

/// <summary>The environment of all scenarios.</summary>
/// <param name="Served">The directory that the servers serve.</param>
/// <param name="Payload">The content of uploads.</param>
/// <param name="Servers">The servers on this machine.</param>
/// <param name="RemoteServers">The servers at the other end of the long link.</param>
/// <param name="Link">The long link, created lazily.</param>
/// <param name="Program">The path of our program, or null.</param>
/// <param name="Scratch">A directory for settings, certificates and the home directory of clients.</param>
internal sealed record Testbed(
    ServedDirectory Served, Payload Payload, ServerSet Servers, ServerSet RemoteServers, Lazy<LongLink> Link, string? Program,
        string Scratch);
