using System.Diagnostics;
using Fts.Bench.Load;
using Fts.Bench.Measuring;

namespace Fts.Bench.Clients;

/// <summary>One run of a client program, with empty standard input.</summary>
/// <param name="Program">A name to be found on the PATH, or a path.</param>
/// <param name="Arguments">The arguments.</param>
internal sealed record ClientRun(string Program, IReadOnlyList<string> Arguments)
{
    private static readonly TimeSpan s_timeout = TimeSpan.FromMinutes(4);

    /// <summary>Runs the program. Returns the elapsed time from start to exit and its processor time, both in seconds.</summary>
    /// <param name="directory">The current directory of the program.</param>
    /// <param name="home">A home directory without settings.</param>
    public (double Seconds, double Processor) Measure(string directory, string home)
    {
        var start = new ProcessStartInfo(Program, Arguments)
        {
            WorkingDirectory = directory, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (string setting in (string[])["ftp_proxy", "all_proxy", "FTP_PROXY", "ALL_PROXY", "XDG_CONFIG_HOME", "XDG_STATE_HOME",
            "NETRC"])
        {
            start.Environment.Remove(setting);
        }

        start.Environment["HOME"] = home;
        double before = ProcessorTime.GetEndedChildrenSeconds();
        long startTime = Stopwatch.GetTimestamp();
        using Process process = Start(start);
        process.StandardInput.Close();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        Task output = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        bool hasExited = process.WaitForExit(s_timeout);
        double seconds = Stopwatch.GetElapsedTime(startTime).TotalSeconds;
        if (!hasExited)
        {
            process.Kill(entireProcessTree: true);
            throw new MeasurementException($"{Program} did not exit within {s_timeout.TotalSeconds} s");
        }

        Task.WaitAll(output, errors);
        double spent = ProcessorTime.GetEndedChildrenSeconds() - before;
        return process.ExitCode == 0
            ? (seconds, spent)
            : throw new MeasurementException($"{Program} exited with code {process.ExitCode}: {errors.Result.Trim().Split('\n')[^1]}");
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new MeasurementException($"{start.FileName} is not installed");
        }
    }
}
