using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>What one scenario counts in, and how it is written.</summary>
/// <param name="Speed">The unit of speed.</param>
/// <param name="SpeedFactor">Units of speed in one of work per second.</param>
/// <param name="Cost">The unit of the server's processor time.</param>
/// <param name="CostFactor">Units of cost in one second per one of work.</param>
internal sealed record Unit(string Speed, double SpeedFactor, string Cost, double CostFactor)
{
    public static Unit Bytes { get; } = new("MiB/s", 1024, "CPU s/GiB", 1);

    public static Unit Names { get; } = new("names/s", 1, "CPU s/100,000", 100_000);

    public static Unit Operations { get; } = new("/s", 1, "CPU ms", 1000);
}

/// <summary>One thing that is measured, the same way against every server.</summary>
/// <param name="Name">As on the command line.</param>
/// <param name="Unit">What it counts in.</param>
/// <param name="Run">Runs it once.</param>
internal sealed record Scenario(string Name, Unit Unit, Func<ServerProcess, ServedFolder, Payload, Sample> Run)
{
    /// <summary>Leaves many closed connections behind.</summary>
    public bool ClosesManyConnections { get; init; }

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("get", Unit.Bytes, (server, _, _) => BulkLoad.Get(server, copy: false)),
        new("get-copy", Unit.Bytes, (server, _, _) => BulkLoad.Get(server, copy: true)),
        new("put", Unit.Bytes, (server, _, payload) => BulkLoad.Put(server, payload)),
        new("small-get", Unit.Operations, (server, _, _) => SmallFileLoad.Get(server, 1)),
        new("small-get-8", Unit.Operations, (server, _, _) => SmallFileLoad.Get(server, 8)),
        new("small-put", Unit.Operations, (server, folder, payload) => SmallFileLoad.Put(server, folder, payload, 1)) { ClosesManyConnections = true },
        new("small-put-8", Unit.Operations, (server, folder, payload) => SmallFileLoad.Put(server, folder, payload, 8)) { ClosesManyConnections = true },
        new("list-mlsd", Unit.Names, (server, _, _) => ListLoad.Mlsd(server)),
        new("list-list", Unit.Names, (server, _, _) => ListLoad.List(server)),
        new("login", Unit.Operations, (server, _, _) => SignInLoad.Run(server, 1)) { ClosesManyConnections = true },
        new("login-16", Unit.Operations, (server, _, _) => SignInLoad.Run(server, 16)) { ClosesManyConnections = true },
    ];
}
