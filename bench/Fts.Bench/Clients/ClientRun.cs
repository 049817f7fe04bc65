using System.Diagnostics;
using Fts.Bench.Load;
using Fts.Bench.Measuring;

namespace Fts.Bench.Clients;

/// <summary>A client as its user starts it: a program and its arguments, and nothing to read.</summary>
/// <param name="Program">A name on the path, or a file.</param>
/// <param name="Arguments">Each as one word.</param>
internal sealed record ClientRun(string Program, IReadOnlyList<string> Arguments)
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(4);

    /// <summary>Runs it in <paramref name="folder"/>; seconds from before its start until after its end, and of processor time.</summary>
    /// <param name="folder">Its current folder.</param>
    /// <param name="home">A home without anybody's settings.</param>
    public (double Seconds, double Processor) Measure(string folder, string home)
    {
        var start = new ProcessStartInfo(Program, Arguments) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string setting in (string[])["ftp_proxy", "all_proxy", "FTP_PROXY", "ALL_PROXY", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "NETRC"])
        {
            start.Environment.Remove(setting);
        }

        start.Environment["HOME"] = home;
        double before = OwnProcessor.OfEndedChildren();
        long began = Stopwatch.GetTimestamp();
        using Process process = Start(start);
        process.StandardInput.Close();
        Task<string> complaint = process.StandardError.ReadToEndAsync();
        Task said = process.StandardOutput.BaseStream.CopyToAsync(Stream.Null);
        bool ended = process.WaitForExit(s_patience);
        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        if (!ended)
        {
            process.Kill(entireProcessTree: true);
            throw new LoadException($"{Program} was not done after {s_patience.TotalSeconds} s");
        }

        Task.WaitAll(said, complaint);
        double spent = OwnProcessor.OfEndedChildren() - before;
        return process.ExitCode == 0 ? (seconds, spent) : throw new LoadException($"{Program} ended with {process.ExitCode}: {complaint.Result.Trim().Split('\n')[^1]}");
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new LoadException($"{start.FileName} is not installed");
        }
    }
}
