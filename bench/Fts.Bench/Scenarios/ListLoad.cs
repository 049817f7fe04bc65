using System.Diagnostics;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>A folder of many files, listed once.</summary>
internal static class ListLoad
{
    public static Sample Mlsd(ServerProcess server) => Mlsd(server, ServedFolder.ListedFolder, ServedFolder.ListedFiles);

    public static Sample Mlsd(ServerProcess server, string folder, int names)
    {
        using FtpWire wire = server.Connect();
        return Measure(server, wire, names, "MLSD", folder);
    }

    /// <summary>In the current folder: some servers take a path after LIST for options or a pattern.</summary>
    public static Sample List(ServerProcess server)
    {
        using FtpWire wire = server.Connect();
        wire.Must(2, "CWD", ServedFolder.ListedFolder);
        return Measure(server, wire, ServedFolder.ListedFiles, "LIST", "");
    }

    /// <summary>The session is there before: where one is a process, it begins with what its parent holds, which is no growth.</summary>
    private static Sample Measure(ServerProcess server, FtpWire wire, int names, string verb, string argument)
    {
        double resident = server.Tree.ResetPeak();
        double before = server.Tree.Read().Seconds;
        long start = Stopwatch.GetTimestamp();
        long bytes = wire.Fetch(verb, argument);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double spent = server.Tree.Read().Seconds - before;
        double growth = server.Tree.ReadPeak() - resident;
        wire.Ask("QUIT");

        // The shortest line there could be holds the name and little else: a server that stops early is not fast.
        return bytes > names * 20L ? new Sample(names, seconds, spent) { Growth = growth } : throw new LoadException($"a listing of {bytes} bytes is not whole");
    }
}
