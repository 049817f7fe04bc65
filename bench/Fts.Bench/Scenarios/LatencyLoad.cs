using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>How soon a session is answered, alone or beside endless downloads by others.</summary>
internal static class LatencyLoad
{
    private const int Asked = 5000, AskedUnderLoad = 2000;

    /// <summary>Microseconds: half of the answers, 99 and 99.9 of a hundred.</summary>
    public static double[] Run(ServerProcess server, int downloads)
    {
        using var stop = new CancellationTokenSource();
        using var all = new Barrier(downloads + 1);
        LoadException? failure = null;
        Thread[] threads = [.. Enumerable.Range(0, downloads).Select(_ => new Thread(Download) { IsBackground = true })];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        var answers = new RoundTrips();
        try
        {
            all.SignalAndWait();
            Ask(server, answers, downloads > 0);
        }
        finally
        {
            stop.Cancel();
            Array.ForEach(threads, thread => thread.Join());
        }

        return failure is null ? [answers.Within(0.5), answers.Within(0.99), answers.Within(0.999)] : throw failure;

        void Download()
        {
            bool ready = false;
            try
            {
                using FtpWire mine = server.Connect();
                using (IWire first = mine.Begin("RETR", ServedFolder.BigFile))
                {
                    ready = true;
                    all.SignalAndWait();
                    Drop(first);
                }

                while (!stop.IsCancellationRequested)
                {
                    // The broken or whole transfer's reply is of no interest, and some servers have none; the next begins in a new session.
                    using FtpWire next = server.Connect();
                    using IWire data = next.Begin("RETR", ServedFolder.BigFile);
                    Drop(data);
                }
            }
            catch (LoadException e) when (!stop.IsCancellationRequested)
            {
                failure = e;
                if (!ready)
                {
                    all.SignalAndWait();
                }
            }
            catch (LoadException)
            {
                // It was broken off on purpose.
            }
        }

        void Drop(IWire data)
        {
            while (!stop.IsCancellationRequested && data.Drop(1 << 20) > 0)
            {
            }
        }
    }

    private static void Ask(ServerProcess server, RoundTrips answers, bool underLoad)
    {
        using FtpWire wire = server.Connect();
        for (int asked = 0; asked < (underLoad ? AskedUnderLoad : Asked); asked++)
        {
            answers.Ask(wire);
            if (underLoad)
            {
                // Somebody who waits for answers all the time is part of the load, not beside it.
                Thread.Sleep(1);
            }
        }
    }
}
