using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>Transfers of files of 4 KiB in one or several sessions, with EPSV and a data connection for each file.</summary>
internal static class SmallFileLoad
{
    /// <summary>The number of files over TLS. It is lower because these connections remain in TIME_WAIT.</summary>
    public const int TlsFiles = 1000;

    /// <summary>Downloads files. Also returns the share of data connections that resumed a TLS session.</summary>
    public static (Sample Sample, double Resumed) Get(ServerProcess server, int sessions, int files = ServedDirectory.SmallFiles)
    {
        using var wires = new LoadThreads.Sessions(server, sessions);
        Sample sample = Measure(server, wires, sessions, files, (wire, number) =>
            wire.Download("RETR", $"{ServedDirectory.SmallDirectory}/{ServedDirectory.Name(number % ServedDirectory.SmallFiles)}"));
        double handshakes = wires.All.Sum(wire => wire.DataHandshakes.All);
        return (sample, handshakes > 0 ? wires.All.Sum(wire => wire.DataHandshakes.Resumed) / handshakes : 0);
    }

    public static Sample Put(ServerProcess server, Testbed testbed, int sessions, int files = ServedDirectory.SmallFiles)
    {
        testbed.Served.EmptyUploads(server.Name);
        string uploads = ServedDirectory.Uploads(server.Name);
        using var wires = new LoadThreads.Sessions(server, sessions);
        return Measure(server, wires, sessions, files, (wire, number) =>
            wire.Upload($"{uploads}/{ServedDirectory.Name(number)}", ServedDirectory.SmallLength, testbed.Payload));
    }

    private static Sample Measure(ServerProcess server, LoadThreads.Sessions wires, int sessions, int files, Action<FtpWire,
        int> transfer) =>
        LoadThreads.Measure(server, sessions, files, index =>
        {
            FtpWire wire = wires.Connect(index);
            (int first, int end) = LoadThreads.GetShare(files, sessions, index);
            return () =>
            {
                for (int number = first; number < end; number++)
                {
                    transfer(wire, number);
                }
            };
        });
}
