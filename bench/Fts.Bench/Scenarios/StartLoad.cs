using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>How long a server takes to be there.</summary>
internal static class StartLoad
{
    /// <summary>Milliseconds until it accepted a connection, and of processor time until then.</summary>
    public static double[] Run(string name, Site site)
    {
        using ServerProcess server = site.Servers.StartAnother(name);
        return [server.Start.Elapsed.TotalMilliseconds, server.Start.Processor * 1000];
    }
}
