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
Console.Error.WriteLine("creating the files to serve");
using var served = new ServedDirectory(
    [.. options.Scenarios.Select(scenario => scenario.Name)], [Options.Ours, Options.OursWithEvents, .. Peers.Names]);
DirectoryInfo scratch = Directory.CreateTempSubdirectory("fts-bench-");
var certificate = new Certificate(scratch.FullName);
var link = new Lazy<LongLink>(() => new LongLink());
// The servers of the long link listen on any address of their own network.
using ServerSet servers = CreateServers("127.0.0.1", scratch.FullName);
using ServerSet remoteServers = CreateServers("0.0.0.0", Path.Combine(scratch.FullName, "remote"), link);
using var isEnded = new ManualResetEventSlim();
// An interrupted run removes its files too: the signal handler ends the servers, so that no measurement waits for them, and this thread
// cleans up.
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Abort);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Abort);
try
{
    if (options.Hold)
    {
        Hold();
        return 0;
    }

    var testbed = new Testbed(served, new Payload(), servers, remoteServers, link, options.Program, scratch.FullName);
    foreach (Scenario scenario in options.Scenarios)
    {
        Measure(scenario, testbed);
    }

    if (isEnded.IsSet)
    {
        return 130;
    }

    foreach (IGrouping<Comparison, Scenario> comparison in options.Scenarios.GroupBy(scenario => scenario.Comparison))
    {
        Console.WriteLine(Table.Write(results, comparison.Key, [.. comparison], options.GetParticipants(comparison.Key)) + "\n");
    }

    foreach (string line in results.NotMeasured)
    {
        Console.WriteLine("not measured: " + line);
    }

    JsonFile.Write(options.Json, results, options);
    // A run without results for our programs has failed. Some scenarios measure only our server.
    string[] ours =
    [
        Options.Ours, Options.OursWithEvents, .. GrowthScenarios.Amounts, .. AppendScenarios.Targets, .. AccountScenarios.Loads,
        .. AccountScenarios.Sessions,
    ];
    return ours.Any(results.HasValues) ? 0 : 1;
}
finally
{
    servers.Dispose();
    remoteServers.Dispose();
    scratch.Delete(recursive: true);
}

ServerSet CreateServers(string address, string settings, Lazy<LongLink>? link = null) => new(
    new Peers(options.UnpackedPeers, address, served.Path, settings, certificate),
    options.Program is null ? null : new OurServer(options.Program, address, served.Path, certificate, Path.Combine(settings, "state")),
    link);

void Measure(Scenario scenario, Testbed testbed)
{
    for (int round = scenario.IsWarmedUp ? 0 : 1; round <= options.Rounds; round++)
    {
        foreach (string participant in options.GetParticipants(scenario.Comparison))
        {
            if (isEnded.IsSet)
            {
                return;
            }

            if (scenario.ClosesManyConnections)
            {
                TimeWait.WaitUntilFew();
            }

            try
            {
                double[] values = scenario.Run(participant, testbed);
                if (round > 0)
                {
                    results.Add(scenario, participant, values);
                    IEnumerable<string> figures = scenario.Figures.Zip(values, (figure, value) =>
                        $"{Table.FormatNumber(value)} {figure.Unit}");
                    Console.Error.WriteLine($"{scenario.Name} {round}/{options.Rounds} {participant}: {string.Join(", ", figures)}");
                }
            }
            catch (Exception e) when (e is MeasurementException or DllNotFoundException)
            {
                results.AddFailure(scenario, participant, e.Message);
                Console.Error.WriteLine($"{scenario.Name} {participant}: not measured: {e.Message}");
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
                string tls = overTls ? ", with TLS" : "";
                Console.WriteLine(
                    $"{name}: 127.0.0.1 port {server.Port}{tls}, process {server.ProcessId}, " +
                    $"user {server.Account.User}, password {server.Account.Password}");
            }
            catch (MeasurementException e)
            {
                Console.WriteLine($"{name}: {e.Message}");
            }
        }
    }

    Console.WriteLine($"serving {served.Path}; press Enter to quit");
    _ = Task.Run(() =>
    {
        Console.ReadLine();
        isEnded.Set();
    });
    isEnded.Wait();
}

void Abort(PosixSignalContext signal)
{
    signal.Cancel = true;
    isEnded.Set();
    servers.Abort();
    remoteServers.Abort();
}
