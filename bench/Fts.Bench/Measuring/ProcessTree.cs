using System.Globalization;
using Fts.Bench.Load;

namespace Fts.Bench.Measuring;

/// <summary>
/// Processor time and memory of a process and its descendants. The time includes those that ended and were waited for; a descendant that nobody waits
/// for takes its time with it. Exact for processes of one thread, by /proc/PID/schedstat: the 10 ms steps of /proc/PID/stat would lose half of one for
/// each of many short processes. Of those with more threads there is one, and its steps remain.
/// </summary>
internal sealed class ProcessTree(int root)
{
    private const int KillSignal = 9;

    private const double NanosecondsPerTick = 10_000_000;

    /// <summary>Seconds so far, and how many processes are alive.</summary>
    public (double Seconds, int Processes) Read()
    {
        (int Id, Stat Stat)[] members = [.. Members()];
        return (members.Sum(member => Nanoseconds(member.Id, member.Stat)) / 1e9, members.Length);
    }

    /// <summary>Memory in KiB, a page that several processes share counted once (PSS).</summary>
    public double ReadMemory() => Members().Sum(member => ReadKiB(member.Id, "smaps_rollup", "Pss:"));

    /// <summary>Memory in KiB that is resident now, and forgets how much it ever was.</summary>
    public double ResetPeak()
    {
        double resident = 0;
        foreach ((int id, Stat _) in Members())
        {
            try
            {
                // 5 is the peak alone, by proc(5).
                File.WriteAllText($"/proc/{id}/clear_refs", "5");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue;
            }

            resident += ReadKiB(id, "status", "VmRSS:");
        }

        return resident;
    }

    /// <summary>The most KiB that were resident since <see cref="ResetPeak"/>.</summary>
    public double ReadPeak() => Members().Sum(member => ReadKiB(member.Id, "status", "VmHWM:"));

    /// <summary>
    /// Ends them all, the first one first, so that it starts no more. .NET's own way looks at every process of the machine once for each of them: minutes,
    /// where each of a thousand sessions is two.
    /// </summary>
    public void Kill()
    {
        int[] ids = [.. Members().Select(member => member.Id)];
        _ = Kernel.Kill(root, KillSignal);
        foreach (int id in ids)
        {
            _ = Kernel.Kill(id, KillSignal);
        }
    }

    private IEnumerable<(int Id, Stat Stat)> Members()
    {
        // One look at every process of the machine: a list of children exists only in kernels built for checkpoints.
        var stats = new Dictionary<int, Stat>();
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out int id) && ReadStat(id) is { } stat)
            {
                stats[id] = stat;
            }
        }

        return stats.Where(stat => Descends(stat.Key, stats)).Select(stat => (stat.Key, stat.Value));
    }

    private bool Descends(int id, Dictionary<int, Stat> stats)
    {
        while (id != root)
        {
            if (!stats.TryGetValue(id, out Stat stat) || stat.Parent == id)
            {
                return false;
            }

            id = stat.Parent;
        }

        return true;
    }

    private static double Nanoseconds(int id, Stat stat)
    {
        string exact = stat.Threads == 1 ? ReadText($"/proc/{id}/schedstat") : "";
        double own = exact.Length > 0 ? double.Parse(exact.AsSpan(0, exact.IndexOf(' ', StringComparison.Ordinal)), CultureInfo.InvariantCulture) : stat.Ticks * NanosecondsPerTick;
        return own + (stat.EndedTicks * NanosecondsPerTick);
    }

    private static Stat? ReadStat(int id)
    {
        if (ReadText($"/proc/{id}/stat") is not { Length: > 0 } text)
        {
            return null;
        }

        // The name may hold anything; the numbers begin behind its last parenthesis. Fields by proc(5): 4 ppid, 14 utime, 15 stime, 16 cutime, 17 cstime, 20 num_threads.
        string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return new Stat((int)Number(1), Number(11) + Number(12), Number(13) + Number(14), (int)Number(17));

        long Number(int field) => long.Parse(fields[field], CultureInfo.InvariantCulture);
    }

    private static double ReadKiB(int id, string file, string name)
    {
        string? line = ReadText($"/proc/{id}/{file}").Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line.AsSpan(name.Length, line.LastIndexOf("kB", StringComparison.Ordinal) - name.Length), CultureInfo.InvariantCulture);
    }

    /// <summary>Empty for a process that ended while we looked, or is another's.</summary>
    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private readonly record struct Stat(int Parent, long Ticks, long EndedTicks, int Threads);
}
