using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>5,000 files of 4 KiB over one or several sessions, each with its own EPSV and data connection.</summary>
internal static class SmallFileLoad
{
    public static Sample Get(ServerProcess server, int sessions) =>
        Measure(server, sessions, (wire, number) => wire.Fetch("RETR", $"{ServedFolder.SmallFolder}/{ServedFolder.Name(number)}", copy: false));

    public static Sample Put(ServerProcess server, ServedFolder folder, Payload payload, int sessions)
    {
        folder.EmptyUploads(server.Name);
        string uploads = ServedFolder.Uploads(server.Name);
        return Measure(server, sessions, (wire, number) => wire.Store($"{uploads}/{ServedFolder.Name(number)}", ServedFolder.SmallLength, payload));
    }

    private static Sample Measure(ServerProcess server, int sessions, Action<FtpWire, int> move)
    {
        var wires = new FtpWire?[sessions];
        try
        {
            return Crowd.Measure(server, sessions, ServedFolder.SmallFiles, index =>
            {
                FtpWire wire = wires[index] = server.Connect();
                (int first, int end) = Crowd.Share(ServedFolder.SmallFiles, sessions, index);
                return () =>
                {
                    for (int number = first; number < end; number++)
                    {
                        move(wire, number);
                    }
                };
            });
        }
        finally
        {
            foreach (FtpWire? wire in wires)
            {
                wire?.Dispose();
            }
        }
    }
}
