using System.Diagnostics;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>Logins in one or several threads: connect, USER, PASS, QUIT.</summary>
internal static class LoginLoad
{
    public static Sample Run(ServerProcess server, int threads, bool overTls = false)
    {
        // ProFTPD pauses for 0.1 s before each session, so 1,000 logins would take minutes.
        int total = server.Name == "proftpd" ? 40 : 1000;
        (double before, int processes) = ReadWhenSettled(server);
        Sample sample = LoadThreads.Measure(server, threads, total, index =>
        {
            (int first, int end) = LoadThreads.GetShare(total, threads, index);
            return () =>
            {
                for (int number = first; number < end; number++)
                {
                    using var wire = new FtpWire(server.Port, overTls);
                    wire.Login(server.Account.User, server.Account.Password);
                    wire.SendCommand("QUIT");
                }
            };
        });

        // If each session is a process, the parent's time includes its time only after it has ended.
        return sample with { ServerSeconds = ReadWhenSettled(server, processes).Seconds - before };
    }

    /// <summary>Reads the process tree when it has at most <paramref name="processes"/> processes, or after 3 s.</summary>
    private static (double Seconds, int Processes) ReadWhenSettled(ServerProcess server, int processes = 1)
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
