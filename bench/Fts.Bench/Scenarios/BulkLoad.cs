using System.Diagnostics;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>Transfers of large files, one or several at once.</summary>
internal static class BulkLoad
{
    /// <summary>
    /// The upload lengths in bytes. They are limited because some virtual machines are slow when a server first touches memory.
    /// </summary>
    public const long PlainUpload = 512L << 20, TlsUpload = 256L << 20;

    private const double GiB = 1L << 30;

    /// <summary>
    /// Downloads one file. Discards the bytes in the kernel, so that the server is the limit, or copies them as a normal client does.
    /// </summary>
    public static Sample Get(ServerProcess server, bool copy = false, string file = ServedDirectory.BigFile,
        long length = ServedDirectory.BigLength)
    {
        using FtpWire wire = server.Connect();
        Sample sample = Measure(server, () => RequireLength(wire.Download("RETR", file, copy), length));
        wire.SendCommand("QUIT");
        return sample with { Work = length / GiB };
    }

    /// <summary>Downloads this number of files at once, each in its own session.</summary>
    public static Sample GetMany(ServerProcess server, int count)
    {
        using var wires = new LoadThreads.Sessions(server, count);
        return LoadThreads.Measure(server, count, count * ServedDirectory.ParallelLength / GiB, index =>
        {
            FtpWire wire = wires.Connect(index);
            return () => RequireLength(wire.Download("RETR", ServedDirectory.Parallel(index)), ServedDirectory.ParallelLength);
        });
    }

    /// <summary>
    /// Uploads this number of bytes. Deletes the file of the previous round just before, so that every server writes to new pages.
    /// </summary>
    public static Sample Put(ServerProcess server, Payload payload, long length)
    {
        using FtpWire wire = server.Connect();
        string path = $"{ServedDirectory.Uploads(server.Name)}/put.bin";
        wire.SendCommand("DELE", path);
        Sample sample = Measure(server, () => wire.Upload(path, length, payload));
        wire.SendCommand("QUIT");
        return sample with { Work = length / GiB };
    }

    private static void RequireLength(long received, long length)
    {
        if (received != length)
        {
            throw new MeasurementException($"received {received} bytes instead of {length}");
        }
    }

    private static Sample Measure(ServerProcess server, Action load)
    {
        double before = server.Tree.Read().Seconds;
        long start = Stopwatch.GetTimestamp();
        load();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return new Sample(0, seconds, server.Tree.Read().Seconds - before);
    }
}
