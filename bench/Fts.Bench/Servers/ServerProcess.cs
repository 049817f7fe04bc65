using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Fts.Bench.Load;
using Fts.Bench.Measuring;

namespace Fts.Bench.Servers;

/// <summary>A running server: ours or another. Owns the process, and ends it by its id.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;
    private readonly long _started;
    private bool _disposed;
    private readonly StringBuilder _said = new();

    /// <summary>Starts a server and returns when a user can sign in. It is asked for TLS, and its data too, by who connects, if <see cref="OverTls"/> is set.</summary>
    /// <exception cref="LoadException">It ended, or did not answer in time.</exception>
    public ServerProcess(string name, string program, IEnumerable<string> arguments, int port, (string User, string Password) account, string folder, string? libraries = null)
    {
        (Name, Port, Account) = (name, port, account);
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
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
            WaitUntilItAnswers();
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

    public (string User, string Password) Account { get; }

    public ProcessTree Tree { get; }

    /// <summary>Whether <see cref="Connect"/> asks for TLS.</summary>
    public bool OverTls { get; init; }

    /// <summary>From the start of the process until it accepted a connection, and the processor seconds it used until then.</summary>
    public (TimeSpan Elapsed, double Processor) Start { get; private set; }

    /// <summary>A port below the range from which the system hands out ports.</summary>
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
                // Taken: draw another.
            }
        }
    }

    /// <summary>A signed-in session, binary, from 127.0.0.<paramref name="source"/>.</summary>
    public FtpWire Connect(int source = 1)
    {
        var wire = new FtpWire(Port, OverTls, source);
        try
        {
            wire.SignIn(Account.User, Account.Password);
            wire.Must(2, "TYPE", "I");
            if (OverTls)
            {
                wire.Must(2, "PBSZ", "0");
                wire.Must(2, "PROT", "P");
            }

            return wire;
        }
        catch
        {
            wire.Dispose();
            throw;
        }
    }

    /// <summary>Ends the process and its children; whoever waits for them then fails.</summary>
    public void Kill()
    {
        if (!_disposed && !_process.HasExited)
        {
            Tree.Kill();
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            Kill();
            // With a limit it waits for the process alone, not for whoever else holds its output: a session of vsftpd may outlive its parent and does.
            _process.WaitForExit(10_000);
            _disposed = true;
            _process.Dispose();
        }
    }

    private void WaitUntilItAnswers()
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
                wire.Ask("QUIT");
                return;
            }
            catch (LoadException) when (!_process.HasExited && Environment.TickCount64 < deadline)
            {
                // A foreign process tells nobody when it listens.
                Thread.Sleep(1);
            }
            catch (LoadException e)
            {
                lock (_said)
                {
                    throw new LoadException($"{Name} does not answer: {e.Message} {_said.ToString().Trim()}");
                }
            }
        }
    }

    private void Collect(object sender, DataReceivedEventArgs line)
    {
        lock (_said)
        {
            // The last words are wanted, not a day's log.
            _said.Length = _said.Length > 4000 ? 0 : _said.Length;
            _said.AppendLine(line.Data);
        }
    }
}
