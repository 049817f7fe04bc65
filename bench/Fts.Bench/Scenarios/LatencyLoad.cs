using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>The latency of NOOP in one session, alone or beside endless downloads of other sessions.</summary>
internal static class LatencyLoad
{
    private const int NoopCount = 5000, NoopCountUnderLoad = 2000;

    /// <summary>Returns the median and the percentiles 99 and 99.9, in microseconds.</summary>
    public static double[] Run(ServerProcess server, int downloads)
    {
        using var stop = new CancellationTokenSource();
        using var all = new Barrier(downloads + 1);
        MeasurementException? failure = null;
        Thread[] threads = [.. Enumerable.Range(0, downloads).Select(_ => new Thread(Download) { IsBackground = true })];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        var answers = new RoundTrips();
        try
        {
            all.SignalAndWait();
            MeasureNoops(server, answers, downloads > 0);
        }
        finally
        {
            stop.Cancel();
            Array.ForEach(threads, thread => thread.Join());
        }

        return failure is null ? [answers.GetPercentile(0.5), answers.GetPercentile(0.99), answers.GetPercentile(0.999)] : throw failure;

        void Download()
        {
            bool isReady = false;
            try
            {
                using FtpWire mine = server.Connect();
                using (IWire first = mine.OpenTransfer("RETR", ServedDirectory.BigFile))
                {
                    isReady = true;
                    all.SignalAndWait();
                    Discard(first);
                }

                while (!stop.IsCancellationRequested)
                {
                    // The reply is not read, because some servers send none after an aborted transfer. The next transfer uses a new
                    // session.
                    using FtpWire next = server.Connect();
                    using IWire data = next.OpenTransfer("RETR", ServedDirectory.BigFile);
                    Discard(data);
                }
            }
            catch (MeasurementException e) when (!stop.IsCancellationRequested)
            {
                failure = e;
                if (!isReady)
                {
                    all.SignalAndWait();
                }
            }
            catch (MeasurementException)
            {
                // The transfer was aborted at the end of the measurement.
            }
        }

        void Discard(IWire data)
        {
            while (!stop.IsCancellationRequested && data.Discard(1 << 20) > 0)
            {
            }
        }
    }

    private static void MeasureNoops(ServerProcess server, RoundTrips answers, bool underLoad)
    {
        using FtpWire wire = server.Connect();
        for (int number = 0; number < (underLoad ? NoopCountUnderLoad : NoopCount); number++)
        {
            answers.MeasureNoop(wire);
            if (underLoad)
            {
                // Without a pause, this session would be a part of the load.
                Thread.Sleep(1);
            }
        }
    }
}
