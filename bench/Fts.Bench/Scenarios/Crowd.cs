using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>Several blocking threads that get ready on their own time and work on the clock's.</summary>
internal static class Crowd
{
    /// <summary>
    /// Runs <paramref name="prepare"/> in each of <paramref name="count"/> threads, then, all at once and measured, what it returned. The first error of
    /// any of them is this call's.
    /// </summary>
    public static Sample Measure(ServerProcess server, int count, double work, Func<int, Action> prepare)
    {
        using var gate = new Barrier(count + 1);
        ExceptionDispatchInfo? failure = null;
        Thread[] threads = [.. Enumerable.Range(0, count).Select(index => new Thread(() => Work(index)) { IsBackground = true })];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        gate.SignalAndWait();
        double before = server.Tree.Read().Seconds;
        long start = Stopwatch.GetTimestamp();
        gate.SignalAndWait();
        gate.SignalAndWait();
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        double after = server.Tree.Read().Seconds;
        failure?.Throw();
        return new Sample(work, seconds, after - before);

        void Work(int index)
        {
            Action action = () => { };
            Guarded(() => action = prepare(index));
            gate.SignalAndWait();
            gate.SignalAndWait();
            Guarded(() => action());
            gate.SignalAndWait();
        }

        void Guarded(Action step)
        {
            try
            {
                step();
            }
            catch (Exception e)
            {
                // Every thread must come to every gate; the measurement fails as a whole afterwards.
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
            }
        }
    }

    /// <summary>The numbers from 0 to <paramref name="total"/> that fall to one of <paramref name="count"/> threads.</summary>
    public static (int First, int End) Share(int total, int count, int index) => ((int)((long)total * index / count), (int)((long)total * (index + 1) / count));

    /// <summary>One signed-in session per thread; all of them end with it.</summary>
    public sealed class Wires(ServerProcess server, int count) : IDisposable
    {
        private readonly FtpWire?[] _wires = new FtpWire?[count];

        /// <summary>Those that have connected.</summary>
        public IEnumerable<FtpWire> All => _wires.OfType<FtpWire>();

        /// <summary>Connects for the thread of that number.</summary>
        public FtpWire Connect(int index) => _wires[index] = server.Connect();

        public void Dispose()
        {
            foreach (FtpWire wire in All)
            {
                wire.Dispose();
            }
        }
    }
}
