using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>Appends to a small file and to a large one. The cost should depend on the appended bytes only.</summary>
internal static class AppendScenarios
{
    private const string Small = "4 KiB file", Large = "4 GiB file";

    private const int Appends = 1000, AppendedLength = 4096;

    private const long SmallLength = 4096, LargeLength = 4L << 30;

    public static IReadOnlyList<string> Targets => [Small, Large];

    public static IReadOnlyList<Scenario> All { get; } =
    [
        new("append", "1,000 appends of 4 KiB in one session, to a file of 4 KiB and to one of 4 GiB", [new("s"), new("CPU s")], Run)
        {
            Comparison = Comparison.Appends, ClosesManyConnections = true,
        },
    ];

    private static double[] Run(string target, Testbed testbed)
    {
        ServerProcess server = testbed.Servers.Get(Options.Ours);
        testbed.Served.EmptyUploads(server.Name);
        string path = Path.Combine(ServedDirectory.Uploads(server.Name), "log");
        using (FileStream file = File.Create(testbed.Served[path]))
        {
            file.SetLength(target == Small ? SmallLength : LargeLength); // sparse: the content of the file is not read
        }

        using var wires = new LoadThreads.Sessions(server, 1);
        Sample sample = LoadThreads.Measure(server, 1, Appends, index =>
        {
            FtpWire wire = wires.Connect(index);
            return () =>
            {
                for (int number = 0; number < Appends; number++)
                {
                    wire.Upload(path, AppendedLength, testbed.Payload, "APPE");
                }
            };
        });
        return [sample.Seconds, sample.ServerSeconds];
    }
}
