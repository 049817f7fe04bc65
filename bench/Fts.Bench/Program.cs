using System.Globalization;
using System.Runtime.InteropServices;
using Fts.Bench;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Report;
using Fts.Bench.Scenarios;
using Fts.Bench.Servers;

if (args is ["--help" or "-h"])
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
var running = new List<ServerProcess>();
Console.Error.WriteLine("making what the servers serve");
using var folder = new ServedFolder(options.Scenarios.Select(scenario => scenario.Name), options.Servers);
DirectoryInfo scratch = Directory.CreateTempSubdirectory("fts-bench-");
using var ended = new ManualResetEventSlim();
// A run that is broken off still removes what it made: the signal ends the servers, so that nothing waits for them, and this thread does the rest.
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, BreakOff), terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, BreakOff);
try
{
    var peers = new Peers(options.UnpackedPeers, folder.Path, scratch.FullName);
    foreach (string server in options.Servers)
    {
        if (!ended.IsSet)
        {
            Start(server, peers);
        }
    }

    if (options.Hold)
    {
        running.ForEach(server => Console.WriteLine($"{server.Name}: 127.0.0.1 port {server.Port}, process {server.ProcessId}, user {server.Account.User}, password {server.Account.Password}"));
        Console.WriteLine($"serving {folder.Path}; Enter ends it");
        _ = Task.Run(() =>
        {
            Console.ReadLine();
            ended.Set();
        });
        ended.Wait();
        return 0;
    }

    var payload = new Payload();
    foreach (Scenario scenario in options.Scenarios)
    {
        Measure(scenario, payload);
    }

    if (ended.IsSet)
    {
        return 130;
    }

    Console.WriteLine(Table.Write(results, options.Scenarios, options.Servers));
    foreach (string line in results.NotMeasured)
    {
        Console.WriteLine("not measured: " + line);
    }

    JsonFile.Write(options.Json, results, options);
    return running.Exists(server => server.Name == Options.Ours) ? 0 : 1;
}
finally
{
    CleanUp();
}

void Start(string server, Peers peers)
{
    try
    {
        string reason = options.Program is null ? "no program of ours was named (--program)" : "";
        ServerProcess? process = server != Options.Ours ? peers.TryStart(server, out reason) : options.Program is null ? null : StartOurs(options.Program);
        if (process is null)
        {
            results.Miss(server, reason);
        }
        else
        {
            running.Add(process);
        }
    }
    catch (LoadException e)
    {
        results.Miss(server, e.Message);
    }
}

ServerProcess StartOurs(string program)
{
    int port = ServerProcess.FreePort();
    string[] arguments = ["server", "127.0.0.1", port.ToString(CultureInfo.InvariantCulture), "0", "--quiet"];
    return new ServerProcess(Options.Ours, Path.GetFullPath(program), arguments, port, ("anonymous", "bench@"), folder.Path);
}

void Measure(Scenario scenario, Payload payload)
{
    // One round more than is counted: a server that compiles itself while it runs, and a client that does, begin cold.
    for (int round = 0; round <= options.Rounds; round++)
    {
        foreach (ServerProcess server in running)
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
                Sample sample = scenario.Run(server, folder, payload);
                if (round > 0)
                {
                    results.Add(scenario, server.Name, sample);
                    Console.Error.WriteLine(
                        $"{scenario.Name} {round}/{options.Rounds} {server.Name}: {sample.PerSecond * scenario.Unit.SpeedFactor:0.#} {scenario.Unit.Speed}, {sample.ServerSecondsPerUnit * scenario.Unit.CostFactor:0.###} {scenario.Unit.Cost}");
                }
            }
            catch (LoadException e)
            {
                results.Miss($"{scenario.Name}, {server.Name}", e.Message);
            }
        }
    }
}

void BreakOff(PosixSignalContext signal)
{
    signal.Cancel = true;
    ended.Set();
    Array.ForEach(running.ToArray(), server => server.Kill());
}

void CleanUp()
{
    running.ForEach(server => server.Dispose());
    scratch.Delete(recursive: true);
}
