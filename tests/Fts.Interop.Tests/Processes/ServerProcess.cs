using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Interop.Tests.Processes;

/// <summary>A server process of ours: started, waited for, and killed by its id. What it said goes to the test's output, which shows when the test fails.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan s_startDeadline = TimeSpan.FromSeconds(15);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly string? _logFile;

    private ServerProcess(Process process, string? logFile)
    {
        (_process, _logFile) = (process, logFile);
        process.OutputDataReceived += Collect;
        process.ErrorDataReceived += Collect;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    private string Log
    {
        get
        {
            lock (_output)
            {
                return _output + (_logFile is not null && File.Exists(_logFile) ? File.ReadAllText(_logFile) : "");
            }
        }
    }

    /// <summary>Starts a server and returns when it greets on <paramref name="endPoint"/>.</summary>
    public static Task<ServerProcess> StartAsync(Tool tool, IPEndPoint endPoint, string home, string? logFile, params IEnumerable<string> arguments) =>
        StartAsync(tool, endPoint, home, logFile, expectsGreeting: true, arguments);

    /// <summary>Starts what waits for its client's first word, and returns when it listens.</summary>
    public static Task<ServerProcess> StartWithoutGreetingAsync(Tool tool, IPEndPoint endPoint, string home, params IEnumerable<string> arguments) =>
        StartAsync(tool, endPoint, home, null, expectsGreeting: false, arguments);

    private static async Task<ServerProcess> StartAsync(Tool tool, IPEndPoint endPoint, string home, string? logFile, bool expectsGreeting, IEnumerable<string> arguments)
    {
        var daemon = new ServerProcess(ProcessRunner.Start(tool, home, arguments), logFile);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(s_startDeadline);
        try
        {
            while (!await IsReadyAsync(endPoint, expectsGreeting, deadline.Token))
            {
                Assert.False(daemon._process.HasExited, $"{tool.Path} ended at its start.");
                // A foreign process tells nobody when it listens: ask again until the deadline.
                await Task.Delay(10, deadline.Token);
            }

            return daemon;
        }
        catch
        {
            await daemon.DisposeAsync();
            throw;
        }
    }

    /// <summary>A port below the range from which the system hands out ports, so that nothing takes it between this question and the server's start.</summary>
    public static int FindFreePort(IPAddress address)
    {
        while (true)
        {
            int port = Random.Shared.Next(15_000, 32_000);
            using var probe = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(address, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken: draw another.
            }
        }
    }

    /// <summary>
    /// Waits until the server has no child process. A server with a process for each connection counts a connection until it has collected the exit of that process,
    /// which is later than the end of the connection.
    /// </summary>
    public async Task WaitForChildrenAsync()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(s_startDeadline);
        while (File.ReadAllText($"/proc/{_process.Id}/task/{_process.Id}/children").Length > 0)
        {
            await Task.Delay(10, deadline.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _process.WaitForExitAsync(CancellationToken.None);
        TestContext.Current.TestOutputHelper?.WriteLine(Log);
        _process.Dispose();
    }

    private static async Task<bool> IsReadyAsync(IPEndPoint endPoint, bool expectsGreeting, CancellationToken cancellationToken)
    {
        using var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endPoint, cancellationToken);
            return !expectsGreeting || await socket.ReceiveAsync(new byte[512], cancellationToken) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Collect(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
        {
            _output.AppendLine(line.Data);
        }
    }
}
