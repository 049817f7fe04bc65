using System.Diagnostics;
using Fts.Bench.Load;
using Fts.Bench.Servers;
using Fts.Storage.Tests.Folding;

namespace Fts.Bench.Scenarios;

/// <summary>The latency of NOOP in other sessions while the disk of one session hangs.</summary>
/// <remarks>
/// The disk is a FUSE file system of this process, mounted in the served directory, that does not answer the kernel for ten seconds.
/// </remarks>
internal static class HangingDiskLoad
{
    private const string Mount = "hanging", File = "file";
    private const int Sessions = 8, NoopsPerSession = 500;

    private static readonly TimeSpan s_interval = TimeSpan.FromMilliseconds(8);
    private static readonly TimeSpan s_hangTime = TimeSpan.FromSeconds(10), s_startTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Returns the median and the percentiles 99 and 99.9, in microseconds.</summary>
    public static double[] Run(string name, Testbed testbed)
    {
        string directory = testbed.Served[Mount];
        Directory.CreateDirectory(directory);
        using FuseMount disk = FuseMount.TryMount(directory)
            ?? throw new MeasurementException("mounting a file system needs root and /dev/fuse");
        System.IO.File.WriteAllBytes(Path.Combine(directory, File), new byte[ServedDirectory.SmallLength]);
        using ServerProcess server = testbed.Servers.StartNew(name);
        FtpWire[] others = [.. Enumerable.Range(0, Sessions).Select(_ => server.Connect())];
        using FtpWire hanging = server.Connect();
        try
        {
            Task hangs = disk.Hold(FuseOperation.Read);
            var download = Task.Factory.StartNew(
                () => hanging.Download("RETR", $"{Mount}/{File}"), CancellationToken.None, TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
            if (Task.WaitAny([hangs, download], s_startTimeout) != 0)
            {
                throw new MeasurementException("the download did not read from the hanging disk");
            }

            using var release = new Timer(_ => disk.Release(), null, s_hangTime, Timeout.InfiniteTimeSpan);
            double[] percentiles = MeasureNoops(others);
            disk.Release();
            download.GetAwaiter().GetResult();
            return percentiles;
        }
        finally
        {
            disk.Release();
            Array.ForEach(others, other => other.Dispose());
        }
    }

    /// <summary>
    /// Sends NOOP in all sessions at the same time, because only some of them share a thread with the hanging one.
    /// </summary>
    private static double[] MeasureNoops(FtpWire[] wires)
    {
        Task<long[]>[] sessions = [.. wires.Select(wire => Task.Factory.StartNew(
            () => MeasureNoops(wire), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))];
        long[] ticks = [.. Task.WhenAll(sessions).GetAwaiter().GetResult().SelectMany(session => session).Order()];
        return [GetPercentile(0.5), GetPercentile(0.99), GetPercentile(0.999)];

        double GetPercentile(double share) => ticks[(int)(ticks.Length * share)] * 1e6 / Stopwatch.Frequency;
    }

    /// <summary>
    /// Sends NOOP in regular intervals. If a reply is late, the next command counts from the time at which it was due. Otherwise a session
    /// that hangs would count as one slow command.
    /// </summary>
    private static long[] MeasureNoops(FtpWire wire)
    {
        long[] ticks = new long[NoopsPerSession];
        long start = Stopwatch.GetTimestamp(), interval = (long)(s_interval.TotalSeconds * Stopwatch.Frequency);
        for (int number = 0; number < ticks.Length; number++)
        {
            long due = start + (number * interval), now = Stopwatch.GetTimestamp();
            if (now < due)
            {
                Thread.Sleep(Stopwatch.GetElapsedTime(now, due));
                due = Stopwatch.GetTimestamp();
            }

            wire.SendExpecting(2, "NOOP");
            ticks[number] = Stopwatch.GetTimestamp() - due;
        }

        return ticks;
    }
}
