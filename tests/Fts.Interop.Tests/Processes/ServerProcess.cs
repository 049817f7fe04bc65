using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Interop.Tests.Processes;

/// <summary>A server process that the tests started. Disposal kills it and writes its output to the output of the test.</summary>
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

    /// <summary>Starts a server and waits until it sends a greeting on <paramref name="endPoint"/>.</summary>
    public static Task<ServerProcess> StartAsync(
        Tool tool, IPEndPoint endPoint, string home, string? logFile, params IEnumerable<string> arguments) =>
        StartAsync(tool, endPoint, home, logFile, expectsGreeting: true, arguments);

    /// <summary>Starts a server that sends no greeting, and waits until it accepts a connection.</summary>
    public static Task<ServerProcess> StartWithoutGreetingAsync(
        Tool tool, IPEndPoint endPoint, string home, params IEnumerable<string> arguments) =>
        StartAsync(tool, endPoint, home, null, expectsGreeting: false, arguments);

    private static async Task<ServerProcess> StartAsync(
        Tool tool, IPEndPoint endPoint, string home, string? logFile, bool expectsGreeting, IEnumerable<string> arguments)
    {
        var server = new ServerProcess(ProcessRunner.Start(tool, home, arguments), logFile);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(s_startDeadline);
        try
        {
            while (!await IsReadyAsync(endPoint, expectsGreeting, deadline.Token))
            {
                Assert.False(server._process.HasExited, $"{tool.Path} exited before it accepted a connection.");
                // Other servers do not report when they start to listen, so the test polls until the deadline.
                await Task.Delay(10, deadline.Token);
            }

            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Returns a free port below the ephemeral range, so that the system assigns it to no other socket before the server starts.
    /// </summary>
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
                // The port is in use: try another.
            }
        }
    }

    /// <summary>
    /// Waits until the server has no child process. A server with one process for each connection counts a connection until it has reaped
    /// that process, which is later than the end of the connection.
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
