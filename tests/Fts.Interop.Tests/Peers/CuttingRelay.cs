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
internal sealed partial class CuttingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously), _clientGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<bool> _cut = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> _commands = [];
    private readonly List<Task> _passing = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;
    private readonly int _server;
    private readonly long _cutAt;
    private long _uploaded;

    /// <summary>Passes on to a server of this machine.</summary>
    /// <param name="server">The server's port.</param>
    /// <param name="cutAt">Bytes of uploads that go through before it breaks.</param>
    public CuttingRelay(int server, long cutAt = long.MaxValue)
    {
        (_server, _cutAt) = (server, cutAt);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Ends when the last byte before the cut has gone through.</summary>
    public Task Reached => _reached.Task;

    /// <summary>Ends when a client closed its control connection, and the server was told so.</summary>
    public Task ClientGone => _clientGone.Task;

    /// <summary>Bytes of uploads that have gone through.</summary>
    public long Uploaded => Volatile.Read(ref _uploaded);

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
    public void Cut(bool reset) => _cut.TrySetResult(reset);

    public async ValueTask DisposeAsync()
    {
        _cut.TrySetResult(true);
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_passing.ToArray());
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_stopping.Token);
                Track(PassControlAsync(client));
            }
        }
        catch (OperationCanceledException)
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

    private async Task PassControlAsync(Socket client)
    {
        using (client)
        {
            using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await QuietlyAsync(async () =>
            {
                await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _server), _stopping.Token);
                Task first = await Task.WhenAny(PassLinesAsync(client, server, Noted), PassLinesAsync(server, client, WithOwnPort));
                await first;
            });
            server.Close();
            _clientGone.TrySetResult();
        }
    }

    private string Noted(string command)
    {
        lock (_commands)
        {
            _commands.Add(command);
        }

        return command;
    }

    /// <summary>A 227 or 229 with a port of ours, behind which is the server's.</summary>
    private string WithOwnPort(string reply)
    {
        if (ExtendedPassive().Match(reply) is { Success: true } extended)
        {
            return extended.Result($"${{1}}{OpenData(int.Parse(extended.Groups[2].Value, CultureInfo.InvariantCulture))}$3");
        }

        if (Passive().Match(reply) is not { Success: true } passive)
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
        Track(QuietlyAsync(async () =>
        {
            using (listener)
            {
                using Socket client = await listener.AcceptSocketAsync(_stopping.Token);
                using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                await server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), _stopping.Token);
                await Task.WhenAll(PassUploadAsync(client, server), PassDownloadAsync(server, client));
            }
        }));
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task PassUploadAsync(Socket client, Socket server)
    {
        byte[] buffer = new byte[64 * 1024];
        while (true)
        {
            if (_uploaded == _cutAt)
            {
                _reached.TrySetResult();
                if (await _cut.Task)
                {
                    client.LingerState = server.LingerState = new LingerOption(true, 0);
                }

                server.Close();
                client.Close();
                return;
            }

            int read = await client.ReceiveAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, _cutAt - _uploaded)), _stopping.Token);
            if (read == 0)
            {
                server.Shutdown(SocketShutdown.Send);
                return;
            }

            await server.SendAsync(buffer.AsMemory(0, read), _stopping.Token);
            Volatile.Write(ref _uploaded, _uploaded + read);
        }
    }

    private async Task PassDownloadAsync(Socket server, Socket client)
    {
        byte[] buffer = new byte[64 * 1024];
        while (await server.ReceiveAsync(buffer, _stopping.Token) is > 0 and var read)
        {
            await client.SendAsync(buffer.AsMemory(0, read), _stopping.Token);
        }

        client.Shutdown(SocketShutdown.Send);
    }

    private async Task PassLinesAsync(Socket from, Socket to, Func<string, string> changed)
    {
        using var reader = new StreamReader(new NetworkStream(from), Encoding.Latin1);
        while (await reader.ReadLineAsync(_stopping.Token) is { } line)
        {
            await to.SendAsync(Encoding.Latin1.GetBytes(changed(line) + "\r\n"), _stopping.Token);
        }
    }

    /// <summary>One side went, or the test is over: the other side is told by closing.</summary>
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

    [GeneratedRegex(@"^(227 .*\d+,\d+,\d+,\d+,)(\d+),(\d+)(.*)$")]
    private static partial Regex Passive();
}
