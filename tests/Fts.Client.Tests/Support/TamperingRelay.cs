using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Fts.Client.Tests.Support;

/// <summary>Relays between a client and a server. Tests can replace replies and interrupt connections. Owns all connections.</summary>
internal sealed partial class TamperingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<string> _commands = [];
    private readonly List<Task> _passing = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private readonly int _server;
    private int _connections;

    public TamperingRelay(int server)
    {
        _server = server;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Returns the line to send to the client instead of a line of the server; null to drop it.</summary>
    public Func<string, string?> RewriteReply { get; set; } = line => line;

    /// <summary>Returns the reply to a command instead of the server; null to pass the command to the server.</summary>
    public Func<string, Task<string?>> ReplyToCommand { get; set; } = _ => Task.FromResult<string?>(null);

    /// <summary>Returns the number of bytes after which a data connection is reset, for the commands sent since it was requested.</summary>
    public Func<string, long> GetResetOffset { get; set; } = _ => long.MaxValue;

    /// <summary>Returns a task that each block of data waits for, for the same commands.</summary>
    public Func<string, Task> WaitBeforeData { get; set; } = _ => Task.CompletedTask;

    /// <summary>The number of accepted control connections. Further connections receive 421.</summary>
    public int MaxConnections { get; set; } = int.MaxValue;

    /// <summary>The number of control connections.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>The commands of the clients on all connections.</summary>
    public string[] Commands
    {
        get
        {
            lock (_commands)
            {
                return [.. _commands];
            }
        }
    }

    public int Count(string start) => Commands.Count(command => command.StartsWith(start, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        Task[] passing;
        lock (_passing)
        {
            passing = [.. _passing];
        }

        await Task.WhenAll(passing);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_stopping.Token);
                Track(QuietlyAsync(() => PassControlAsync(client, Interlocked.Increment(ref _connections))));
            }
        }
        catch (Exception e) when (
            e is OperationCanceledException or ObjectDisposedException or InvalidOperationException && _stopping.IsCancellationRequested)
        {
        }
    }

    private void Track(Task passing)
    {
        lock (_passing)
        {
            _passing.Add(passing);
        }
    }

    private async Task PassControlAsync(Socket client, int number)
    {
        using (client)
        {
            if (number > MaxConnections)
            {
                await client.SendAsync("421 too many connections\r\n"u8.ToArray(), _stopping.Token);
                return;
            }

            using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _server), _stopping.Token);
            var data = new StrongBox();
            using var writing = new SemaphoreSlim(1);
            Task commands = QuietlyAsync(() => PassCommandsAsync(client, server, data, writing));
            await Task.WhenAny(commands, QuietlyAsync(() => PassRepliesAsync(server, client, data, writing)));
            // .NET resets a connection that is disposed during a receive, unless its sending side was shut down. A reset would discard the
            // last replies.
            await QuietlyAsync(() => EndSending(client));
            await QuietlyAsync(() => EndSending(server));
        }
    }

    private static Task EndSending(Socket socket)
    {
        socket.Shutdown(SocketShutdown.Send);
        return Task.CompletedTask;
    }

    private async Task PassCommandsAsync(Socket client, Socket server, StrongBox data, SemaphoreSlim writing)
    {
        using var reader = new StreamReader(new NetworkStream(client), Encoding.Latin1);
        while (await reader.ReadLineAsync(_stopping.Token) is { } line)
        {
            lock (_commands)
            {
                _commands.Add(line);
            }

            data.Add(line);
            if (await ReplyToCommand(line) is { } answer)
            {
                await SendAsync(client, answer, writing);
            }
            else
            {
                await server.SendAsync(Encoding.Latin1.GetBytes(line + "\r\n"), _stopping.Token);
            }
        }
    }

    private async Task PassRepliesAsync(Socket server, Socket client, StrongBox data, SemaphoreSlim writing)
    {
        using var reader = new StreamReader(new NetworkStream(server), Encoding.Latin1);
        while (await reader.ReadLineAsync(_stopping.Token) is { } line)
        {
            if (ExtendedPassive().Match(line) is { Success: true } passive)
            {
                data.Value = new DataRequest();
                line = passive.Result($"${{1}}{OpenData(int.Parse(passive.Groups[2].Value, CultureInfo.InvariantCulture), data.Value)}$3");
            }

            if (RewriteReply(line) is { } changed)
            {
                await SendAsync(client, changed, writing);
            }
        }
    }

    private async Task SendAsync(Socket client, string line, SemaphoreSlim writing)
    {
        await writing.WaitAsync(_stopping.Token);
        try
        {
            await client.SendAsync(Encoding.Latin1.GetBytes(line + "\r\n"), _stopping.Token);
        }
        finally
        {
            writing.Release();
        }
    }

    private int OpenData(int port, DataRequest request)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start(1);
        Track(QuietlyAsync(async () =>
        {
            using (listener)
            {
                using Socket client = await listener.AcceptSocketAsync(_stopping.Token);
                using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), _stopping.Token);
                await Task.WhenAll(PassDataAsync(client, server, request), PassDataAsync(server, client, request));
            }
        }));
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task PassDataAsync(Socket from, Socket to, DataRequest request)
    {
        byte[] buffer = new byte[64 * 1024];
        for (long passed = 0; ;)
        {
            int read = await from.ReceiveAsync(buffer, _stopping.Token);
            if (read == 0)
            {
                to.Shutdown(SocketShutdown.Send);
                return;
            }

            await WaitBeforeData(request.Commands).WaitAsync(_stopping.Token);
            int left = (int)Math.Min(read, GetResetOffset(request.Commands) - passed);
            for (int sent = 0; sent < left;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, left - sent), _stopping.Token);
            }

            passed += left;
            if (left < read)
            {
                // The relayed bytes must arrive before the reset, as they do if only one side detects the loss.
                to.Shutdown(SocketShutdown.Send);
                from.LingerState = new LingerOption(true, 0);
                from.Close();
                return;
            }
        }
    }

    /// <summary>Closes both sides after one side closed, or at the end of the test.</summary>
    private static async Task QuietlyAsync(Func<Task> pass)
    {
        try
        {
            await pass();
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
        }
    }

    [GeneratedRegex(@"^(229 .*\|\|\|)(\d+)(\|.*)$")]
    private static partial Regex ExtendedPassive();

    /// <summary>Returns the commands sent after a data connection was requested, for example <c>RANG 5 9 RETR a</c>.</summary>
    private sealed class DataRequest
    {
        public string Commands { get; set; } = "";
    }

    private sealed class StrongBox
    {
        public DataRequest? Value { get; set; }

        public void Add(string command)
        {
            if (Value is { } request)
            {
                request.Commands = $"{request.Commands} {command}".Trim();
            }
        }
    }
}
