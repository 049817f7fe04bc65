using Fts.Bench.Link;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>Who is compared: each has a table of its own.</summary>
internal enum Contest
{
    /// <summary>Our server and others, under the load generator.</summary>
    Servers,
    /// <summary>Our client and others, as whole programs, against one server.</summary>
    Clients,
    /// <summary>Our server with itself, under ten times the work.</summary>
    Growth,
}

/// <summary>One number that every round yields.</summary>
/// <param name="Unit">How it is written.</param>
/// <param name="MoreIsBetter">Whether the best is the highest; null where a number only explains the others.</param>
internal sealed record Figure(string Unit, bool? MoreIsBetter = false);

/// <summary>What work is counted in, and how its speed and the server's cost are written.</summary>
/// <param name="Speed">The unit of speed.</param>
/// <param name="SpeedFactor">Units of speed in one of work per second.</param>
/// <param name="Cost">The unit of the server's processor time.</param>
/// <param name="CostFactor">Units of cost in one second per one of work.</param>
internal sealed record Rate(string Speed, double SpeedFactor, string Cost, double CostFactor)
{
    public static Rate Bytes { get; } = new("MiB/s", 1024, "CPU s/GiB", 1);

    public static Rate Names { get; } = new("names/s", 1, "CPU s/100,000", 100_000);

    public static Rate Operations { get; } = new("/s", 1, "CPU ms", 1000);

    public IReadOnlyList<Figure> Figures => [new(Speed, MoreIsBetter: true), new(Cost)];

    public double[] Of(Sample sample) => [sample.PerSecond * SpeedFactor, sample.ServerSecondsPerUnit * CostFactor];
}

/// <summary>One thing that is measured, the same way for everybody who takes part.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="What">What is done, in half a line.</param>
/// <param name="Figures">What comes out.</param>
/// <param name="Run">Runs it once for one of them, by name; a value for each figure.</param>
internal sealed record Scenario(string Name, string What, IReadOnlyList<Figure> Figures, Func<string, Site, double[]> Run)
{
    public Contest Contest { get; init; }

    /// <summary>Needs the servers that were told a certificate.</summary>
    public bool OverTls { get; init; }

    /// <summary>Leaves many closed connections behind.</summary>
    public bool ClosesManyConnections { get; init; }

    /// <summary>One round more than is counted comes first: a server that compiles itself while it runs, and a client that does, begin cold.</summary>
    public bool IsWarmedUp { get; init; } = true;

    public static IReadOnlyList<Scenario> All { get; } = [.. ServerScenarios.All, .. ClientScenarios.All, .. GrowthScenarios.All];
}

/// <summary>What every scenario finds: what is served, what is uploaded, the servers, and our program.</summary>
/// <param name="Folder">What the servers serve.</param>
/// <param name="Payload">What is uploaded.</param>
/// <param name="Servers">The servers that run.</param>
/// <param name="ServersAfar">Those at the other end of the link.</param>
/// <param name="Link">Made when it is first asked for.</param>
/// <param name="Program">Our program; null if none was named.</param>
/// <param name="Scratch">Where settings, certificates and clients' files may lie.</param>
internal sealed record Site(ServedFolder Folder, Payload Payload, ServerSet Servers, ServerSet ServersAfar, Lazy<LongLink> Link, string? Program, string Scratch);
