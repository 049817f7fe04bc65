using System.Diagnostics;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>Many signed-in sessions that do nothing: what each holds in memory, and what they cost one that asks.</summary>
internal static class IdleLoad
{
    private const int Threads = 8, Asked = 1000, PerSource = 20_000, SpareFiles = 200;

    /// <summary>KiB per session, sign-ins per second while they came, and NOOP over them in microseconds.</summary>
    public static double[] Run(string name, Site site, int sessions)
    {
        if (sessions > 1000 && name is not (Options.Ours or "pyftpdlib"))
        {
            throw new LoadException("one or two processes per session: idle-1000 tells what each costs");
        }

        if (sessions > 10_000 && name == "pyftpdlib")
        {
            throw new LoadException("is told to take 20,000 sessions at most");
        }

        // Its accepting process pauses a tenth of a second per session, and a session is the same in a smaller crowd.
        sessions = name == "proftpd" ? 200 : sessions;
        FileLimit.Demand(sessions + SpareFiles);
        using ServerProcess server = site.Servers.StartAnother(name);
        return Measure(server, sessions);
    }

    /// <summary>As <see cref="Run"/>, with a server of the caller's.</summary>
    public static double[] Measure(ServerProcess server, int sessions)
    {
        // What a first session brings along, like compiled methods, is the server's, not each session's.
        using (Crowded first = Crowded.Connect(server, Math.Min(sessions, 200)))
        {
        }

        WaitUntilAlone(server);
        double before = server.Tree.ReadMemory();
        long start = Stopwatch.GetTimestamp();
        using Crowded crowd = Crowded.Connect(server, sessions);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

        // What signing in left to clear away is cleared away.
        Thread.Sleep(1000);
        double after = server.Tree.ReadMemory();
        var answers = new RoundTrips();
        for (int asked = 0; asked < Asked; asked++)
        {
            answers.Ask(crowd.Wires[(int)((long)asked * sessions / Asked)]);
        }

        return [(after - before) / sessions, sessions / seconds, answers.Within(0.5), answers.Within(0.99)];
    }

    private static void WaitUntilAlone(ServerProcess server)
    {
        long deadline = Environment.TickCount64 + 10_000;
        int processes = server.Tree.Read().Processes, fewer;
        while (Environment.TickCount64 < deadline)
        {
            Thread.Sleep(500);
            fewer = server.Tree.Read().Processes;
            if (fewer == processes)
            {
                return;
            }

            processes = fewer;
        }
    }

    /// <summary>Sessions that are open at once.</summary>
    private sealed class Crowded(int count) : IDisposable
    {
        public FtpWire[] Wires { get; } = new FtpWire[count];

        public static Crowded Connect(ServerProcess server, int count)
        {
            var crowd = new Crowded(count);
            try
            {
                Crowd.Measure(server, Threads, count, thread => () =>
                {
                    (int first, int end) = Crowd.Share(count, Threads, thread);
                    for (int number = first; number < end; number++)
                    {
                        crowd.Wires[number] = server.Connect(source: 1 + (number / PerSource));
                    }
                });
                return crowd;
            }
            catch
            {
                crowd.Dispose();
                throw;
            }
        }

        public void Dispose()
        {
            foreach (FtpWire? wire in Wires)
            {
                wire?.Dispose();
            }
        }
    }
}
