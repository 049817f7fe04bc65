using System.Diagnostics;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>A folder of 100,000 files, listed once.</summary>
internal static class ListLoad
{
    public static Sample Mlsd(ServerProcess server) => Measure(server, "MLSD", ServedFolder.ListedFolder);

    /// <summary>In the current folder: some servers take a path after LIST for options or a pattern.</summary>
    public static Sample List(ServerProcess server) => Measure(server, "LIST", "");

    private static Sample Measure(ServerProcess server, string verb, string argument)
    {
        using FtpWire wire = server.Connect();
        if (argument.Length == 0)
        {
            wire.Must(2, "CWD", ServedFolder.ListedFolder);
        }

        double before = server.Tree.Read().Seconds;
        long start = Stopwatch.GetTimestamp();
        long bytes = wire.Fetch(verb, argument, copy: false);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double spent = server.Tree.Read().Seconds - before;
        wire.Ask("QUIT");

        // The shortest line there could be holds the name and little else: a server that stops early is not fast.
        return bytes > ServedFolder.ListedFiles * 20L ? new Sample(ServedFolder.ListedFiles, seconds, spent) : throw new LoadException($"a listing of {bytes} bytes is not whole");
    }
}
