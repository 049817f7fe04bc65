using System.Diagnostics;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>Many idle sessions: the memory of each, and the latency of NOOP in one of them.</summary>
internal static class IdleLoad
{
    private const int Threads = 8, NoopCount = 1000, PerSource = 20_000, SpareFiles = 200;

    /// <summary>Returns KiB per session, logins per second, and the median and 99th percentile of NOOP in microseconds.</summary>
    public static double[] Run(string name, Testbed testbed, int sessions)
    {
        if (sessions > 1000 && name is not (Options.Ours or "pyftpdlib"))
        {
            throw new MeasurementException("it has one or two processes per session; idle-1000 measures them");
        }

        if (sessions > 10_000 && name == "pyftpdlib")
        {
            throw new MeasurementException("its configuration allows at most 20,000 sessions");
        }

        // ProFTPD pauses for 0.1 s before each session, and the memory of a session does not depend on their number.
        sessions = name == "proftpd" ? 200 : sessions;
        FileLimit.Require(sessions + SpareFiles);
        using ServerProcess server = testbed.Servers.StartNew(name);
        return Measure(server, sessions);
    }

    /// <summary>Measures as <see cref="Run"/>, but with a running server.</summary>
    public static double[] Measure(ServerProcess server, int sessions)
    {
        // Memory that the first sessions need once, such as compiled methods, must not count for each session.
        using (IdleSessions first = IdleSessions.Connect(server, Math.Min(sessions, 200)))
        {
        }

        WaitUntilSessionsEnded(server);
        double before = server.Tree.ReadMemory();
        long start = Stopwatch.GetTimestamp();
        using IdleSessions idle = IdleSessions.Connect(server, sessions);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;

        // The server cleans up after the logins.
        Thread.Sleep(1000);
        double after = server.Tree.ReadMemory();
        var answers = new RoundTrips();
        for (int number = 0; number < NoopCount; number++)
        {
            answers.MeasureNoop(idle.Wires[(int)((long)number * sessions / NoopCount)]);
        }

        return [(after - before) / sessions, sessions / seconds, answers.GetPercentile(0.5), answers.GetPercentile(0.99)];
    }

    private static void WaitUntilSessionsEnded(ServerProcess server)
    {
        long deadline = Environment.TickCount64 + 10_000;
        int processes = server.Tree.Read().Processes;
        while (Environment.TickCount64 < deadline)
        {
            Thread.Sleep(500);
            int current = server.Tree.Read().Processes;
            if (current == processes)
            {
                return;
            }

            processes = current;
        }
    }

    /// <summary>Many sessions that are open at the same time.</summary>
    private sealed class IdleSessions(int count) : IDisposable
    {
        public FtpWire[] Wires { get; } = new FtpWire[count];

        public static IdleSessions Connect(ServerProcess server, int count)
        {
            var opened = new IdleSessions(count);
            try
            {
                LoadThreads.Measure(server, Threads, count, thread => () =>
                {
                    (int first, int end) = LoadThreads.GetShare(count, Threads, thread);
                    for (int number = first; number < end; number++)
                    {
                        opened.Wires[number] = server.Connect(source: 1 + (number / PerSource));
                    }
                });
                return opened;
            }
            catch
            {
                opened.Dispose();
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
