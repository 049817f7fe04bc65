using System.Diagnostics;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>One big file each way.</summary>
internal static class BulkLoad
{
    private const double GiB = 1L << 30;

    private const long UploadLength = 512L << 20;

    /// <summary>Downloads 1 GiB. Dropped in the kernel, the server is the limit; copied, it is a client that reads.</summary>
    public static Sample Get(ServerProcess server, bool copy)
    {
        using FtpWire wire = server.Connect();
        long bytes = 0;
        Sample sample = Measured(server, () => bytes = wire.Fetch("RETR", ServedFolder.BigFile, copy));
        wire.Ask("QUIT");
        return bytes == ServedFolder.BigLength ? sample with { Work = bytes / GiB } : throw new LoadException($"{bytes} bytes came, not 1 GiB");
    }

    /// <summary>
    /// Uploads 512 MiB. The file of the round before is deleted just before, so that every server writes to pages equally fresh; and not more, for a
    /// virtual machine that gives free memory back within seconds makes first touches slow.
    /// </summary>
    public static Sample Put(ServerProcess server, Payload payload)
    {
        using FtpWire wire = server.Connect();
        string path = $"{ServedFolder.Uploads(server.Name)}/put.bin";
        wire.Ask("DELE", path);
        Sample sample = Measured(server, () => wire.Store(path, UploadLength, payload));
        wire.Ask("QUIT");
        return sample with { Work = UploadLength / GiB };
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
