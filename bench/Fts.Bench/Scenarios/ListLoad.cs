using System.Diagnostics;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>One listing of a directory with many files.</summary>
internal static class ListLoad
{
    public static Sample Mlsd(ServerProcess server) => Mlsd(server, ServedDirectory.ListedDirectory, ServedDirectory.ListedFiles);

    public static Sample Mlsd(ServerProcess server, string directory, int names)
    {
        using FtpWire wire = server.Connect();
        return Measure(server, wire, names, "MLSD", directory);
    }

    /// <summary>Lists the current directory, because some servers read the argument of LIST as options or as a pattern.</summary>
    public static Sample List(ServerProcess server)
    {
        using FtpWire wire = server.Connect();
        wire.SendExpecting(2, "CWD", ServedDirectory.ListedDirectory);
        return Measure(server, wire, ServedDirectory.ListedFiles, "LIST", "");
    }

    /// <summary>
    /// Measures a listing. The session exists before, because a session that is a process starts with the memory of its parent.
    /// </summary>
    private static Sample Measure(ServerProcess server, FtpWire wire, int names, string verb, string argument)
    {
        double resident = server.Tree.ResetPeak();
        double before = server.Tree.Read().Seconds;
        long start = Stopwatch.GetTimestamp();
        long bytes = wire.Download(verb, argument);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double spent = server.Tree.Read().Seconds - before;
        double growth = server.Tree.ReadPeak() - resident;
        wire.SendCommand("QUIT");

        // Each line has at least the name and a few bytes. A truncated listing must not count as fast.
        return bytes > names * 20L
            ? new Sample(names, seconds, spent) { Growth = growth }
            : throw new MeasurementException($"the listing of {bytes} bytes is truncated");
    }
}
