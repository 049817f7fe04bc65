using System.Globalization;
using Fts.Bench.Load;

namespace Fts.Bench.Measuring;

/// <summary>The limit of open files, and so of connections, for this program and the processes that it starts.</summary>
internal static class FileLimit
{
    /// <summary>Verifies that the limit allows this number of open files.</summary>
    /// <exception cref="MeasurementException">The limit is lower.</exception>
    public static void Require(int required)
    {
        string line = File.ReadLines("/proc/self/limits").First(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        string hard = line[14..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        if (hard != "unlimited" && int.Parse(hard, CultureInfo.InvariantCulture) < required)
        {
            throw new MeasurementException($"requires {required} open files per process, but the limit is {hard} (ulimit -Hn)");
        }
    }
}
