using System.Diagnostics;
using System.Text;

namespace Fts.Interop.Tests.Processes;

/// <summary>How a program ended and what it said.</summary>
internal sealed record ProcessResult(string CommandLine, int ExitCode, string Output, string Error)
{
    /// <summary>Fails the test, with everything the program said, unless it ended with 0.</summary>
    public ProcessResult AssertSuccess()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode} from: {CommandLine}\n--- stdout\n{Output}\n--- stderr\n{Error}");
        return this;
    }

    /// <summary>Fails the test if the program ended with 0.</summary>
    public ProcessResult AssertFailure()
    {
        Assert.True(ExitCode != 0, $"exit code 0, though a failure was due, from: {CommandLine}\n--- stdout\n{Output}\n--- stderr\n{Error}");
        return this;
    }
}

/// <summary>Runs a program to its end. It has a deadline, after which it is killed by its id, children included, and the test fails.</summary>
internal static class ProcessRunner
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    public static Task<ProcessResult> RunAsync(Tool tool, TempFolder home, params IEnumerable<string> arguments) => RunAsync(tool, home, "", arguments);

    /// <summary>Runs with <paramref name="input"/> on standard input and <paramref name="home"/> as both home and current folder: no user's settings count.</summary>
    public static async Task<ProcessResult> RunAsync(Tool tool, TempFolder home, string input, IEnumerable<string> arguments)
    {
        using Process process = Start(tool, home.Path, arguments);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(s_deadline);
        string command = tool.Path + " " + string.Join(' ', process.StartInfo.ArgumentList);
        var (output, error) = (new StringBuilder(), new StringBuilder());
        try
        {
            await Task.WhenAll(
                WriteAsync(process, input, deadline.Token),
                CollectAsync(process.StandardOutput, output, deadline.Token),
                CollectAsync(process.StandardError, error, deadline.Token),
                process.WaitForExitAsync(deadline.Token));
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"killed at its deadline: {command}\n--- stdout\n{output}\n--- stderr\n{error}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }

        return new ProcessResult(command, process.ExitCode, output.ToString(), error.ToString());
    }

    public static Process Start(Tool tool, string home, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(tool.Path)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
            WorkingDirectory = home,
        };
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // C.UTF-8: names are compared byte by byte, so no client may think in another character set.
        foreach ((string name, string value) in new[] { ("HOME", home), ("XDG_CONFIG_HOME", home), ("XDG_CACHE_HOME", home), ("LC_ALL", "C.UTF-8"), ("TERM", "dumb") })
        {
            start.Environment[name] = value;
        }

        foreach (string proxy in start.Environment.Keys.Where(name => name.EndsWith("_proxy", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(proxy);
        }

        if (tool.LibraryPath is { } libraries)
        {
            start.Environment["LD_LIBRARY_PATH"] = libraries;
        }

        return Process.Start(start)!;
    }

    /// <summary>A program may end without reading its input; that is its right.</summary>
    private static async Task WriteAsync(Process process, string input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
        }
    }

    private static async Task CollectAsync(StreamReader reader, StringBuilder into, CancellationToken cancellationToken)
    {
        char[] buffer = new char[4096];
        while (await reader.ReadAsync(buffer, cancellationToken) is int read and > 0)
        {
            lock (into)
            {
                into.Append(buffer, 0, read);
            }
        }
    }
}
