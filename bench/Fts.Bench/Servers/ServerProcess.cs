using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Fts.Bench.Load;
using Fts.Bench.Measuring;

namespace Fts.Bench.Servers;

/// <summary>A running server, ours or another. Owns the process and ends it.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly long _started;
    private readonly (string User, string Password)[] _accounts;
    private readonly bool _expectsProxyHeader;
    private int _connectCount;
    private bool _isDisposed;
    private readonly StringBuilder _output = new();

    /// <summary>Starts a server and waits until a user can log in.</summary>
    /// <exception cref="MeasurementException">The server exited, or accepted no login in time.</exception>
    public ServerProcess(
        string name, string program, IEnumerable<string> arguments, int port, (string User, string Password) account, string directory,
        string? libraries = null)
        : this(name, program, arguments, port, [account], directory, libraries)
    {
    }

    /// <summary>Starts a server as above, with several accounts, and optionally with a PROXY header at each connection.</summary>
    /// <exception cref="MeasurementException">The server exited, or accepted no login in time.</exception>
    public ServerProcess(
        string name, string program, IEnumerable<string> arguments, int port, (string User, string Password)[] accounts, string directory,
        string? libraries = null, bool expectsProxyHeader = false)
    {
        (Name, Port, _accounts, _expectsProxyHeader) = (name, port, accounts, expectsProxyHeader);
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        if (libraries is not null)
        {
            start.Environment["LD_LIBRARY_PATH"] = libraries;
        }

        _started = Stopwatch.GetTimestamp();
        _process = Process.Start(start)!;
        _process.OutputDataReceived += Collect;
        _process.ErrorDataReceived += Collect;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Tree = new ProcessTree(_process.Id);
        try
        {
            WaitUntilReady();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Name { get; }

    public int Port { get; }

    public int ProcessId => _process.Id;

    /// <summary>The first of the accounts that <see cref="Connect"/> uses in turns.</summary>
    public (string User, string Password) Account => _accounts[0];

    public ProcessTree Tree { get; }

    /// <summary>Whether <see cref="Connect"/> uses TLS for both connections.</summary>
    public bool OverTls { get; init; }

    /// <summary>
    /// The time from the start of the process until it accepted a connection, and its processor time until then in seconds.
    /// </summary>
    public (TimeSpan Elapsed, double Processor) Start { get; private set; }

    /// <summary>Returns a free port below the ephemeral port range.</summary>
    public static int FreePort()
    {
        while (true)
        {
            int port = Random.Shared.Next(15_000, 32_000);
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // The port is in use.
            }
        }
    }

    /// <summary>Connects from 127.0.0.<paramref name="source"/>, logs in and selects TYPE I.</summary>
    public FtpWire Connect(int source = 1)
    {
        (string user, string password) = _accounts[(Interlocked.Increment(ref _connectCount) & int.MaxValue) % _accounts.Length];
        var wire = new FtpWire(Port, OverTls, source, _expectsProxyHeader ? "127.0.0.1" : null);
        try
        {
            wire.Login(user, password);
            wire.SendExpecting(2, "TYPE", "I");
            if (OverTls)
            {
                wire.SendExpecting(2, "PBSZ", "0");
                wire.SendExpecting(2, "PROT", "P");
            }

            return wire;
        }
        catch
        {
            wire.Dispose();
            throw;
        }
    }

    /// <summary>Kills the process and its descendants. Measurements that wait for them then fail.</summary>
    public void Kill()
    {
        if (!_isDisposed && !_process.HasExited)
        {
            Tree.Kill();
        }
    }

    public void Dispose()
    {
        if (!_isDisposed)
        {
            Kill();
            // With a timeout, this waits only for the process and not for the end of its output, which sessions of vsftpd keep open longer.
            _process.WaitForExit(10_000);
            _isDisposed = true;
            _process.Dispose();
        }
    }

    private void WaitUntilReady()
    {
        long deadline = Environment.TickCount64 + 15_000;
        while (true)
        {
            try
            {
                using (new Wire(Port))
                {
                    Start = Start.Elapsed > TimeSpan.Zero ? Start : (Stopwatch.GetElapsedTime(_started), Tree.Read().Seconds);
                }

                using FtpWire wire = Connect();
                wire.SendCommand("QUIT");
                return;
            }
            catch (MeasurementException) when (!_process.HasExited && Environment.TickCount64 < deadline)
            {
                // There is no notification when another program starts to listen.
                Thread.Sleep(1);
            }
            catch (MeasurementException e)
            {
                lock (_output)
                {
                    throw new MeasurementException($"{Name} accepts no login: {e.Message} {_output.ToString().Trim()}");
                }
            }
        }
    }

    private void Collect(object sender, DataReceivedEventArgs line)
    {
        lock (_output)
        {
            // Only the last output is needed for an error message.
            _output.Length = _output.Length > 4000 ? 0 : _output.Length;
            _output.AppendLine(line.Data);
        }
    }
}
