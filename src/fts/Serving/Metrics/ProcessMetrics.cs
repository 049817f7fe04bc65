using System.Diagnostics;

namespace Fts.Serving.Metrics;

/// <summary>The metrics of the process, with the names that the client libraries of Prometheus use.</summary>
internal static class ProcessMetrics
{
    /// <summary>Writes processor time, memory, start time and, on Linux, open file descriptors.</summary>
    public static void Write(PrometheusText text)
    {
        using var process = Process.GetCurrentProcess();
        Write(text, "process_cpu_seconds_total", "counter", "Processor time", process.TotalProcessorTime.TotalSeconds);
        Write(text, "process_resident_memory_bytes", "gauge", "Resident memory", process.WorkingSet64);
        double startTime = new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
        Write(text, "process_start_time_seconds", "gauge", "Start time since 1970", startTime);
        long heapBytes = GC.GetTotalMemory(forceFullCollection: false);
        Write(text, "dotnet_gc_heap_bytes", "gauge", "Memory of the garbage collector's heap", heapBytes);
        if (CountOpenDescriptors() is { } descriptors)
        {
            Write(text, "process_open_fds", "gauge", "Open file descriptors", descriptors);
        }
    }

    private static void Write(PrometheusText text, string name, string type, string help, double value)
    {
        text.WriteHeader(name, type, help);
        text.WriteSample(name, "", value);
    }

    /// <summary>Returns the number of open descriptors. Returns null if the system does not list them.</summary>
    private static int? CountOpenDescriptors()
    {
        try
        {
            return Directory.EnumerateFileSystemEntries("/proc/self/fd").Count() - 1; // without the descriptor of the enumeration
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
