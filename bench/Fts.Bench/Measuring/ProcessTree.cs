using System.Globalization;
using Fts.Bench.Load;

namespace Fts.Bench.Measuring;

/// <summary>
/// The processor time and memory of a process and its descendants. The time includes ended descendants for which their parent has waited,
/// and no others.
/// </summary>
/// <remarks>
/// The time is exact for processes with one thread (/proc/PID/schedstat). For processes with several threads it has steps of 10 ms
/// (/proc/PID/stat).
/// </remarks>
/// <param name="root">The process id.</param>
internal sealed class ProcessTree(int root)
{
    private const int KillSignal = 9;

    private const double NanosecondsPerTick = 10_000_000;

    /// <summary>Returns the processor time so far in seconds, and the number of running processes.</summary>
    public (double Seconds, int Processes) Read()
    {
        (int Id, Stat Stat)[] members = [.. GetMembers()];
        return (members.Sum(member => GetNanoseconds(member.Id, member.Stat)) / 1e9, members.Length);
    }

    /// <summary>Returns the memory in KiB, in which a page shared by several processes counts once (PSS).</summary>
    public double ReadMemory() => GetMembers().Sum(member => ReadKiB(member.Id, "smaps_rollup", "Pss:"));

    /// <summary>Resets the peak of resident memory. Returns the resident memory in KiB.</summary>
    public double ResetPeak()
    {
        double resident = 0;
        foreach ((int id, Stat _) in GetMembers())
        {
            try
            {
                // 5 resets only the peak (proc(5)).
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

    /// <summary>Returns the peak of resident memory since <see cref="ResetPeak"/>, in KiB.</summary>
    public double ReadPeak() => GetMembers().Sum(member => ReadKiB(member.Id, "status", "VmHWM:"));

    /// <summary>
    /// Kills all processes, the root first, so that it starts no more. <see cref="System.Diagnostics.Process.Kill(bool)"/> reads all
    /// processes of the machine for each of them, which takes minutes for 2,000 processes.
    /// </summary>
    public void Kill()
    {
        int[] ids = [.. GetMembers().Select(member => member.Id)];
        _ = Kernel.Kill(root, KillSignal);
        foreach (int id in ids)
        {
            _ = Kernel.Kill(id, KillSignal);
        }
    }

    private IEnumerable<(int Id, Stat Stat)> GetMembers()
    {
        // Reads all processes of the machine, because only some kernels have a list of children.
        var stats = new Dictionary<int, Stat>();
        foreach (string directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out int id) && ReadStat(id) is { } stat)
            {
                stats[id] = stat;
            }
        }

        return stats.Where(stat => IsDescendant(stat.Key, stats)).Select(stat => (stat.Key, stat.Value));
    }

    private bool IsDescendant(int id, Dictionary<int, Stat> stats)
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

    private static double GetNanoseconds(int id, Stat stat)
    {
        string exact = stat.Threads == 1 ? ReadText($"/proc/{id}/schedstat") : "";
        double own = exact.Length > 0
            ? double.Parse(exact.AsSpan(0, exact.IndexOf(' ', StringComparison.Ordinal)), CultureInfo.InvariantCulture)
            : stat.Ticks * NanosecondsPerTick;
        return own + (stat.EndedTicks * NanosecondsPerTick);
    }

    private static Stat? ReadStat(int id)
    {
        if (ReadText($"/proc/{id}/stat") is not { Length: > 0 } text)
        {
            return null;
        }

        // The name may contain spaces and parentheses; the numbers start after the last parenthesis. Fields (proc(5)): 4 ppid, 14 utime, 15
        // stime, 16 cutime, 17 cstime, 20 num_threads.
        string[] fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
        return new Stat((int)Number(1), Number(11) + Number(12), Number(13) + Number(14), (int)Number(17));

        long Number(int field) => long.Parse(fields[field], CultureInfo.InvariantCulture);
    }

    private static double ReadKiB(int id, string file, string name)
    {
        string? line = ReadText($"/proc/{id}/{file}").Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null
            ? 0
            : double.Parse(line.AsSpan(name.Length, line.LastIndexOf("kB", StringComparison.Ordinal) - name.Length),
                CultureInfo.InvariantCulture);
    }

    /// <summary>Returns the content of a file, or an empty string if the process has ended or belongs to another user.</summary>
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
