using System.Globalization;

namespace Fts.Bench.Measuring;

/// <summary>
/// Processor time of a process, its descendants, and those of them that ended and were waited for, from /proc/PID/stat: exact to the 10 ms of a clock
/// tick. A descendant that nobody waits for takes its time with it.
/// </summary>
internal sealed class ProcessTree(int root)
{
    private const double TicksPerSecond = 100;

    /// <summary>Seconds so far, and how many processes are alive.</summary>
    public (double Seconds, int Processes) Read()
    {
        // One look at every process of the machine: a list of children exists only in kernels built for checkpoints.
        var stats = new Dictionary<int, (int Parent, long Ticks)>();
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int id) && ReadStat(id) is { } stat)
            {
                stats[id] = stat;
            }
        }

        var (ticks, count) = (0L, 0);
        foreach ((int id, (int _, long own)) in stats)
        {
            if (Descends(id, stats))
            {
                (ticks, count) = (ticks + own, count + 1);
            }
        }

        return (ticks / TicksPerSecond, count);
    }

    private bool Descends(int id, Dictionary<int, (int Parent, long Ticks)> stats)
    {
        while (id != root)
        {
            if (!stats.TryGetValue(id, out (int Parent, long Ticks) stat) || stat.Parent == id)
            {
                return false;
            }

            id = stat.Parent;
        }

        return true;
    }

    private static (int Parent, long Ticks)? ReadStat(int id)
    {
        try
        {
            string text = File.ReadAllText($"/proc/{id}/stat");
            // The name may hold anything; the numbers begin behind its last parenthesis. Fields by proc(5): 4 ppid, 14 utime, 15 stime, 16 cutime, 17 cstime.
            string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return (int.Parse(fields[1], CultureInfo.InvariantCulture), fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)));
        }
        catch (IOException)
        {
            return null; // it ended while we looked
        }
        catch (UnauthorizedAccessException)
        {
            return null;
        }
    }
}
