using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

// Signals, modes and pseudo-terminals are what is tested.
[assembly: UnsupportedOSPlatform("windows")]

namespace Fts.ProgramTests.Support;

/// <summary>The published program as a process behind pipes, or behind a pseudo-terminal. Ended by <see cref="DisposeAsync"/> if it still runs.</summary>
internal sealed partial class RunningProgram : IAsyncDisposable
{
    /// <summary>
    /// Where programs keep keys and certificates when a test does not say: one server key for all. What a client remembers of servers is each working folder's, so each
    /// test's: the next may have a server without TLS on a port where another's had it.
    /// </summary>
    private static readonly TestFolder Home = CreateHomeForThisRun();

    private readonly Process _process;
    private readonly StringBuilder _data = new(), _messages = new();
    private readonly Lock _lock = new();
    private readonly Task _reading;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RunningProgram(Process process)
    {
        _process = process;
        _reading = Task.WhenAll(ReadAsync(process.StandardOutput.BaseStream, _data), ReadAsync(process.StandardError.BaseStream, _messages));
    }

    /// <summary>Everything on stdout so far.</summary>
    public string Data => GetText(_data);

    /// <summary>Everything on stderr so far.</summary>
    public string Messages => GetText(_messages);

    public int Id => _process.Id;

    /// <summary>Starts <c>fts</c> with arguments in a folder.</summary>
    public static RunningProgram Start(string folder, string[] arguments, params (string Name, string? Value)[] environment) =>
        StartFile(PublishedProgram.Path, folder, arguments, environment);

    /// <summary>Starts <c>fts</c> on a pseudo-terminal of a size; util-linux's <c>script</c> is what makes one. All it shows arrives as <see cref="Data"/>.</summary>
    public static RunningProgram StartOnTerminal(string folder, string[] arguments, int columns = 80, params (string Name, string? Value)[] environment)
    {
        string command = string.Join(' ', arguments.Prepend(PublishedProgram.Path).Select(argument => $"'{argument}'"));
        return StartFile("script", folder, ["-qfec", $"stty cols {columns} rows 24; exec {command}", "/dev/null"], [("TERM", "xterm-256color"), .. environment]);
    }

    public static RunningProgram StartFile(string file, string folder, string[] arguments, params (string Name, string? Value)[] environment)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The tester's own settings are not the test's.
        foreach (string name in (string[])["FTS_PASSWORD", "FTS_PROXY_PASSWORD", "NO_COLOR", "ftp_proxy", "FTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"])
        {
            start.Environment.Remove(name);
        }

        start.Environment["NETRC"] = "/nonexistent";
        // A program that is killed would leave its diagnostics pipes behind.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["XDG_STATE_HOME"] = Home.Path;
        start.Environment["XDG_CONFIG_HOME"] = Path.Combine(Home.Path, folder.Replace('/', '_'));
        foreach ((string name, string? value) in environment)
        {
            start.Environment[name] = value;
        }

        return new RunningProgram(Process.Start(start)!);
    }

    /// <summary>Runs <c>fts</c> to its end with this input.</summary>
    public static async Task<(int Code, string Data, string Messages)> RunAsync(string folder, string[] arguments, string input = "", params (string Name, string? Value)[] environment)
    {
        await using RunningProgram program = Start(folder, arguments, environment);
        program.WriteInput(input);
        program.CloseInput();
        return (await program.WaitForExitAsync(), program.Data, program.Messages);
    }

    public void WriteInput(string text)
    {
        try
        {
            _process.StandardInput.Write(text);
            _process.StandardInput.Flush();
        }
        catch (IOException)
        {
            // It has ended without reading; the test looks at how.
        }
    }

    public void CloseInput()
    {
        try
        {
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // As above.
        }
    }

    /// <summary>Waits until stdout and stderr together hold this text, <paramref name="times"/> times.</summary>
    public Task WaitForOutputAsync(string text, int times = 1) => WaitUntilAsync(() => Count(Data + Messages, text) >= times, text);

    /// <summary>Waits until a condition holds that output may change.</summary>
    public async Task WaitUntilAsync(Func<bool> condition, string description)
    {
        using var deadline = new CancellationTokenSource(Deadline.Default);
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                changed = _changed.Task;
            }

            if (condition())
            {
                return;
            }

            if (_reading.IsCompleted)
            {
                Assert.Fail($"ended without: {description}\nstdout:\n{Data}\nstderr:\n{Messages}");
            }

            try
            {
                await Task.WhenAny(changed, _reading).WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"waited in vain for: {description}\nstdout:\n{Data}\nstderr:\n{Messages}");
            }
        }
    }

    /// <summary>Waits for its end; the exit code.</summary>
    public async Task<int> WaitForExitAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline.Default);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
            await _reading.WaitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"it does not end\nstdout:\n{Data}\nstderr:\n{Messages}");
        }

        return _process.ExitCode;
    }

    /// <summary>Sends a signal by its number: 2 is SIGINT, 15 SIGTERM.</summary>
    public void SendSignal(int signal) => SendSignal(_process.Id, signal);

    /// <summary>Sends a signal to a process that this one started.</summary>
    public static void SendSignal(int process, int signal) => Assert.Equal(0, Kill(process, signal));

    /// <summary>Returns the id of the program behind <c>script</c>, whose only child it is.</summary>
    public int GetChildId() => int.Parse(File.ReadAllText($"/proc/{Id}/task/{Id}/children"), System.Globalization.CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static TestFolder CreateHomeForThisRun()
    {
        var home = new TestFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => home.Dispose();
        return home;
    }

    private static int Count(string text, string part) => (text.Length - text.Replace(part, "", StringComparison.Ordinal).Length) / part.Length;

    private async Task ReadAsync(Stream stream, StringBuilder text)
    {
        Decoder decoder = Encoding.UTF8.GetDecoder();
        byte[] bytes = new byte[4096];
        char[] characters = new char[4096];
        while (await stream.ReadAsync(bytes) is > 0 and var length)
        {
            int count = decoder.GetChars(bytes.AsSpan(0, length), characters, flush: false);
            TaskCompletionSource changed;
            lock (_lock)
            {
                text.Append(characters, 0, count);
                changed = _changed;
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            changed.SetResult();
        }
    }

    private string GetText(StringBuilder text)
    {
        lock (_lock)
        {
            return text.ToString();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
