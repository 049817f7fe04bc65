using System.Net;
using System.Net.Sockets;

namespace Fts.Client;

/// <summary>A data connection in the making: a connect under way (passive) or a listener waiting for the server (active).</summary>
/// <remarks>Owns its sockets until <see cref="TakeAsync"/> hands the connected one over.</remarks>
internal sealed class DataLink : IDisposable
{
    private readonly Socket _socket;
    private readonly IPAddress _peer;
    private readonly Task? _connecting;
    private Socket? _connected;

    private DataLink(Socket socket, IPAddress peer, Task? connecting) => (_socket, _peer, _connecting) = (socket, peer, connecting);

    /// <summary>Starts connecting; the first packet leaves now, so that it travels together with the command sent next.</summary>
    public static DataLink Connect(IPEndPoint endPoint)
    {
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        return new DataLink(socket, endPoint.Address, socket.ConnectAsync(endPoint));
    }

    /// <summary>Listens on a free port of an address of this side.</summary>
    public static DataLink Listen(IPAddress local, IPAddress peer)
    {
        var socket = new Socket(local.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(local, 0));
        socket.Listen(1);
        return new DataLink(socket, peer, connecting: null);
    }

    /// <summary>Where the server is to connect to.</summary>
    public IPEndPoint LocalEndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>Throws when it is known already that there will be no connection, before a command is wasted on it.</summary>
    public void ThrowIfRefused()
    {
        if (_connecting is { IsFaulted: true })
        {
            throw Failed(_connecting.Exception!.InnerException!);
        }
    }

    /// <summary>Waits for the connection and hands its socket over.</summary>
    /// <exception cref="FtpConnectionException">There is none.</exception>
    public async Task<Socket> TakeAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(limit, cancellationToken);
        try
        {
            if (_connecting is null)
            {
                return _connected = await AcceptAsync(deadline.Token).ConfigureAwait(false);
            }

            await _connecting.WaitAsync(deadline.Token).ConfigureAwait(false);
            return _connected = _socket;
        }
        catch (OperationCanceledException e)
        {
            throw deadline.Translate(e, FtpConnectionPhase.OpenData);
        }
        catch (SocketException e)
        {
            throw Failed(e);
        }
    }

    /// <summary>Closes what was not handed over.</summary>
    public void Dispose()
    {
        if (!ReferenceEquals(_socket, _connected))
        {
            _socket.Dispose();
            // A connect that fails only now has nobody left to tell.
            _connecting?.ContinueWith(static task => _ = task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }

    /// <summary>The server's connection; anyone else who finds the port is turned away.</summary>
    private async Task<Socket> AcceptAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Socket socket = await _socket.AcceptAsync(cancellationToken).ConfigureAwait(false);
            if (((IPEndPoint)socket.RemoteEndPoint!).Address.Equals(_peer))
            {
                return socket;
            }

            socket.Dispose();
        }
    }

    private static FtpConnectionException Failed(Exception exception) =>
        new(FtpConnectionPhase.OpenData, $"cannot open the data connection: {exception.Message}", exception);
}
