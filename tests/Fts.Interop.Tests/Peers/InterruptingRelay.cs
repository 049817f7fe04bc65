using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Fts.Interop.Tests.Peers;

/// <summary>
/// Stands between a client and a server and passes on what they say, until so many bytes of uploads have gone through. Then no more go, and what breaks is
/// the test's to choose. Owns all the connections.
/// </summary>
internal sealed partial class InterruptingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TaskCompletionSource _limitReached = new(TaskCreationOptions.RunContinuationsAsynchronously), _clientDisconnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _interrupted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _commands = [];
    private readonly List<Task> _relays = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private readonly int _server;
    private readonly long _limit;
    private long _uploaded;

    /// <summary>Passes on to a server of this machine.</summary>
    /// <param name="server">The server's port.</param>
    /// <param name="limit">Bytes of uploads that go through before it breaks.</param>
    public InterruptingRelay(int server, long limit = long.MaxValue)
    {
        (_server, _limit) = (server, limit);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Ends when the last byte before the cut has gone through.</summary>
    public Task LimitReached => _limitReached.Task;

    /// <summary>Ends when a client closed its control connection, and the server was told so.</summary>
    public Task ClientDisconnected => _clientDisconnected.Task;

    /// <summary>Bytes of uploads that have gone through.</summary>
    public long UploadedBytes => Volatile.Read(ref _uploaded);

    /// <summary>What the clients said, the verbs of a sign-in left out.</summary>
    public string Commands
    {
        get
        {
            lock (_commands)
            {
                return string.Join(", ", _commands.Where(command => command.Split(' ')[0] is "SIZE" or "MDTM" or "REST" or "APPE" or "STOR" or "ALLO"));
            }
        }
    }

    /// <summary>Ends the data connection that stands still, by a reset or in good order, as the system ends those of a process that was killed.</summary>
    public void Interrupt(bool reset) => _interrupted.TrySetResult(reset);

    public async ValueTask DisposeAsync()
    {
        _interrupted.TrySetResult(true);
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_relays.ToArray());
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_stopping.Token);
                Track(RelayControlAsync(client));
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void Track(Task relay)
    {
        lock (_relays)
        {
            _relays.Add(relay);
        }
    }

    private async Task RelayControlAsync(Socket client)
    {
        using (client)
        {
            using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await IgnoreDisconnectAsync(async () =>
            {
                await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _server), _stopping.Token);
                Task first = await Task.WhenAny(RelayLinesAsync(client, server, RecordCommand), RelayLinesAsync(server, client, ReplacePassivePort));
                await first;
            });
            server.Close();
            _clientDisconnected.TrySetResult();
        }
    }

    private string RecordCommand(string command)
    {
        lock (_commands)
        {
            _commands.Add(command);
        }

        return command;
    }

    /// <summary>A 227 or 229 with a port of ours, behind which is the server's.</summary>
    private string ReplacePassivePort(string reply)
    {
        if (ExtendedPassivePattern().Match(reply) is { Success: true } extended)
        {
            return extended.Result($"${{1}}{OpenData(int.Parse(extended.Groups[2].Value, CultureInfo.InvariantCulture))}$3");
        }

        if (PassivePattern().Match(reply) is not { Success: true } passive)
        {
            return reply;
        }

        int own = OpenData((int.Parse(passive.Groups[2].Value, CultureInfo.InvariantCulture) << 8) | int.Parse(passive.Groups[3].Value, CultureInfo.InvariantCulture));
        return passive.Result($"${{1}}{own >> 8},{own & 255}$4");
    }

    private int OpenData(int port)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(1);
        Track(IgnoreDisconnectAsync(async () =>
        {
            using (listener)
            {
                using Socket client = await listener.AcceptSocketAsync(_stopping.Token);
                using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), _stopping.Token);
                await Task.WhenAll(RelayUploadAsync(client, server), RelayDownloadAsync(server, client));
            }
        }));
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task RelayUploadAsync(Socket client, Socket server)
    {
        byte[] buffer = new byte[64 * 1024];
        while (true)
        {
            if (_uploaded == _limit)
            {
                _limitReached.TrySetResult();
                if (await _interrupted.Task)
                {
                    client.LingerState = server.LingerState = new LingerOption(true, 0);
                }

                server.Close();
                client.Close();
                return;
            }

            int read = await client.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, _limit - _uploaded)), _stopping.Token);
            if (read == 0)
            {
                server.Shutdown(SocketShutdown.Send);
                return;
            }

            await server.SendAsync(buffer.AsMemory(0, read), _stopping.Token);
            Volatile.Write(ref _uploaded, _uploaded + read);
        }
    }

    private async Task RelayDownloadAsync(Socket server, Socket client)
    {
        byte[] buffer = new byte[64 * 1024];
        while (await server.ReceiveAsync(buffer, _stopping.Token) is > 0 and var read)
        {
            await client.SendAsync(buffer.AsMemory(0, read), _stopping.Token);
        }

        client.Shutdown(SocketShutdown.Send);
    }

    private async Task RelayLinesAsync(Socket from, Socket to, Func<string, string> rewrite)
    {
        using var reader = new StreamReader(new NetworkStream(from), Encoding.Latin1);
        while (await reader.ReadLineAsync(_stopping.Token) is { } line)
        {
            await to.SendAsync(Encoding.Latin1.GetBytes(rewrite(line) + "\r\n"), _stopping.Token);
        }
    }

    /// <summary>One side went, or the test is over: the other side is told by closing.</summary>
    private static async Task IgnoreDisconnectAsync(Func<Task> relay)
    {
        try
        {
            await relay();
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
        }
    }

    [GeneratedRegex(@"^(229 .*\|\|\|)(\d+)(\|.*)$")]
    private static partial Regex ExtendedPassivePattern();

    [GeneratedRegex(@"^(227 .*\d+,\d+,\d+,\d+,)(\d+),(\d+)(.*)$")]
    private static partial Regex PassivePattern();
}
