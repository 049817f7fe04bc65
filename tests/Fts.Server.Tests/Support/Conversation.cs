using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Fts.Protocol;
using Fts.Server.Tls;

namespace Fts.Server.Tests.Support;

/// <summary>
/// The client's side of one control connection, and the data connection of the last 227 or 229 reply or PORT or EPRT command.
/// </summary>
internal sealed class Conversation : IAsyncDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[16 * 1024];
    private readonly StringBuilder _transcript = new();
    private int _start, _end;

    private TlsClient? _tls;
    private TlsRecordStream? _tap;
    private Stream _stream;

    private Conversation(Socket socket, TlsClient? tls)
    {
        (_socket, _tls, Server) = (socket, tls, ((IPEndPoint)socket.RemoteEndPoint!).Address);
        _stream = new NetworkStream(socket);
    }

    /// <summary>Whether the data connection is opened on first use, not immediately after the 227 or 229 reply.</summary>
    public bool ConnectsLate { get; set; }

    /// <summary>The first bytes of each data connection, for a PROXY header; null for none.</summary>
    public byte[]? DataHeader { get; set; }

    public DataPeer? Data { get; private set; }

    public IPAddress Server { get; }

    /// <summary>Connects from an address. The PROXY header is sent on the control connection and on data connections.</summary>
    public static async Task<Conversation> ConnectAsync(IPEndPoint server, IPAddress? from, SslProtocols? tls, byte[]? header = null)
    {
        var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (from is not null)
        {
            socket.Bind(new IPEndPoint(from, 0));
        }

        await socket.ConnectAsync(server, TestContext.Current.CancellationToken).WithDeadline();
        var client = new Conversation(socket, tls is null ? null : new TlsClient(tls.Value)) { DataHeader = header };
        if (header is not null)
        {
            await client.SendAsync(header);
        }

        if (client._tls is not null)
        {
            (client._stream, _) = await client._tls.HandshakeAsync(client._stream).WithDeadline();
        }

        return client;
    }

    public Task PlayAsync(string script) => Script.PlayAsync(this, script);

    /// <summary>Sends a command and returns its reply.</summary>
    public async Task<string[]> SendAndReadReplyAsync(string command)
    {
        await SendAsync(command);
        return await ReadReplyAsync();
    }

    public Task SendAsync(string line)
    {
        _transcript.AppendLine($"C: {line}");
        return SendAsync(Encoding.UTF8.GetBytes(line + "\r\n"));
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await _stream.WriteAsync(bytes, TestContext.Current.CancellationToken).WithDeadline();
    }

    /// <summary>Sends one byte as urgent data, as the Telnet Synch signal is sent (RFC 854).</summary>
    public void SendUrgent(byte value) => Assert.Equal(1, _socket.Send([value], SocketFlags.OutOfBand));

    /// <summary>Reads one reply and returns its lines. A 227 or 229 reply prepares the data connection.</summary>
    public async Task<string[]> ReadReplyAsync()
    {
        var lines = new List<string> { await ReadLineAsync()
            ?? throw CreateFailure("Expected a reply, but the server closed the connection.") };
        Assert.Matches("^[1-5][0-9][0-9][ -]", lines[0]);
        while (lines[0][3] == '-' && (lines.Count == 1 || !lines[^1].StartsWith(lines[0][..3] + " ", StringComparison.Ordinal)))
        {
            lines.Add(await ReadLineAsync() ?? throw CreateFailure("The server closed the connection within a reply."));
        }

        if (DataPeer.ParseTarget(lines[^1], Server) is { } target)
        {
            Use(DataPeer.CreateConnecting(target, _tls, ((IPEndPoint)_socket.LocalEndPoint!).Address, DataHeader));
            if (!ConnectsLate)
            {
                await Data!.ConnectAsync();
            }
        }

        return [.. lines];
    }

    /// <summary>Listens for an active data connection and returns the argument for PORT or EPRT.</summary>
    public string Listen(bool extended)
    {
        Use(DataPeer.CreateListening(((IPEndPoint)_socket.LocalEndPoint!).Address, _tls, out IPEndPoint endPoint));
        return extended ? HostPort.FormatExtended(endPoint) : HostPort.Format(endPoint);
    }

    /// <summary>Sends EPSV and connects to the passive port.</summary>
    public async Task<DataPeer> OpenDataAsync()
    {
        await PlayAsync("""
            C: EPSV
            S: 229 *
            """);
        return Data!;
    }

    /// <summary>Polls STAT until the running transfer has a number of bytes.</summary>
    public async Task WaitUntilReceivedAsync(long bytes)
    {
        string status;
        do
        {
            status = string.Join('\n', await SendAndReadReplyAsync("STAT"));
            Assert.Contains("Transfer in progress, ", status, StringComparison.Ordinal);
        }
        while (!status.Contains($"Transfer in progress, {bytes} ", StringComparison.Ordinal));
    }

    public void CloseData()
    {
        Data?.Dispose();
        Data = null;
    }

    /// <summary>Reads a line. Returns null at the regular end of the connection.</summary>
    public async Task<string?> ReadLineAsync()
    {
        using var line = new MemoryStream();
        while (true)
        {
            int end = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            line.Write(_buffer, _start, end < 0 ? _end - _start : end + 1);
            _start = end < 0 ? _end : _start + end + 1;
            if (end >= 0)
            {
                string text = WireText.FromBytes(line.ToArray());
                _transcript.AppendLine($"S: {text.TrimEnd()}");
                Assert.EndsWith("\r\n", text, StringComparison.Ordinal);
                return text[..^2];
            }

            (_start, _end) = (0, await _stream.ReadAsync(_buffer, TestContext.Current.CancellationToken).WithDeadline());
            if (_end == 0)
            {
                _transcript.AppendLine("S: (end)");
                return line.Length == 0 ? null : throw CreateFailure("The server closed the connection within a line.");
            }
        }
    }

    /// <summary>Performs a TLS handshake on an unencrypted connection. Data connections resume the session or start new ones.</summary>
    public async Task StartTlsAsync(SslProtocols version, bool resumes = true, Action<SslClientAuthenticationOptions>? configure = null)
    {
        var tls = new TlsClient(version, configure);
        (SslStream stream, _tap) = await tls.HandshakeAsync(_stream).WithDeadline();
        (_stream, _tls) = (stream, resumes ? tls : new TlsClient(version, configure));
    }

    /// <summary>The subject of the server certificate.</summary>
    public string? ServerSubject => (_stream as SslStream)?.RemoteCertificate?.Subject;

    /// <summary>The negotiated application protocol (ALPN); empty for none.</summary>
    public string NegotiatedProtocol => (_stream as SslStream)?.NegotiatedApplicationProtocol.ToString() ?? "";

    /// <summary>Uses other TLS settings for data connections than for the control connection.</summary>
    public void UseTlsForData(TlsClient tls) => _tls = tls;

    /// <summary>Uses the TLS session of another conversation's client for data connections.</summary>
    public void UseTlsSessionOf(Conversation other) => _tls = other._tls;

    /// <summary>Ends TLS on the control connection by close_notify from both sides; plain text follows (CCC).</summary>
    /// <param name="firstCommand">Sent unencrypted in the same packet as the client's close_notify.</param>
    public async Task EndTlsAsync(string firstCommand = "")
    {
        _tap!.Gather(new byte[4096]);
        await ((SslStream)_stream).ShutdownAsync().WithDeadline();
        await _tap.WriteAsync(Encoding.UTF8.GetBytes(firstCommand), TestContext.Current.CancellationToken);
        await _tap.SendGatheredAsync(TestContext.Current.CancellationToken).WithDeadline();
        Assert.Equal(0, await _stream.ReadAsync(_buffer, TestContext.Current.CancellationToken).WithDeadline());
        Assert.False(_tap.HasEnded, "The server closed the connection without a close_notify.");
        SwitchToPlainText();
    }

    /// <summary>Sends unencrypted from now on, without close_notify.</summary>
    public void SwitchToPlainText() => _stream = new NetworkStream(_socket);

    /// <summary>Shuts down the sending side and continues to receive.</summary>
    public void CloseSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Creates the exception for a failed expectation, with the conversation so far.</summary>
    public Exception CreateFailure(string message) =>
        new Xunit.Sdk.XunitException($"{message}\n--- the conversation so far:\n{_transcript}");

    public ValueTask DisposeAsync()
    {
        CloseData();
        _stream.Dispose();
        _socket.Dispose();
        return default;
    }

    private void Use(DataPeer data)
    {
        CloseData();
        Data = data;
    }
}
