using System.Globalization;

namespace Fts.Bench.Measuring;

/// <summary>
/// Closed connections in TIME_WAIT, which the kernel keeps for a minute. Each upload and login leaves one. With more than about 10,000, a
/// server finds a free port more slowly, and the previous measurement would affect the next.
/// </summary>
internal static class TimeWait
{
    private const int MaxCount = 12_000;

    /// <summary>Returns the number of connections in TIME_WAIT.</summary>
    public static int Count() => int.Parse(
        File.ReadLines("/proc/net/sockstat").First(line =>
            line.StartsWith("TCP:", StringComparison.Ordinal)).Split(' ')[6], CultureInfo.InvariantCulture);

    /// <summary>Waits until fewer than 12,000 remain, at most two minutes.</summary>
    public static void WaitUntilFew()
    {
        long deadline = Environment.TickCount64 + 120_000;
        while (Count() > MaxCount && Environment.TickCount64 < deadline)
        {
            Thread.Sleep(500);
        }
    }
}
