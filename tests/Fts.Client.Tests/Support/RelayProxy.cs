using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Client.Tests.Support;

/// <summary>
/// A proxy that connects to this machine for every requested host. On the first connection it sends the greeting of the server in one
/// packet with its own response.
/// </summary>
internal sealed class RelayProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(30));
    private readonly FtpProxyKind _kind;
    private readonly (string User, string Password)? _account;
    private readonly Task _accepting;
    private int _connections;

    private RelayProxy(FtpProxyKind kind, (string, string)? account)
    {
        (_kind, _account) = (kind, account);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>The host names or addresses that clients requested, in order.</summary>
    public ConcurrentQueue<string> RequestedHosts { get; } = new();

    /// <summary>The proxy settings for a client, without a user name.</summary>
    public FtpProxy Address => new(_kind, "127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port);

    public static RelayProxy Start(FtpProxyKind kind, (string User, string Password)? account = null) => new(kind, account);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await Task.WhenAny(_accepting);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client = await _listener.AcceptSocketAsync(_stop.Token);
            _ = ServeAsync(client, isFirst: Interlocked.Increment(ref _connections) == 1);
        }
    }

    private async Task ServeAsync(Socket client, bool isFirst)
    {
        using Socket _ = client;
        using var stream = new NetworkStream(client);
        byte[] success, failure;
        (string Host, int Port)? target;
        if (_kind == FtpProxyKind.Socks5)
        {
            target = await ReadSocksRequestAsync(stream);
            (success, failure) = ([5, 0, 0, 1, 0, 0, 0, 0, 0, 0], [5, 5, 0, 1, 0, 0, 0, 0, 0, 0]);
        }
        else
        {
            target = await ReadHttpRequestAsync(stream);
            (success, failure) = (
                "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n"u8.ToArray(),
                "HTTP/1.1 502 Host unreachable\r\n\r\n"u8.ToArray());
        }

        if (target is not { } requested)
        {
            return;
        }

        bool isV6 = IPAddress.TryParse(requested.Host, out IPAddress? address) && address.AddressFamily == AddressFamily.InterNetworkV6;
        RequestedHosts.Enqueue(requested.Host);
        using var server =
            new Socket(isV6 ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await server.ConnectAsync(isV6 ? IPAddress.IPv6Loopback : IPAddress.Loopback, requested.Port, _stop.Token);
        }
        catch (SocketException)
        {
            await stream.WriteAsync(failure, _stop.Token);
            return;
        }

        byte[] greeting = new byte[1024];
        int length = isFirst ? await server.ReceiveAsync(greeting, _stop.Token) : 0;
        await stream.WriteAsync((byte[])[.. success, .. greeting[..length]], _stop.Token);
        await Task.WhenAll(CopyAsync(client, server), CopyAsync(server, client));
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            for (int read; (read = await from.ReceiveAsync(buffer, _stop.Token)) > 0;)
            {
                await to.SendAsync(buffer.AsMemory(0, read), _stop.Token);
            }

            to.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            to.Close(0);
        }
    }

    private async Task<(string Host, int Port)?> ReadSocksRequestAsync(NetworkStream stream)
    {
        byte[] methods = await ReadAsync(stream, (await ReadAsync(stream, 2))[1]);
        byte requiredMethod = _account is null ? (byte)0 : (byte)2;
        byte method = methods.Contains(requiredMethod) ? requiredMethod : (byte)255;
        await stream.WriteAsync(new byte[] { 5, method }, _stop.Token);
        if (method == 255 || (_account is { } account && !await AuthenticateSocksAsync(stream, account)))
        {
            return null;
        }

        byte[] request = await ReadAsync(stream, 4);
        Assert.Equal([5, 1, 0], request[..3]);
        string host = request[3] switch
        {
            1 => new IPAddress(await ReadAsync(stream, 4)).ToString(),
            4 => new IPAddress(await ReadAsync(stream, 16)).ToString(),
            _ => Encoding.ASCII.GetString(await ReadAsync(stream, (await ReadAsync(stream, 1))[0])),
        };
        return (host, BinaryPrimitives.ReadUInt16BigEndian(await ReadAsync(stream, 2)));
    }

    private async Task<bool> AuthenticateSocksAsync(NetworkStream stream, (string User, string Password) account)
    {
        Assert.Equal(1, (await ReadAsync(stream, 1))[0]);
        string user = Encoding.UTF8.GetString(await ReadAsync(stream, (await ReadAsync(stream, 1))[0]));
        string password = Encoding.UTF8.GetString(await ReadAsync(stream, (await ReadAsync(stream, 1))[0]));
        bool isRight = (user, password) == account;
        await stream.WriteAsync(new byte[] { 1, isRight ? (byte)0 : (byte)1 }, _stop.Token);
        return isRight;
    }

    private async Task<(string Host, int Port)?> ReadHttpRequestAsync(NetworkStream stream)
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append((char)(await ReadAsync(stream, 1))[0]);
        }

        string[] lines = head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        string target = lines[0]["CONNECT ".Length..^" HTTP/1.1".Length];
        Assert.Equal($"Host: {target}", lines[1]);
        string? authorization = _account is { } account
            ? $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{account.User}:{account.Password}"))}" : null;
        if (authorization is not null && !lines.Contains(authorization))
        {
            await stream.WriteAsync(
                "HTTP/1.1 407 Sign in, please\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 4\r\n\r\nsorry"u8.ToArray(),
                _stop.Token);
            return null;
        }

        int colon = target.LastIndexOf(':');
        return (target[..colon].Trim('[', ']'), int.Parse(target.AsSpan(colon + 1), System.Globalization.CultureInfo.InvariantCulture));
    }

    private async Task<byte[]> ReadAsync(NetworkStream stream, int length)
    {
        byte[] bytes = new byte[length];
        await stream.ReadExactlyAsync(bytes, _stop.Token);
        return bytes;
    }
}
