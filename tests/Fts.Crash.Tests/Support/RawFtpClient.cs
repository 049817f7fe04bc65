using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.CrashTests.Support;

/// <summary>
/// One control connection and its data connections as bytes: no client of ours stands between a test and what the server says. Remembers
/// what was said last, for the message of a failure.
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

    /// <summary>The last lines both ways.</summary>
    public string Transcript => string.Join('\n', _transcript);

    /// <summary>Connects and signs in as anonymous, in image type.</summary>
    /// <exception cref="ConnectionLostException">Nobody is there, or not for long enough.</exception>
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

    /// <summary>Sends a command and returns the last line of its reply, which must begin with one of these.</summary>
    public async Task<string> ExecuteAsync(string command, params string[] codes)
    {
        await SendCommandAsync(command);
        return AssertReply(await ReadReplyAsync(), codes);
    }

    public Task SendCommandAsync(string command)
    {
        AddToTranscript("C: " + command);
        return SendAsync(_socket, Encoding.UTF8.GetBytes(command + "\r\n"));
    }

    /// <summary>The last line of the next reply.</summary>
    public async Task<string> ReadReplyAsync()
    {
        string line = await ReadLineAsync();
        for (string end = line[..3] + " "; !line.StartsWith(end, StringComparison.Ordinal);)
        {
            line = await ReadLineAsync();
        }

        return line;
    }

    /// <summary>A data connection, made with EPSV.</summary>
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
    /// Uploads with a verb, all at once, and returns the reply that ends it. A server that has no use for the rest closes the data
    /// connection under the sender, and then says why. <paramref name="opened"/> gets the 150.
    /// </summary>
    public async Task<string> UploadAsync(string command, ReadOnlyMemory<byte> content, Action<string>? opened = null)
    {
        using (Socket data = await OpenDataConnectionAsync())
        {
            await SendCommandAsync(command);
            string opening = await ReadReplyAsync();
            if (!opening.StartsWith("150", StringComparison.Ordinal))
            {
                return opening;
            }

            opened?.Invoke(opening);
            try
            {
                await SendAsync(data, content);
                data.Shutdown(SocketShutdown.Send);
            }
            catch (Exception e) when (e is ConnectionLostException or SocketException)
            {
                // The reply says why.
            }

            // Closing what the server did not read would reset the connection and discard what it could still read.
            await ReadToEndAsync(data);
        }

        return await ReadReplyAsync();
    }

    /// <summary>What a download brings, and the reply that ends it: null and the refusal where there is nothing.</summary>
    public async Task<(byte[]? Content, string Reply)> DownloadAsync(string command)
    {
        using Socket data = await OpenDataConnectionAsync();
        await SendCommandAsync(command);
        string opening = await ReadReplyAsync();
        if (!opening.StartsWith("150", StringComparison.Ordinal))
        {
            return (null, opening);
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

    /// <summary>Everything up to the end of a connection, in whatever way it ends.</summary>
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
            // A reset: an end as well.
        }

        return content.ToArray();
    }

    /// <summary>The reply itself if it begins with one of these codes.</summary>
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
                AddToTranscript("S: (end)");
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

    private static async Task WithTimeoutAsync(ValueTask connecting)
    {
        try
        {
            await connecting.AsTask().WaitAsync(Timeout);
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
