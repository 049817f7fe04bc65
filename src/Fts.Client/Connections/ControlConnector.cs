using System.Net;
using System.Net.Sockets;
using Fts.Client.Proxies;
using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>Opens the TCP connection to the server, directly or through the proxy of the options.</summary>
internal static class ControlConnector
{
    /// <summary>
    /// Connects to the server and returns the socket, which the caller owns. Tries the addresses of the server in the order in which the
    /// resolver returns them.
    /// </summary>
    /// <exception cref="FtpConnectionException">
    /// The host name cannot be resolved, or no address of the server accepts the connection in time.
    /// </exception>
    /// <exception cref="FtpProxyException">The proxy cannot be reached, or cannot connect to the server.</exception>
    public static async Task<Socket> ConnectAsync(FtpClientOptions options, CancellationToken cancellationToken)
    {
        if (options.Proxy is not { } proxy)
        {
            return await ConnectDirectlyAsync(options, cancellationToken).ConfigureAwait(false);
        }

        Socket socket = CreateSocket();
        try
        {
            options.ConnectProgress?.Report(new FtpConnectProgress(FtpConnectStage.Connecting, null));
            await ProxyTunnel.ConnectToProxyAsync(socket, proxy, options.Timeouts.Connect, cancellationToken).ConfigureAwait(false);
            await ProxyTunnel.OpenAsync(socket, options, options.Host, options.Port, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static Socket CreateSocket()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        // The control connection is idle during a long transfer, and NAT devices discard idle connections.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 60); // seconds
        return socket;
    }

    private static async Task<Socket> ConnectDirectlyAsync(FtpClientOptions options, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(options.Timeouts.Connect, cancellationToken);
        try
        {
            IPAddress[] addresses = await ResolveAsync(options, deadline.Token).ConfigureAwait(false);
            for (int i = 0; ; i++)
            {
                try
                {
                    return await ConnectAsync(new IPEndPoint(addresses[i], options.Port), options, deadline.Token).ConfigureAwait(false);
                }
                catch (SocketException) when (i + 1 < addresses.Length)
                {
                    // The next address may accept the connection.
                }
            }
        }
        catch (OperationCanceledException e)
        {
            throw deadline.Translate(e, FtpOperationPhase.Connect);
        }
        catch (SocketException e)
        {
            throw new FtpConnectionException(
                FtpOperationPhase.Connect, $"cannot connect to {options.Host.ToPrintable()} port {options.Port}: {e.Message}", e);
        }
    }

    private static async Task<IPAddress[]> ResolveAsync(FtpClientOptions options, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(options.Host, out IPAddress? address))
        {
            return [address];
        }

        options.ConnectProgress?.Report(new FtpConnectProgress(FtpConnectStage.ResolvingName, null));
        IPAddress[] addresses = await Dns.GetHostAddressesAsync(options.Host, cancellationToken).ConfigureAwait(false);
        return addresses.Length > 0 ? addresses : throw new SocketException((int)SocketError.HostNotFound);
    }

    private static async Task<Socket> ConnectAsync(IPEndPoint address, FtpClientOptions options, CancellationToken cancellationToken)
    {
        options.ConnectProgress?.Report(new FtpConnectProgress(FtpConnectStage.Connecting, address));
        Socket socket = CreateSocket();
        try
        {
            await socket.ConnectAsync(address, cancellationToken).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
