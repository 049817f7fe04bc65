using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.Client.Tests.Support;

/// <summary>
/// A small FTP server with a connection limit, for tests of the pool in which the order of connections is not known. The content of each
/// file is its name, and its size is not reported. It can be stopped and started again on the same port, and it can hold back replies.
/// </summary>
internal sealed class LimitedPeer : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly List<TcpClient> _open = [];
    private readonly List<Task> _conversations = [];
    private readonly CancellationTokenSource _stop = new(TimeSpan.FromSeconds(30));
    private readonly List<(Func<bool> Condition, TaskCompletionSource Met)> _waits = [];
    private TcpListener? _listener;
    private readonly HashSet<TcpClient> _transferring = [];
    private int _connections, _transfers, _simultaneousTransfers;

    public LimitedPeer(int limit)
    {
        Limit = limit;
        Start();
    }

    public int Port { get; private set; }

    /// <summary>The maximum number of concurrent connections. Further connections are rejected.</summary>
    public int Limit { get; set; }

    /// <summary>The greeting of a rejected connection; empty to reset the connection instead.</summary>
    public string RejectionGreeting { get; set; } = "421 Too many connections";

    /// <summary>The reply to PASS.</summary>
    public string PasswordReply { get; set; } = "230 in";

    /// <summary>The number of connections that must have arrived before the peer greets or rejects any of them.</summary>
    public int GreetsAfterConnections { get; set; }

    /// <summary>Whether the peer sends no reply to NOOP.</summary>
    public bool IgnoresNoop { get; set; }

    public int RejectedCount { get; private set; }

    /// <summary>The number of transfers that started since the count was reset.</summary>
    public int Transfers => _transfers;

    public int NoopCount { get; private set; }

    public int MaxOpenConnections { get; private set; }

    public int Open
    {
        get
        {
            lock (_lock)
            {
                return _open.Count;
            }
        }
    }

    public FtpClientOptions Options(TimeProvider clock, int connections) => new()
    {
        Host = "127.0.0.1",
        Port = Port,
        MaxConnections = connections,
        TimeProvider = clock,
        Timeouts = new FtpTimeouts { Reply = TimeSpan.FromSeconds(5), IdleProbeAfter = Timeout.InfiniteTimeSpan },
    };

    public void Start()
    {
        var listener = new TcpListener(IPAddress.Loopback, Port) { ExclusiveAddressUse = false };
        listener.Start();
        Port = ((IPEndPoint)listener.LocalEndpoint).Port;
        _listener = listener;
        _conversations.Add(AcceptAsync(listener));
    }

    /// <summary>Resets the count of transfers. Each transfer sends its data after this number of transfers has started.</summary>
    public void CountTransfers(int simultaneous) => Change(() => (_simultaneousTransfers, _transfers) = (simultaneous, 0));

    /// <summary>Releases the transfers that wait for other transfers to start.</summary>
    public void FinishTransfers() => Change(() => _simultaneousTransfers = 0);

    /// <summary>Closes the connections without a transfer, as a stopping server does.</summary>
    public void CloseIdle()
    {
        lock (_lock)
        {
            _open.FindAll(control => !_transferring.Contains(control)).ForEach(control => control.Close());
        }
    }

    /// <summary>Stops listening, so that TCP connections are refused.</summary>
    public void StopListening() => _listener!.Stop();

    /// <summary>Waits for a condition that depends on connections, rejections or transfers.</summary>
    public Task WaitUntilAsync(Func<bool> condition)
    {
        lock (_lock)
        {
            if (condition())
            {
                return Task.CompletedTask;
            }

            var met = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waits.Add((condition, met));
            return met.Task.WaitAsync(Deadline);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener!.Stop();
        Task[] conversations;
        lock (_lock)
        {
            conversations = [.. _conversations];
        }

        await Task.WhenAll(conversations).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            _waits.FindAll(wait => wait.Condition()).ForEach(wait => wait.Met.TrySetResult());
        }
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                TcpClient control = await listener.AcceptTcpClientAsync(_stop.Token);
                lock (_lock)
                {
                    _conversations.Add(ConverseAsync(control));
                }
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task ConverseAsync(TcpClient control)
    {
        using TcpClient ownership = control;
        bool isAccepted = false;
        try
        {
            var lines = new StreamReader(control.GetStream(), Encoding.UTF8);
            Change(() =>
            {
                _connections++;
                isAccepted = _open.Count < Limit;
                if (isAccepted)
                {
                    _open.Add(control);
                    MaxOpenConnections = Math.Max(MaxOpenConnections, _open.Count);
                }
                else
                {
                    RejectedCount++;
                }
            });
            await WaitUntilAsync(() => _connections >= GreetsAfterConnections);
            if (!isAccepted)
            {
                await RefuseAsync(control);
                return;
            }

            await SendAsync(control, "220 hello");
            TcpListener? data = null;
            while (await lines.ReadLineAsync(_stop.Token) is { } line && line != "QUIT")
            {
                data = await ReplyAsync(control, line, data);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client closed the connection, or the test has ended.
        }
        finally
        {
            Change(() => _open.Remove(control));
        }
    }

    private async Task RefuseAsync(TcpClient control)
    {
        if (RejectionGreeting.Length > 0)
        {
            await SendAsync(control, RejectionGreeting);
        }
        else
        {
            control.LingerState = new LingerOption(true, 0);
        }

        control.Close();
    }

    private async Task<TcpListener?> ReplyAsync(TcpClient control, string line, TcpListener? data)
    {
        string verb = line.Split(' ')[0];
        switch (verb)
        {
            case "USER":
                await SendAsync(control, "331 password");
                break;
            case "PASS":
                await SendAsync(control, PasswordReply);
                break;
            case "FEAT":
                await SendAsync(control, "211 none");
                break;
            case "TYPE" or "NOOP":
                Change(() => NoopCount += verb == "NOOP" ? 1 : 0);
                if (verb == "TYPE" || !IgnoresNoop)
                {
                    await SendAsync(control, "200 ok");
                }

                break;
            case "EPSV":
                data = new TcpListener(IPAddress.Loopback, 0);
                data.Start();
                await SendAsync(control, $"229 ok (|||{((IPEndPoint)data.LocalEndpoint).Port}|)");
                break;
            case "RETR":
                using (TcpClient socket = await data!.AcceptTcpClientAsync(_stop.Token))
                {
                    data.Stop();
                    await SendAsync(control, "150 go");
                    Change(() =>
                    {
                        _transfers++;
                        _transferring.Add(control);
                    });
                    await WaitUntilAsync(() => _transfers >= _simultaneousTransfers);
                    await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(line[5..]), _stop.Token);
                }

                Change(() => _transferring.Remove(control));
                await SendAsync(control, "226 done");
                break;
            default:
                await SendAsync(control, "502 no");
                break;
        }

        return data;
    }

    private Task SendAsync(TcpClient control, string text) =>
        control.GetStream().WriteAsync(Encoding.UTF8.GetBytes(text + "\r\n"), _stop.Token).AsTask();
}
