using System.Diagnostics;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>Big files, one or several at once.</summary>
internal static class BulkLoad
{
    /// <summary>Not more, for a virtual machine that gives free memory back within seconds makes first touches slow.</summary>
    public const long PlainUpload = 512L << 20, TlsUpload = 256L << 20;

    private const double GiB = 1L << 30;

    /// <summary>Downloads one file. Dropped in the kernel, the server is the limit; copied, it is a client that reads.</summary>
    public static Sample Get(ServerProcess server, bool copy = false, string file = ServedFolder.BigFile, long length = ServedFolder.BigLength)
    {
        using FtpWire wire = server.Connect();
        Sample sample = Measured(server, () => Demand(wire.Fetch("RETR", file, copy), length));
        wire.Ask("QUIT");
        return sample with { Work = length / GiB };
    }

    /// <summary>Downloads so many files at once, each over a session of its own.</summary>
    public static Sample GetMany(ServerProcess server, int count)
    {
        using var wires = new Crowd.Wires(server, count);
        return Crowd.Measure(server, count, count * ServedFolder.ParallelLength / GiB, index =>
        {
            FtpWire wire = wires.Connect(index);
            return () => Demand(wire.Fetch("RETR", ServedFolder.Parallel(index)), ServedFolder.ParallelLength);
        });
    }

    /// <summary>Uploads so many bytes. The file of the round before is deleted just before, so that every server writes to pages equally fresh.</summary>
    public static Sample Put(ServerProcess server, Payload payload, long length)
    {
        using FtpWire wire = server.Connect();
        string path = $"{ServedFolder.Uploads(server.Name)}/put.bin";
        wire.Ask("DELE", path);
        Sample sample = Measured(server, () => wire.Store(path, length, payload));
        wire.Ask("QUIT");
        return sample with { Work = length / GiB };
    }

    private static void Demand(long came, long length)
    {
        if (came != length)
        {
            throw new LoadException($"{came} bytes came, not {length}");
        }
    }

    private static Sample Measured(ServerProcess server, Action load)
    {
        double before = server.Tree.Read().Seconds;
        long start = Stopwatch.GetTimestamp();
        load();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new Sample(0, seconds, server.Tree.Read().Seconds - before);
    }
}
