using System.Net;
using System.Net.Sockets;
using Fts.Client.Connections;

namespace Fts.Client.Proxies;

/// <summary>Opens connections to a server through a proxy.</summary>
internal static class ProxyTunnel
{
    /// <summary>Resolves the name of the proxy and connects a socket to it.</summary>
    /// <exception cref="FtpProxyException">The proxy cannot be reached within <paramref name="limit"/>.</exception>
    public static Task ConnectToProxyAsync(Socket socket, FtpProxy proxy, TimeSpan limit, CancellationToken cancellationToken) =>
        ConnectToProxyAsync(token => socket.ConnectAsync(proxy.Host, proxy.Port, token), proxy, limit, cancellationToken);

    /// <summary>Connects a socket to the proxy at <paramref name="address"/>, which an earlier connection used.</summary>
    /// <exception cref="FtpProxyException">The proxy cannot be reached within <paramref name="limit"/>.</exception>
    public static Task ConnectToProxyAsync(
        Socket socket, FtpProxy proxy, IPEndPoint address, TimeSpan limit, CancellationToken cancellationToken) =>
        ConnectToProxyAsync(token => socket.ConnectAsync(address, token), proxy, limit, cancellationToken);

    /// <summary>
    /// Requests that the proxy connect to a host. The socket must be connected to the proxy. After the call, the socket exchanges bytes
    /// with the host.
    /// </summary>
    /// <exception cref="FtpProxyException">The proxy did not connect to the host, or sent an invalid response.</exception>
    public static Task OpenAsync(Socket socket, FtpClientOptions options, string host, int port, CancellationToken cancellationToken)
    {
        var connection = new ProxyConnection(socket, options.Proxy!, options.Timeouts.Connect, cancellationToken);
        return options.Proxy!.Kind == FtpProxyKind.Socks5
            ? Socks5.ConnectAsync(connection, FtpProxy.NormalizeHost(host), port)
            : HttpConnect.ConnectAsync(connection, FtpProxy.NormalizeHost(host), port, options.Limits.ProxyResponse);
    }

    private static async Task ConnectToProxyAsync(
        Func<CancellationToken, ValueTask> connect, FtpProxy proxy, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(limit, cancellationToken);
        try
        {
            await connect(deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            Exception translated = deadline.Translate(e, FtpOperationPhase.Connect);
            throw translated is FtpTimeoutException timeout
                ? new FtpProxyException(proxy, $"cannot be reached: {timeout.Message}", isTransient: true, timeout)
                : translated;
        }
        catch (SocketException e)
        {
            throw new FtpProxyException(proxy, $"cannot be reached: {e.Message}", isTransient: true, e);
        }
    }
}
