using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Data.Passive;

/// <summary>
/// Waits for connections on all shared passive ports with one thread, which starts when the first port is added. The thread calls
/// <see cref="SharedPassivePort.AcceptQueuedConnections"/>, which accepts under the port's lock. A reservation can therefore ignore the
/// connections that arrived before it. An asynchronous accept would accept outside the lock.
/// </summary>
/// <remarks>The owner, <see cref="PassivePorts"/>, disposes this object. A listener must be removed before it is closed.</remarks>
/// <param name="logger">The logger for unexpected exceptions.</param>
internal sealed class PassivePortPoller(ILogger logger) : IDisposable
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private readonly Dictionary<Socket, SharedPassivePort> _ports = [];
    private Socket? _wakeSocket;
    private bool _isDisposed;

    /// <summary>
    /// Adds a listener. From now on, each connection that arrives on the listener causes a call of
    /// <see cref="SharedPassivePort.AcceptQueuedConnections"/>.
    /// </summary>
    /// <exception cref="SocketException">No file descriptor is free.</exception>
    public void Add(Socket listener, SharedPassivePort port)
    {
        lock (_lock)
        {
            if (_wakeSocket is null)
            {
                _wakeSocket = CreateWakeSocket();
                new Thread(PollListeners) { IsBackground = true, Name = "fts passive ports" }.Start();
            }

            _ports.Add(listener, port);
            Wake();
        }
    }

    /// <summary>Removes a listener.</summary>
    public void Remove(Socket listener)
    {
        lock (_lock)
        {
            _ports.Remove(listener);
            Wake();
        }
    }

    /// <summary>Ends the thread.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            Wake();
        }
    }

    /// <summary>
    /// Creates a UDP socket that is connected to itself. A datagram on this socket ends the thread's wait in select on every system.
    /// </summary>
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

    /// <summary>Ends the thread's wait in select, so that the thread uses the changed set of listeners.</summary>
    private void Wake()
    {
        try
        {
            _wakeSocket?.Send([0]);
        }
        catch (SocketException)
        {
            // The queue of the socket is full. The datagrams in the queue end the wait.
        }
    }

    private void PollListeners()
    {
        var ready = new List<Socket>();
        byte[] datagram = new byte[1];
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
                    _wakeSocket!.Receive(datagram);
                }
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                continue; // a listener has just been closed
            }

            foreach (Socket listener in ready)
            {
                try
                {
                    AcceptConnections(listener);
                }
                catch (Exception e)
                {
                    // An unhandled exception of this thread would end the process.
                    Log.LoopFailed(logger, e, "poller of passive ports");
                    Thread.Sleep(RetryDelay);
                }
            }
        }
    }

    private void AcceptConnections(Socket listener)
    {
        SharedPassivePort? port;
        lock (_lock)
        {
            _ports.TryGetValue(listener, out port);
        }

        if (port?.AcceptQueuedConnections() == false)
        {
            Thread.Sleep(RetryDelay); // no file descriptor is free until a session ends
        }
    }
}
