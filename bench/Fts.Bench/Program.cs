using System.Runtime.InteropServices;
using Fts.Bench;
using Fts.Bench.Link;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Report;
using Fts.Bench.Scenarios;
using Fts.Bench.Servers;

if (args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(Options.Usage);
    return 0;
}

Options options;
try
{
    options = Options.Parse(args);
}
catch (ArgumentException e)
{
    Console.Error.WriteLine($"{e.Message}\n\n{Options.Usage}");
    return 2;
}

var results = new Results();
Console.Error.WriteLine("making what the servers serve");
using var folder = new ServedFolder([.. options.Scenarios.Select(scenario => scenario.Name)], [Options.Ours, .. Peers.Names]);
DirectoryInfo scratch = Directory.CreateTempSubdirectory("fts-bench-");
var certificate = new Certificate(scratch.FullName);
var link = new Lazy<LongLink>(() => new LongLink());
// The far end is a network of its own: any address there is.
using ServerSet servers = Servers("127.0.0.1", scratch.FullName), serversAfar = Servers("0.0.0.0", Path.Combine(scratch.FullName, "afar"), link);
using var ended = new ManualResetEventSlim();
// A run that is broken off still removes what it made: the signal ends the servers, so that nothing waits for them, and this thread does the rest.
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, BreakOff), terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, BreakOff);
try
{
    if (options.Hold)
    {
        Hold();
        return 0;
    }

    var site = new Site(folder, new Payload(), servers, serversAfar, link, options.Program, scratch.FullName);
    foreach (Scenario scenario in options.Scenarios)
    {
        Measure(scenario, site);
    }

    if (ended.IsSet)
    {
        return 130;
    }

    foreach (IGrouping<Contest, Scenario> contest in options.Scenarios.GroupBy(scenario => scenario.Contest))
    {
        Console.WriteLine(Table.Write(results, contest.Key, [.. contest], options.Takers(contest.Key)) + "\n");
    }

    foreach (string line in results.NotMeasured)
    {
        Console.WriteLine("not measured: " + line);
    }

    JsonFile.Write(options.Json, results, options);
    // A run that says nothing of ours has failed, whatever it says of others; what growth measures is ours alone.
    return results.Has(Options.Ours) || GrowthScenarios.Amounts.Any(results.Has) ? 0 : 1;
}
finally
{
    servers.Dispose();
    serversAfar.Dispose();
    scratch.Delete(recursive: true);
}

ServerSet Servers(string address, string settings, Lazy<LongLink>? link = null) => new(
    new Peers(options.UnpackedPeers, address, folder.Path, settings, certificate),
    options.Program is null ? null : new Ours(options.Program, address, folder.Path, certificate),
    link);

void Measure(Scenario scenario, Site site)
{
    for (int round = scenario.IsWarmedUp ? 0 : 1; round <= options.Rounds; round++)
    {
        foreach (string taker in options.Takers(scenario.Contest))
        {
            if (ended.IsSet)
            {
                return;
            }

            if (scenario.ClosesManyConnections)
            {
                TimeWait.WaitUntilFew();
            }

            try
            {
                double[] values = scenario.Run(taker, site);
                if (round > 0)
                {
                    results.Add(scenario, taker, values);
                    Console.Error.WriteLine($"{scenario.Name} {round}/{options.Rounds} {taker}: {string.Join(", ", scenario.Figures.Zip(values, (figure, value) => $"{Table.Number(value)} {figure.Unit}"))}");
                }
            }
            catch (Exception e) when (e is LoadException or DllNotFoundException)
            {
                results.Miss(scenario, taker, e.Message);
                Console.Error.WriteLine($"{scenario.Name} {taker}: not measured: {e.Message}");
            }
        }
    }
}

void Hold()
{
    foreach (string name in options.Servers)
    {
        foreach (bool overTls in options.Scenarios.Select(scenario => scenario.OverTls).Distinct())
        {
            try
            {
                ServerProcess server = servers.Get(name, overTls);
                Console.WriteLine($"{name}: 127.0.0.1 port {server.Port}{(overTls ? ", with TLS" : "")}, process {server.ProcessId}, user {server.Account.User}, password {server.Account.Password}");
            }
            catch (LoadException e)
            {
                Console.WriteLine($"{name}: {e.Message}");
            }
        }
    }

    Console.WriteLine($"serving {folder.Path}; Enter ends it");
    _ = Task.Run(() =>
    {
        Console.ReadLine();
        ended.Set();
    });
    ended.Wait();
}

void BreakOff(PosixSignalContext signal)
{
    signal.Cancel = true;
    ended.Set();
    servers.Break();
    serversAfar.Break();
}
