using System.Net;
using System.Net.Sockets;
using Fts.Client.Connections;

namespace Fts.Client.Proxies;

/// <summary>Connections to a server through a proxy.</summary>
internal static class ProxyTunnel
{
    /// <summary>Connects a socket to the proxy, by its name.</summary>
    /// <exception cref="FtpProxyException">It cannot be reached.</exception>
    public static Task ConnectToProxyAsync(Socket socket, FtpProxy proxy, TimeSpan limit, CancellationToken cancellationToken) =>
        ConnectToProxyAsync(token => socket.ConnectAsync(proxy.Host, proxy.Port, token), proxy, limit, cancellationToken);

    /// <summary>Connects a socket to the proxy where another connection found it.</summary>
    /// <exception cref="FtpProxyException">It cannot be reached.</exception>
    public static Task ConnectToProxyAsync(Socket socket, FtpProxy proxy, IPEndPoint found, TimeSpan limit, CancellationToken cancellationToken) =>
        ConnectToProxyAsync(token => socket.ConnectAsync(found, token), proxy, limit, cancellationToken);

    /// <summary>Has the proxy at the other end of a socket connect to a host. From then on, to the byte, the other end is that host.</summary>
    /// <exception cref="FtpProxyException">It does not.</exception>
    public static Task OpenAsync(Socket socket, FtpClientOptions options, string host, int port, CancellationToken cancellationToken)
    {
        var wire = new ProxyConnection(socket, options.Proxy!, options.Timeouts.Connect, cancellationToken);
        return options.Proxy!.Kind == FtpProxyKind.Socks5
            ? Socks5.ConnectAsync(wire, FtpProxy.NormalizeHost(host), port)
            : HttpConnect.ConnectAsync(wire, FtpProxy.NormalizeHost(host), port, options.Limits.ProxyResponse);
    }

    private static async Task ConnectToProxyAsync(Func<CancellationToken, ValueTask> connect, FtpProxy proxy, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(limit, cancellationToken);
        try
        {
            await connect(deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            Exception translated = deadline.Translate(e, FtpOperationPhase.Connect);
            throw translated is FtpTimeoutException timeout ? new FtpProxyException(proxy, $"cannot be reached: {timeout.Message}", isTransient: true, timeout) : translated;
        }
        catch (SocketException e)
        {
            throw new FtpProxyException(proxy, $"cannot be reached: {e.Message}", isTransient: true, e);
        }
    }
}
