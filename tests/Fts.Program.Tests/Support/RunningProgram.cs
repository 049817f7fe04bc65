using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using System.Text;

// The tests use signals, file modes and pseudo-terminals.
[assembly: UnsupportedOSPlatform("windows")]

namespace Fts.ProgramTests.Support;

/// <summary>Runs the published program with pipes or a pseudo-terminal. <see cref="DisposeAsync"/> kills it if it is still
/// running.</summary>
internal sealed partial class RunningProgram : IAsyncDisposable
{
    /// <summary>
    /// The default folder for keys and certificates. All servers share one key. Each working folder, and thus each test, has its own known
    /// hosts, because another test may run a server without TLS on the same port.
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
        _reading = Task.WhenAll(
            ReadAsync(process.StandardOutput.BaseStream, _data), ReadAsync(process.StandardError.BaseStream, _messages));
    }

    /// <summary>The folder that contains the settings of all tests.</summary>
    public static string HomePath => Home.Path;

    /// <summary>The standard output so far.</summary>
    public string Data => GetText(_data);

    /// <summary>The standard error so far.</summary>
    public string Messages => GetText(_messages);

    public int Id => _process.Id;

    /// <summary>Starts <c>fts</c> with arguments in a folder.</summary>
    public static RunningProgram Start(string folder, string[] arguments, params (string Name, string? Value)[] environment) =>
        StartFile(PublishedProgram.Path, folder, arguments, environment);

    /// <summary>Starts <c>fts</c> on a pseudo-terminal, created by <c>script</c> of util-linux. Its screen output is
    /// <see cref="Data"/>.</summary>
    public static RunningProgram StartOnTerminal(
        string folder, string[] arguments, int columns = 80, params (string Name, string? Value)[] environment)
    {
        string command = string.Join(' ', arguments.Prepend(PublishedProgram.Path).Select(argument => $"'{argument}'"));
        return StartFile("script", folder, ["-qfec", $"stty cols {columns} rows 24; exec {command}", "/dev/null"],
            [("TERM", "xterm-256color"), .. environment]);
    }

    public static RunningProgram StartFile(
        string file, string folder, string[] arguments, params (string Name, string? Value)[] environment)
    {
        var start = new ProcessStartInfo(file, arguments)
        {
            WorkingDirectory = folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Settings of the user must not affect the tests.
        foreach (string name in (string[])["FTS_PASSWORD", "FTS_PROXY_PASSWORD", "NO_COLOR", "ftp_proxy", "FTP_PROXY", "all_proxy",
            "ALL_PROXY", "no_proxy", "NO_PROXY"])
        {
            start.Environment.Remove(name);
        }

        start.Environment["NETRC"] = "/nonexistent";
        // A killed program would not remove its diagnostics pipes.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["XDG_STATE_HOME"] = Home.Path;
        start.Environment["XDG_CONFIG_HOME"] = Path.Combine(Home.Path, folder.Replace('/', '_'));
        foreach ((string name, string? value) in environment)
        {
            start.Environment[name] = value;
        }

        return new RunningProgram(Process.Start(start)!);
    }

    /// <summary>Runs <c>fts</c> with an input until it exits.</summary>
    public static async Task<(int Code, string Data, string Messages)> RunAsync(
        string folder, string[] arguments, string input = "", params (string Name, string? Value)[] environment)
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
            // The program exited without reading its input. The test checks its exit code.
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

    /// <summary>Waits until standard output and error together contain the text <paramref name="times"/> times.</summary>
    public Task WaitForOutputAsync(string text, int times = 1) => WaitUntilAsync(() => Count(Data + Messages, text) >= times, text);

    /// <summary>Waits until a condition is true. It is checked after each output.</summary>
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
                Assert.Fail($"exited without: {description}\nstdout:\n{Data}\nstderr:\n{Messages}");
            }

            try
            {
                await Task.WhenAny(changed, _reading).WaitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"timed out waiting for: {description}\nstdout:\n{Data}\nstderr:\n{Messages}");
            }
        }
    }

    /// <summary>Waits until the program exits. Returns its exit code.</summary>
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
            Assert.Fail($"the program did not exit\nstdout:\n{Data}\nstderr:\n{Messages}");
        }

        return _process.ExitCode;
    }

    /// <summary>Sends a signal by its number: 2 is SIGINT, 15 SIGTERM.</summary>
    public void SendSignal(int signal) => SendSignal(_process.Id, signal);

    /// <summary>Sends a signal to a process that this one started. Returns after SIGSTOP only when each thread has stopped.</summary>
    public static void SendSignal(int process, int signal)
    {
        const int stop = 19;
        Assert.Equal(0, Kill(process, signal));
        // One thread takes the signal and then stops the others. On a busy machine, they run until that thread is scheduled.
        if (signal == stop && !SpinWait.SpinUntil(() => Directory.GetDirectories($"/proc/{process}/task").All(IsStopped), Deadline.Default))
        {
            Assert.Fail($"process {process} did not stop");
        }
    }

    /// <summary>Returns the process id of the program, which is the only child of <c>script</c>.</summary>
    public int GetChildId() =>
        int.Parse(File.ReadAllText($"/proc/{Id}/task/{Id}/children"), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Returns whether a thread is stopped or has ended. Its state follows its name, which is in parentheses (proc(5)).</summary>
    private static bool IsStopped(string thread)
    {
        try
        {
            string status = File.ReadAllText($"{thread}/stat");
            return status[status.LastIndexOf(')') + 2] == 'T';
        }
        catch (IOException)
        {
            return true;
        }
    }

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

    private static int Count(string text, string part) =>
        (text.Length - text.Replace(part, "", StringComparison.Ordinal).Length) / part.Length;

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
