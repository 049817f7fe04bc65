using System.Diagnostics;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>Connect, USER, PASS, QUIT, one after another in one or several threads.</summary>
internal static class SignInLoad
{
    public static Sample Run(ServerProcess server, int threads)
    {
        // ProFTPD's accepting process pauses a tenth of a second per session: the full number would take minutes and say the same.
        int total = server.Name == "proftpd" ? 40 : 1000;
        (double before, int processes) = Settled(server);
        Sample sample = Crowd.Measure(server, threads, total, index =>
        {
            (int first, int end) = Crowd.Share(total, threads, index);
            return () =>
            {
                for (int number = first; number < end; number++)
                {
                    using var wire = new FtpWire(server.Port);
                    wire.SignIn(server.Account.User, server.Account.Password);
                    wire.Ask("QUIT");
                }
            };
        });

        // Where each session is a process, its time is booked to its parent when it ends.
        return sample with { ServerSeconds = Settled(server, processes).Seconds - before };
    }

    /// <summary>The tree once it has no more than <paramref name="processes"/> processes, or after 3 s.</summary>
    private static (double Seconds, int Processes) Settled(ServerProcess server, int processes = 1)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            (double seconds, int count) = server.Tree.Read();
            if (count <= processes || Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(3))
            {
                return (seconds, count);
            }

            Thread.Sleep(20);
        }
    }
}
