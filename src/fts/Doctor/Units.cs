using System.Globalization;
using Fts.Transfers;

namespace Fts.Doctor;

/// <summary>Formats measured values.</summary>
internal static class Units
{
    /// <summary>Returns a short time, in milliseconds or seconds.</summary>
    public static string FormatTime(TimeSpan time) => time.TotalSeconds >= 1
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0.1, time.TotalMilliseconds):0.0} ms");

    /// <summary>Returns a rate with the measured amount and time.</summary>
    public static string FormatRate(long bytes, TimeSpan time)
    {
        string rate = DisplayFormat.FormatSize(bytes / Math.Max(0.0001, time.TotalSeconds));
        return $"{rate}/s ({DisplayFormat.FormatSize(bytes)} in {FormatTime(time)})";
    }

    /// <summary>Returns a difference of two times, such as "2 h 30 min".</summary>
    public static string FormatDifference(TimeSpan difference)
    {
        TimeSpan time = difference.Duration();
        if (time < TimeSpan.FromMinutes(1))
        {
            return string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");
        }

        string hours = time.TotalHours >= 1 ? $"{(int)time.TotalHours} h" : "";
        string minutes = time.Minutes > 0 ? $"{time.Minutes} min" : "";
        return hours.Length > 0 && minutes.Length > 0 ? $"{hours} {minutes}" : hours + minutes;
    }

    /// <summary>Returns "port 21" or "ports 21, 990 and 65432".</summary>
    public static string JoinPorts(int[] ports) => ports.Length == 1
        ? $"port {ports[0]}"
        : $"ports {string.Join(", ", ports[..^1])} and {ports[^1]}";
}
