using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Fts.Interop.Tests.Peers;

/// <summary>
/// Relays the connections between a client and a server. After a given number of uploaded bytes it stops the upload and waits for the test
/// to interrupt it. It owns all connections.
/// </summary>
internal sealed partial class InterruptingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TaskCompletionSource _limitReached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _clientDisconnected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _interrupted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _commands = [];
    private readonly List<Task> _relays = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private readonly int _serverPort;
    private readonly long _limit;
    private long _uploaded;

    /// <summary>Starts a relay to a server on this machine.</summary>
    /// <param name="serverPort">The control port of the server.</param>
    /// <param name="limit">The uploaded bytes that are relayed before the upload stops.</param>
    public InterruptingRelay(int serverPort, long limit = long.MaxValue)
    {
        (_serverPort, _limit) = (serverPort, limit);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Completes when the last byte before the limit has been relayed.</summary>
    public Task LimitReached => _limitReached.Task;

    /// <summary>Completes when a client has closed its control connection and the relay has closed the one to the server.</summary>
    public Task ClientDisconnected => _clientDisconnected.Task;

    /// <summary>The uploaded bytes relayed so far.</summary>
    public long UploadedBytes => Volatile.Read(ref _uploaded);

    /// <summary>The commands of the clients that concern an upload, separated by commas.</summary>
    public string Commands
    {
        get
        {
            lock (_commands)
            {
                return string.Join(
                    ", ", _commands.Where(command => command.Split(' ')[0] is "SIZE" or "MDTM" or "REST" or "APPE" or "STOR" or "ALLO"));
            }
        }
    }

    /// <summary>
    /// Closes the stopped data connection: by a reset, or normally, as the system closes the connections of a killed process.
    /// </summary>
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
                await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _serverPort), _stopping.Token);
                Task first = await Task.WhenAny(
                    RelayLinesAsync(client, server, RecordCommand), RelayLinesAsync(server, client, ReplacePassivePort));
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

    /// <summary>Replaces the passive port in a 227 or 229 reply with a port of the relay. Returns other replies unchanged.</summary>
    private string ReplacePassivePort(string reply)
    {
        if (ExtendedPassivePattern().Match(reply) is { Success: true } extended)
        {
            return extended.Result($"${{1}}{ListenForData(int.Parse(extended.Groups[2].Value, CultureInfo.InvariantCulture))}$3");
        }

        if (PassivePattern().Match(reply) is not { Success: true } passive)
        {
            return reply;
        }

        int high = int.Parse(passive.Groups[2].Value, CultureInfo.InvariantCulture);
        int low = int.Parse(passive.Groups[3].Value, CultureInfo.InvariantCulture);
        int port = ListenForData((high << 8) | low);
        return passive.Result($"${{1}}{port >> 8},{port & 255}$4");
    }

    /// <summary>Relays one data connection to <paramref name="port"/> of the server. Returns the port on which the relay listens.</summary>
    private int ListenForData(int port)
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

    /// <summary>Runs a relay until one side disconnects or the test ends. The caller then closes the other side.</summary>
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
