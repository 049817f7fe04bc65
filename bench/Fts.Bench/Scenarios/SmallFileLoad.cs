using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>Files of 4 KiB over one or several sessions, each with its own EPSV and data connection.</summary>
internal static class SmallFileLoad
{
    /// <summary>Fewer over TLS, whose closed connections last.</summary>
    public const int TlsFiles = 1000;

    /// <summary>Downloads; and which share of the data connections was resumed, where there was TLS.</summary>
    public static (Sample Sample, double Resumed) Get(ServerProcess server, int sessions, int files = ServedFolder.SmallFiles)
    {
        using var wires = new Crowd.Wires(server, sessions);
        Sample sample = Measure(server, wires, sessions, files, (wire, number) => wire.Fetch("RETR", $"{ServedFolder.SmallFolder}/{ServedFolder.Name(number % ServedFolder.SmallFiles)}"));
        double handshakes = wires.All.Sum(wire => wire.DataHandshakes.All);
        return (sample, handshakes > 0 ? wires.All.Sum(wire => wire.DataHandshakes.Resumed) / handshakes : 0);
    }

    public static Sample Put(ServerProcess server, Site site, int sessions, int files = ServedFolder.SmallFiles)
    {
        site.Folder.EmptyUploads(server.Name);
        string uploads = ServedFolder.Uploads(server.Name);
        using var wires = new Crowd.Wires(server, sessions);
        return Measure(server, wires, sessions, files, (wire, number) => wire.Store($"{uploads}/{ServedFolder.Name(number)}", ServedFolder.SmallLength, site.Payload));
    }

    private static Sample Measure(ServerProcess server, Crowd.Wires wires, int sessions, int files, Action<FtpWire, int> move) =>
        Crowd.Measure(server, sessions, files, index =>
        {
            FtpWire wire = wires.Connect(index);
            (int first, int end) = Crowd.Share(files, sessions, index);
            return () =>
            {
                for (int number = first; number < end; number++)
                {
                    move(wire, number);
                }
            };
        });
}
