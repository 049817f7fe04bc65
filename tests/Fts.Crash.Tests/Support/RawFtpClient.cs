using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.CrashTests.Support;

/// <summary>
/// A minimal FTP client on plain sockets, independent of Fts.Client. Keeps the last lines of the control connection for the messages of
/// failed tests.
/// </summary>
internal sealed class RawFtpClient : IDisposable
{
    private const int MaxTranscriptLines = 30;

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[4096];
    private readonly Queue<string> _transcript = new();
    private int _start, _end;

    private RawFtpClient()
    {
    }

    /// <summary>The last lines sent and received on the control connection.</summary>
    public string Transcript => string.Join('\n', _transcript);

    /// <summary>Connects, logs in as anonymous and selects binary transfers (TYPE I).</summary>
    /// <exception cref="ConnectionLostException">The server does not accept the connection, or closes it before the login is
    /// complete.</exception>
    public static async Task<RawFtpClient> LogInAsync(int port)
    {
        var client = new RawFtpClient();
        try
        {
            await WithTimeoutAsync(client._socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), CancellationToken.None));
            client.AssertReply(await client.ReadReplyAsync(), "220");
            await client.ExecuteAsync("USER anonymous", "331");
            await client.ExecuteAsync("PASS crash@example.org", "230");
            await client.ExecuteAsync("TYPE I", "200");
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Sends a command and returns the last line of its reply. Fails the test if the reply has none of <paramref name="codes"/>.
    /// </summary>
    public async Task<string> ExecuteAsync(string command, params string[] codes)
    {
        await SendCommandAsync(command);
        return AssertReply(await ReadReplyAsync(), codes);
    }

    /// <summary>Sends a command without reading its reply.</summary>
    public Task SendCommandAsync(string command)
    {
        AddToTranscript("C: " + command);
        return SendAsync(_socket, Encoding.UTF8.GetBytes(command + "\r\n"));
    }

    /// <summary>Reads the next reply and returns its last line.</summary>
    public async Task<string> ReadReplyAsync()
    {
        string line = await ReadLineAsync();
        for (string end = line[..3] + " "; !line.StartsWith(end, StringComparison.Ordinal);)
        {
            line = await ReadLineAsync();
        }

        return line;
    }

    /// <summary>Opens a data connection with EPSV.</summary>
    public async Task<Socket> OpenDataConnectionAsync()
    {
        string reply = await ExecuteAsync("EPSV", "229");
        int port = int.Parse(reply.Split('|')[3], CultureInfo.InvariantCulture);
        var data = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await WithTimeoutAsync(data.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), CancellationToken.None));
            return data;
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Uploads the content and returns the final reply, or the first reply if the server rejects the command.
    /// <paramref name="opened"/> receives the 150 reply.
    /// </summary>
    public async Task<string> UploadAsync(string command, ReadOnlyMemory<byte> content, Action<string>? opened = null)
    {
        using (Socket data = await OpenDataConnectionAsync())
        {
            await SendCommandAsync(command);
            string preliminary = await ReadReplyAsync();
            if (!preliminary.StartsWith("150", StringComparison.Ordinal))
            {
                return preliminary;
            }

            opened?.Invoke(preliminary);
            try
            {
                await SendAsync(data, content);
                data.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is ConnectionLostException or SocketException)
            {
                // The server closed the data connection early. Its final reply gives the reason.
            }

            // Closing the socket before the server has read everything would reset the connection and lose the unread bytes.
            await ReadToEndAsync(data);
        }

        return await ReadReplyAsync();
    }

    /// <summary>Returns the downloaded content and the final reply. The content is null if the server rejects the command.</summary>
    public async Task<(byte[]? Content, string Reply)> DownloadAsync(string command)
    {
        using Socket data = await OpenDataConnectionAsync();
        await SendCommandAsync(command);
        string preliminary = await ReadReplyAsync();
        if (!preliminary.StartsWith("150", StringComparison.Ordinal))
        {
            return (null, preliminary);
        }

        byte[] content = await ReadToEndAsync(data);
        return (content, await ReadReplyAsync());
    }

    public static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await WithTimeoutAsync(socket.SendAsync(bytes).AsTask())..];
        }
    }

    /// <summary>Reads until the connection is closed or reset, and returns the received bytes.</summary>
    public static async Task<byte[]> ReadToEndAsync(Socket data)
    {
        using var content = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        try
        {
            while (await WithTimeoutAsync(data.ReceiveAsync(buffer)) is > 0 and var received)
            {
                content.Write(buffer, 0, received);
            }
        }
        catch (ConnectionLostException)
        {
            // A reset also ends the data.
        }

        return content.ToArray();
    }

    /// <summary>Returns the reply if it begins with one of <paramref name="codes"/>. Fails the test otherwise.</summary>
    public string AssertReply(string reply, params string[] codes) =>
        codes.Any(code => reply.StartsWith(code, StringComparison.Ordinal)) ? reply
            : throw new Xunit.Sdk.XunitException($"Expected {string.Join(" or ", codes)}:\n{Transcript}");

    public void Dispose() => _socket.Dispose();

    private async Task<string> ReadLineAsync()
    {
        var line = new MemoryStream();
        while (true)
        {
            int end = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            line.Write(_buffer, _start, end < 0 ? _end - _start : end + 1);
            _start = end < 0 ? _end : _start + end + 1;
            if (end >= 0)
            {
                string text = Encoding.UTF8.GetString(line.ToArray()).TrimEnd();
                AddToTranscript("S: " + text);
                return text;
            }

            (_start, _end) = (0, await WithTimeoutAsync(_socket.ReceiveAsync(_buffer)));
            if (_end == 0)
            {
                AddToTranscript("S: (connection closed)");
                throw new ConnectionLostException();
            }
        }
    }

    private void AddToTranscript(string line)
    {
        _transcript.Enqueue(line);
        if (_transcript.Count > MaxTranscriptLines)
        {
            _transcript.Dequeue();
        }
    }

    private static async Task WithTimeoutAsync(ValueTask task)
    {
        try
        {
            await task.AsTask().WaitAsync(Timeout);
        }
        catch (SocketException e)
        {
            throw new ConnectionLostException(e);
        }
    }

    private static async Task<T> WithTimeoutAsync<T>(Task<T> task)
    {
        try
        {
            return await task.WaitAsync(Timeout);
        }
        catch (SocketException e)
        {
            throw new ConnectionLostException(e);
        }
    }
}
