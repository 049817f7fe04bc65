using System.Diagnostics;
using System.Globalization;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>
/// Downloads of 8 sessions and NOOP of another one, alone or beside logins of 16 threads. Every second login has a wrong password. Each
/// login has another account and another address (by a PROXY header), so that the server computes each hash and delays no login after
/// failures of others.
/// </summary>
internal static class AccountLoginLoad
{
    private const int Downloads = 8, LoginThreads = 16;

    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(1), s_duration = TimeSpan.FromSeconds(8);

    /// <summary>
    /// Returns MiB/s of all downloads, the median and the 99th percentile of NOOP in microseconds, and the accepted and the refused logins
    /// per second.
    /// </summary>
    public static double[] Run(Testbed testbed, bool hasLogins)
    {
        using ServerProcess server = testbed.Servers.StartNew(Options.OursBehindProxy);
        using var stop = new CancellationTokenSource();
        var counts = new Counts();
        MeasurementException? failure = null;
        FtpWire[] wires = [.. Enumerable.Range(0, Downloads + 1).Select(_ => server.Connect())];
        Thread[] threads =
        [
            .. wires[1..].Select(wire => new Thread(() => RunStep(() => Download(wire)))),
            .. Enumerable.Range(0, hasLogins ? LoginThreads : 0).Select(_ => new Thread(() => RunStep(LogIn))),
        ];
        Array.ForEach(threads, thread => thread.Start());
        var answers = new RoundTrips();
        double[] rates;
        try
        {
            Thread.Sleep(s_warmUp);
            long start = Stopwatch.GetTimestamp();
            (long Bytes, long Accepted, long Refused) before = counts.Read();
            while (Stopwatch.GetElapsedTime(start) < s_duration && Volatile.Read(ref failure) is null)
            {
                answers.MeasureNoop(wires[0]);
                Thread.Sleep(1); // without a pause, this session would be a part of the load
            }

            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            (long Bytes, long Accepted, long Refused) after = counts.Read();
            rates =
            [
                (after.Bytes - before.Bytes) / seconds / (1 << 20), answers.GetPercentile(0.5), answers.GetPercentile(0.99),
                (after.Accepted - before.Accepted) / seconds, (after.Refused - before.Refused) / seconds,
            ];
        }
        finally
        {
            stop.Cancel();
            Array.ForEach(threads, thread => thread.Join());
            Array.ForEach(wires, wire => wire.Dispose());
        }

        return failure is null ? rates : throw failure;

        void Download(FtpWire wire)
        {
            while (true)
            {
                using IWire data = wire.OpenTransfer("RETR", ServedDirectory.BigFile);
                long read;
                while ((read = data.Discard(1 << 20)) > 0)
                {
                    Interlocked.Add(ref counts.Bytes, read);
                    if (stop.IsCancellationRequested)
                    {
                        return; // without the final reply, because the session ends
                    }
                }

                data.CloseAfterServer();
                wire.FinishTransfer("RETR", ServedDirectory.BigFile);
            }
        }

        void LogIn()
        {
            while (!stop.IsCancellationRequested)
            {
                int number = BenchAccounts.Connecting + Interlocked.Increment(ref counts.Number);
                if (number >= BenchAccounts.Count)
                {
                    throw new MeasurementException("every account has logged in, and the server computes the hash of each only once");
                }

                bool isWrong = number % 2 == 1;
                using var wire = new FtpWire(server.Port, proxiedAddress: GetAddress(number));
                wire.SendExpecting(3, "USER", BenchAccounts.GetName(number));
                wire.SendExpecting(isWrong ? 5 : 2, "PASS", isWrong ? BenchAccounts.WrongPassword : BenchAccounts.Password);
                Interlocked.Increment(ref isWrong ? ref counts.Refused : ref counts.Accepted);
                wire.SendCommand("QUIT");
            }
        }

        void RunStep(Action step)
        {
            try
            {
                step();
            }
            catch (MeasurementException e) when (!stop.IsCancellationRequested)
            {
                Interlocked.CompareExchange(ref failure, e, null);
            }
            catch (MeasurementException)
            {
                // The measurement has ended.
            }
        }
    }

    private static string GetAddress(int number) =>
        string.Create(CultureInfo.InvariantCulture, $"10.0.{number / 250}.{1 + (number % 250)}");

    /// <summary>What the threads have done so far.</summary>
    private sealed class Counts
    {
        public long Bytes, Accepted, Refused;
        public int Number;

        public (long Bytes, long Accepted, long Refused) Read() =>
            (Interlocked.Read(ref Bytes), Interlocked.Read(ref Accepted), Interlocked.Read(ref Refused));
    }
}
