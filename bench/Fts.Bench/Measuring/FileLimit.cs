using System.Globalization;
using Fts.Bench.Load;

namespace Fts.Bench.Measuring;

/// <summary>How many files, and so connections, this program and what it starts may hold.</summary>
internal static class FileLimit
{
    /// <exception cref="LoadException">Fewer than wanted.</exception>
    public static void Demand(int wanted)
    {
        string line = File.ReadLines("/proc/self/limits").First(line => line.StartsWith("Max open files", StringComparison.Ordinal));
        string hard = line[14..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        if (hard != "unlimited" && int.Parse(hard, CultureInfo.InvariantCulture) < wanted)
        {
            throw new LoadException($"takes {wanted} open files per process, and this machine allows {hard} (ulimit -Hn)");
        }
    }
}
