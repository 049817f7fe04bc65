using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Data.Passive;

/// <summary>
/// Waits for connections on all shared ports with one thread, begun when the first port opens. It takes nobody from a queue: the port does, under its
/// lock, so that it is certain who came before a reservation and who after it. (An asynchronous accept takes first and tells later.)
/// </summary>
/// <remarks>Its owner, <see cref="PassivePorts"/>, disposes it. A listener is removed before it is closed.</remarks>
/// <param name="logger">Where unexpected exceptions are logged.</param>
internal sealed class PassivePortPoller(ILogger logger) : IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly Dictionary<Socket, SharedPassivePort> _ports = [];
    private Socket? _wakeSocket;
    private bool _isDisposed;

    /// <summary>Tells the port from now on when somebody has connected to its listener.</summary>
    /// <exception cref="SocketException">No descriptor is free.</exception>
    public void Add(Socket listener, SharedPassivePort port)
    {
        lock (_lock)
        {
            if (_wakeSocket is null)
            {
                _wakeSocket = CreateWakeSocket();
                new Thread(Run) { IsBackground = true, Name = "fts passive ports" }.Start();
            }

            _ports.Add(listener, port);
            Wake();
        }
    }

    public void Remove(Socket listener)
    {
        lock (_lock)
        {
            _ports.Remove(listener);
            Wake();
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            Wake();
        }
    }

    /// <summary>A datagram socket that hears only itself: the one thing a thread in select can be woken by on every system.</summary>
    private static Socket CreateWakeSocket()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { Blocking = false };
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            socket.Connect(socket.LocalEndPoint!);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private void Wake()
    {
        try
        {
            _wakeSocket?.Send([0]);
        }
        catch (SocketException)
        {
            // Its queue is full of such words.
        }
    }

    private void Run()
    {
        var ready = new List<Socket>();
        byte[] word = new byte[1];
        while (true)
        {
            ready.Clear();
            lock (_lock)
            {
                if (_isDisposed)
                {
                    _wakeSocket!.Dispose();
                    _wakeSocket = null;
                    return;
                }

                ready.Add(_wakeSocket!);
                ready.AddRange(_ports.Keys);
            }

            try
            {
                Socket.Select(ready, null, null, Timeout.InfiniteTimeSpan);
                if (ready.Remove(_wakeSocket!))
                {
                    _wakeSocket!.Receive(word);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                continue; // a listener was closed in this moment
            }

            foreach (Socket listener in ready)
            {
                try
                {
                    Notify(listener);
                }
                catch (Exception e)
                {
                    // On a thread of its own an exception would end the process.
                    Log.LoopFailed(logger, e, "watch of passive ports");
                    Thread.Sleep(RetryDelay);
                }
            }
        }
    }

    private void Notify(Socket listener)
    {
        SharedPassivePort? port;
        lock (_lock)
        {
            _ports.TryGetValue(listener, out port);
        }

        if (port?.AcceptQueuedConnections() == false)
        {
            Thread.Sleep(RetryDelay); // no descriptor is free: that passes when a session ends
        }
    }
}
