using System.Globalization;

namespace Fts.Bench.Measuring;

/// <summary>
/// Closed connections that the kernel keeps for a minute: uploads and sign-ins leave one each. Beyond some ten thousand, a server that asks for a free
/// port waits for one, and would pay for the server measured before it.
/// </summary>
internal static class TimeWait
{
    private const int Few = 12_000;

    public static int Count() => int.Parse(
        File.ReadLines("/proc/net/sockstat").First(line => line.StartsWith("TCP:", StringComparison.Ordinal)).Split(' ')[6], CultureInfo.InvariantCulture);

    /// <summary>Waits until few are left; at most two minutes.</summary>
    public static void WaitUntilFew()
    {
        long deadline = Environment.TickCount64 + 120_000;
        while (Count() > Few && Environment.TickCount64 < deadline)
        {
            Thread.Sleep(500);
        }
    }
}
