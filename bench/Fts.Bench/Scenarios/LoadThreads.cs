using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Fts.Bench.Load;
using Fts.Bench.Measuring;
using Fts.Bench.Servers;

namespace Fts.Bench.Scenarios;

/// <summary>Runs load in several blocking threads. The preparation of the threads is not measured.</summary>
internal static class LoadThreads
{
    /// <summary>
    /// Runs <paramref name="prepare"/> in each of <paramref name="count"/> threads, then runs the returned actions at the same time and
    /// measures them. Throws the first exception of any thread.
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
            RunStep(() => action = prepare(index));
            gate.SignalAndWait();
            gate.SignalAndWait();
            RunStep(() => action());
            gate.SignalAndWait();
        }

        void RunStep(Action step)
        {
            try
            {
                step();
            }
            catch (Exception e)
            {
                // Every thread must pass every barrier. The measurement fails afterwards.
                Interlocked.CompareExchange(ref failure, ExceptionDispatchInfo.Capture(e), null);
            }
        }
    }

    /// <summary>Returns the part of the numbers from 0 to <paramref name="total"/> for one of <paramref name="count"/> threads.</summary>
    public static (int First, int End) GetShare(int total, int count, int index) =>
        ((int)((long)total * index / count), (int)((long)total * (index + 1) / count));

    /// <summary>One logged-in session for each thread. Disposes all of them.</summary>
    public sealed class Sessions(ServerProcess server, int count) : IDisposable
    {
        private readonly FtpWire?[] _wires = new FtpWire?[count];

        /// <summary>The connected sessions.</summary>
        public IEnumerable<FtpWire> All => _wires.OfType<FtpWire>();

        /// <summary>Connects and logs in for the thread with this index.</summary>
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
