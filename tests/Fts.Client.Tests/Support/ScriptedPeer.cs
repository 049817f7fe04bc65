using System.Net;
using System.Net.Sockets;

namespace Fts.Client.Tests.Support;

/// <summary>
/// A server that plays literal conversations, one for each connection in order. It fails the test if the client sends anything else. Lines:
/// <c>S: text</c> is sent, <c>C: text</c> must be received (a trailing <c>*</c> matches the rest), <c>D&gt; text</c> sends data, <c>D&lt;
/// text</c> reads data to its end and compares, <c>Z&gt; text</c> and <c>Z&lt; text</c> do so with a zlib stream, <c>B&gt; text</c> and
/// <c>B&lt; text</c> with one file in blocks, after which the connection stays; <c>D.</c> ends the data connection, <c>D!</c> resets it,
/// <c>X</c> closes and <c>X!</c> resets the control connection, <c>S* text</c> is sent with its escapes and no line end of its own,
/// <c>TLS</c> and <c>D TLS</c> perform a TLS handshake on the control or data connection, with another certificate if <c>expired</c>,
/// <c>another</c> (address) or <c>other</c> (key) follows, <c>D~</c> ends data without a close_notify, <c>S+ text</c> and <c>D+ text</c>
/// are sent repeatedly until the client closes the connection, <c>? name</c> waits for the test to open a gate, <c>! name</c> signals the
/// test that the script reached this line. <c>{port}</c> and <c>{p1},{p2}</c> are replaced by an open passive port. </summary>
internal sealed class ScriptedPeer : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly TcpListener _listener;
    private readonly CancellationTokenSource _stop = new(Deadline);
    private readonly Dictionary<string, TaskCompletionSource> _gates = [];
    private readonly Task _playing;

    private ScriptedPeer(IPAddress address, string[] scripts)
    {
        _listener = new TcpListener(address, 0);
        _listener.Start();
        _playing = PlayAllAsync(scripts);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Returns the conversation from the greeting to TYPE I, with these features.</summary>
    public static string Login(params string[] features) =>
        $"""
        S: 220 hello
        C: USER anonymous
        S: 331 password
        C: PASS anonymous@
        S: 230 in
        C: FEAT
        S: 211-Features
        {string.Concat(features.Select(f => $"S:  {f}\n"))}S: 211 End
        C: TYPE I
        S: 200 binary

        """;

    public static ScriptedPeer Start(params string[] scripts) => new(IPAddress.Loopback, scripts);

    /// <summary>Starts a peer on the IPv6 loopback address.</summary>
    public static ScriptedPeer StartV6(params string[] scripts) => new(IPAddress.IPv6Loopback, scripts);

    /// <summary>The options for a client of this peer, with short timeouts.</summary>
    public FtpClientOptions Options => new()
    {
        Host = "127.0.0.1",
        Port = Port,
        Timeouts = new FtpTimeouts
        {
            Connect = TimeSpan.FromSeconds(5),
            Reply = TimeSpan.FromSeconds(5),
            TransferStall = TimeSpan.FromSeconds(5),
            FinalReply = TimeSpan.FromSeconds(5),
            Resync = TimeSpan.FromSeconds(2),
        },
    };

    public void OpenGate(string name) => GetGate(name).TrySetResult();

    /// <summary>Waits until a script reaches the line <c>! name</c>.</summary>
    public Task WaitForSignalAsync(string name) => GetGate(name).Task.WaitAsync(Deadline);

    /// <summary>Waits until all conversations have ended, and throws the first error of one.</summary>
    public Task PlayedAsync() => _playing.WaitAsync(Deadline);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await Task.WhenAny(_playing);
        _stop.Dispose();
    }

    private TaskCompletionSource GetGate(string name)
    {
        lock (_gates)
        {
            return _gates.TryGetValue(name, out TaskCompletionSource? gate) ? gate
                : _gates[name] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private async Task PlayAllAsync(string[] scripts)
    {
        var sessions = new List<Task>();
        foreach (string script in scripts)
        {
            Socket socket = await _listener.AcceptSocketAsync(_stop.Token);
            socket.NoDelay = true;
            sessions.Add(PlayAsync(socket, script));
        }

        await Task.WhenAll(sessions);
    }

    private async Task PlayAsync(Socket socket, string script)
    {
        using var session = new ScriptedSession(socket, name => GetGate(name).Task, OpenGate, _stop.Token);
        await session.PlayAsync(script);
    }
}
