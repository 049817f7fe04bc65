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
    private readonly List<Task> _relays = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private readonly int _serverPort;
    private int _connections;

    public TamperingRelay(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Returns the line that the client receives instead of a line of the server, or null to discard it.</summary>
    public Func<string, string?> RewriteReply { get; set; } = line => line;

    /// <summary>Returns the relay's own reply to a command, or null to send the command to the server.</summary>
    public Func<string, Task<string?>> InterceptCommandAsync { get; set; } = _ => Task.FromResult<string?>(null);

    /// <summary>
    /// Returns the number of bytes after which a data connection is reset. The argument has the commands sent after it was requested.
    /// </summary>
    public Func<string, long> GetResetOffset { get; set; } = _ => long.MaxValue;

    /// <summary>Called with the same commands before each block of data is sent. The relay waits for the returned task.</summary>
    public Func<string, Task> WaitBeforeDataAsync { get; set; } = _ => Task.CompletedTask;

    /// <summary>The number of accepted control connections. Further connections receive 421.</summary>
    public int MaxConnections { get; set; } = int.MaxValue;

    /// <summary>The number of control connections.</summary>
    public int ConnectionCount => Volatile.Read(ref _connections);

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

    public int CountCommands(string prefix) => Commands.Count(command => command.StartsWith(prefix, StringComparison.Ordinal));

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        Task[] relays;
        lock (_relays)
        {
            relays = [.. _relays];
        }

        await Task.WhenAll(relays);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_stopping.Token);
                Track(IgnoreDisconnectAsync(() => RelayControlAsync(client, Interlocked.Increment(ref _connections))));
            }
        }
        catch (Exception e) when (
            e is OperationCanceledException or ObjectDisposedException or InvalidOperationException && _stopping.IsCancellationRequested)
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

    private async Task RelayControlAsync(Socket client, int number)
    {
        using (client)
        {
            if (number > MaxConnections)
            {
                await client.SendAsync("421 too many connections\r\n"u8.ToArray(), _stopping.Token);
                return;
            }

            using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _serverPort), _stopping.Token);
            var data = new PassiveTransfer();
            using var writing = new SemaphoreSlim(1);
            Task relayedCommands = IgnoreDisconnectAsync(() => RelayCommandsAsync(client, server, data, writing));
            await Task.WhenAny(relayedCommands, IgnoreDisconnectAsync(() => RelayRepliesAsync(server, client, data, writing)));
            // .NET resets a connection that is disposed during a receive, unless its sending side was shut down. A reset would discard the
            // last replies.
            await IgnoreDisconnectAsync(() => ShutdownSend(client));
            await IgnoreDisconnectAsync(() => ShutdownSend(server));
        }
    }

    private static Task ShutdownSend(Socket socket)
    {
        socket.Shutdown(SocketShutdown.Send);
        return Task.CompletedTask;
    }

    private async Task RelayCommandsAsync(Socket client, Socket server, PassiveTransfer data, SemaphoreSlim writing)
    {
        using var reader = new StreamReader(new NetworkStream(client), Encoding.Latin1);
        while (await reader.ReadLineAsync(_stopping.Token) is { } line)
        {
            lock (_commands)
            {
                _commands.Add(line);
            }

            data.AddCommand(line);
            if (await InterceptCommandAsync(line) is { } answer)
            {
                await SendAsync(client, answer, writing);
            }
            else
            {
                await server.SendAsync(Encoding.Latin1.GetBytes(line + "\r\n"), _stopping.Token);
            }
        }
    }

    private async Task RelayRepliesAsync(Socket server, Socket client, PassiveTransfer data, SemaphoreSlim writing)
    {
        using var reader = new StreamReader(new NetworkStream(server), Encoding.Latin1);
        while (await reader.ReadLineAsync(_stopping.Token) is { } line)
        {
            if (ExtendedPassive().Match(line) is { Success: true } passive)
            {
                data.Value = new TransferCommands();
                int port = int.Parse(passive.Groups[2].Value, CultureInfo.InvariantCulture);
                line = passive.Result($"${{1}}{ListenForData(port, data.Value)}$3");
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

    private int ListenForData(int port, TransferCommands commands)
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
                await Task.WhenAll(RelayDataAsync(client, server, commands), RelayDataAsync(server, client, commands));
            }
        }));
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task RelayDataAsync(Socket from, Socket to, TransferCommands commands)
    {
        byte[] buffer = new byte[64 * 1024];
        for (long relayed = 0; ;)
        {
            int read = await from.ReceiveAsync(buffer, _stopping.Token);
            if (read == 0)
            {
                to.Shutdown(SocketShutdown.Send);
                return;
            }

            await WaitBeforeDataAsync(commands.Text).WaitAsync(_stopping.Token);
            int allowed = (int)Math.Min(read, GetResetOffset(commands.Text) - relayed);
            for (int sent = 0; sent < allowed;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, allowed - sent), _stopping.Token);
            }

            relayed += allowed;
            if (allowed < read)
            {
                // The relayed bytes must arrive before the reset, as they do if only one side detects the loss.
                to.Shutdown(SocketShutdown.Send);
                from.LingerState = new LingerOption(true, 0);
                from.Close();
                return;
            }
        }
    }

    /// <summary>Runs a relay until one side disconnects or the test ends.</summary>
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
    private static partial Regex ExtendedPassive();

    /// <summary>The commands sent after a data connection was requested, for example <c>RANG 5 9 RETR a</c>.</summary>
    private sealed class TransferCommands
    {
        public string Text { get; set; } = "";
    }

    /// <summary>The latest data connection that the client requested on a control connection.</summary>
    private sealed class PassiveTransfer
    {
        public TransferCommands? Value { get; set; }

        public void AddCommand(string command)
        {
            if (Value is { } commands)
            {
                commands.Text = $"{commands.Text} {command}".Trim();
            }
        }
    }
}
