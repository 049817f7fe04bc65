using System.Diagnostics;
using System.Text;

namespace Fts.Interop.Tests.Processes;

/// <summary>The exit code and the output of a program.</summary>
internal sealed record ProcessResult(string CommandLine, int ExitCode, string Output, string Error)
{
    /// <summary>Fails the test and reports the output of the program unless the exit code is 0.</summary>
    public ProcessResult AssertSuccess()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode} from: {CommandLine}\n--- stdout\n{Output}\n--- stderr\n{Error}");
        return this;
    }

    /// <summary>Fails the test if the exit code is 0.</summary>
    public ProcessResult AssertFailure()
    {
        Assert.True(
            ExitCode != 0, $"exit code 0 although a failure was expected, from: {CommandLine}\n--- stdout\n{Output}\n--- stderr\n{Error}");
        return this;
    }
}

/// <summary>Runs a program and waits for its exit. At a deadline the program and its children are killed, and the test fails.</summary>
internal static class ProcessRunner
{
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(60);

    public static Task<ProcessResult> RunAsync(Tool tool, TempFolder home, params IEnumerable<string> arguments) =>
        RunAsync(tool, home, "", arguments);

    /// <summary>
    /// Runs a program with <paramref name="input"/> on standard input. <paramref name="home"/> is its home and its working directory, so
    /// that settings of the user have no effect.
    /// </summary>
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

        // C.UTF-8: names are compared byte by byte, so every client must use the same character set.
        (string Name, string Value)[] variables =
            [("HOME", home), ("XDG_CONFIG_HOME", home), ("XDG_CACHE_HOME", home), ("LC_ALL", "C.UTF-8"), ("TERM", "dumb")];
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        string[] proxyVariables =
            [.. start.Environment.Keys.Where(name => name.EndsWith("_proxy", StringComparison.OrdinalIgnoreCase))];
        foreach (string name in proxyVariables)
        {
            start.Environment.Remove(name);
        }

        if (tool.LibraryPath is { } libraries)
        {
            start.Environment["LD_LIBRARY_PATH"] = libraries;
        }

        return Process.Start(start)!;
    }

    /// <summary>Writes the input. A program that exits before it has read its input is not an error.</summary>
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
