using System.IO.Compression;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Unicode;
using Fts.Protocol;
using Fts.Protocol.Blocks;

namespace Fts.Client.Tests.Support;

/// <summary>One connection of a <see cref="ScriptedPeer"/>.</summary>
internal sealed class ScriptedSession(Socket control, Func<string, Task> gate, Action<string> pass, CancellationToken stop) : IDisposable
{
    private readonly StringBuilder _received = new();
    private Socket? _dataListener;
    private Socket? _data;
    private IPEndPoint? _active;
    private SslStream? _controlTls, _dataTls;

    public async Task PlayAsync(string script)
    {
        foreach (string line in script.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            await PlayLineAsync(line.TrimStart());
        }

        await LeaveAsync();
    }

    public void Dispose()
    {
        control.Dispose();
        _data?.Dispose();
        _dataListener?.Dispose();
    }

    private async Task PlayLineAsync(string line)
    {
        switch (line)
        {
            case ['S', ':', ' ', .. var text]:
                await SendAsync(control, WithPort(text) + "\r\n");
                break;
            case ['C', ':', ' ', .. var expected]:
                Check(expected, await ReadLineAsync() ?? "(closed)");
                break;
            case ['D', '>', ' ', .. var text]:
                await SendAsync(await DataAsync(), Unescaped(text));
                break;
            case ['D', '<', .. var text]:
                Check(Unescaped(text.TrimStart()), await ReadDataAsync(Encoding.UTF8));
                break;
            case ['B', '>', .. var text]:
                await SendAsync(await DataAsync(), Encoding.Latin1.GetString(Blocks(Unescaped(text.TrimStart()))));
                break;
            case ['B', '<', .. var text]:
                Check(text.TrimStart(), await ReadFileAsync());
                break;
            case ['Z', '>', ' ', .. var text]:
                await SendAsync(await DataAsync(), Encoding.Latin1.GetString(Deflated(text)));
                break;
            case ['Z', '<', ' ', .. var text]:
                Check(text, Inflated(await ReadDataAsync(Encoding.Latin1)));
                break;
            case ['S', '*', ' ', .. var text]:
                await SendAsync(control, Unescaped(text));
                break;
            case ['S', '+', ' ', .. var text]:
                await SendWithoutEndAsync(control, Unescaped(text));
                break;
            case ['D', '+', ' ', .. var text]:
                await SendWithoutEndAsync(await DataAsync(), Unescaped(text));
                break;
            case ['T', 'L', 'S', .. var kind]:
                _controlTls = await SecuredAsync(control, TestCertificate.Named(kind.Trim()));
                break;
            case ['D', ' ', 'T', 'L', 'S', .. var kind]:
                _dataTls = await SecuredAsync(await DataAsync(), TestCertificate.Named(kind.Trim()));
                break;
            case "D." when _dataTls is not null:
                await _dataTls.ShutdownAsync();
                CloseData();
                break;
            case "D." or "D~":
                (await DataAsync()).Shutdown(SocketShutdown.Both);
                CloseData();
                break;
            case "D!":
                (await DataAsync()).LingerState = new LingerOption(true, 0);
                CloseData();
                break;
            case ['?', ' ', .. var name]:
                await gate(name).WaitAsync(stop);
                break;
            case ['!', ' ', .. var name]:
                pass(name);
                break;
            case "X!":
                control.LingerState = new LingerOption(true, 0);
                control.Dispose();
                break;
            case "X":
                control.Shutdown(SocketShutdown.Both);
                control.Dispose();
                break;
            default:
                throw new InvalidOperationException($"Not a line of a script: {line}");
        }
    }

    private static byte[] Blocks(string text)
    {
        var writer = new BlockWriter(new byte[text.Length + 8]);
        writer.Write(Encoding.UTF8.GetBytes(text));
        Assert.True(writer.TryEndFile());
        return writer.Blocks.ToArray();
    }

    /// <summary>Reads one file in block mode, and no byte after it.</summary>
    private async Task<string> ReadFileAsync()
    {
        using var content = new MemoryStream();
        var reader = new BlockReader();
        byte[] one = new byte[1];
        while (!reader.IsEndOfFile)
        {
            Assert.Equal(1, await (await DataAsync()).ReceiveAsync(one, SocketFlags.None, stop));
            content.Write(one, 0, reader.Read(one).ContentBytes);
        }

        return Encoding.UTF8.GetString(content.ToArray());
    }

    /// <summary>After the script, only QUIT and the end of the connection may follow.</summary>
    private async Task LeaveAsync()
    {
        while (control.Connected)
        {
            string? line = await ReadLineAsync();
            if (line is null)
            {
                return;
            }

            Check("QUIT", line);
            await SendAsync(control, "221 bye\r\n");
        }
    }

    private static void Check(string expected, string actual) =>
        Assert.True(expected.EndsWith('*') ? actual.StartsWith(expected[..^1], StringComparison.Ordinal) : expected == actual,
            $"expected <{expected}>, got <{actual}>");

    private static string Unescaped(string text) => System.Text.RegularExpressions.Regex.Unescape(text);

    private string WithPort(string text)
    {
        if (!text.Contains("{p", StringComparison.Ordinal))
        {
            return text;
        }

        // Each transfer has its own port, because the last one may still have an abandoned connection.
        CloseData();
        _active = null;
        _dataListener?.Dispose();
        _dataListener = new Socket(control.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _dataListener.Bind(new IPEndPoint(((IPEndPoint)control.LocalEndPoint!).Address, 0));
        _dataListener.Listen();
        int port = ((IPEndPoint)_dataListener.LocalEndPoint!).Port;
        return text.Replace("{port}", $"{port}", StringComparison.Ordinal)
            .Replace("{p1},{p2}", $"{port >> 8},{port & 255}", StringComparison.Ordinal);
    }

    private async Task<Socket> DataAsync()
    {
        if (_data is null && _active is not null)
        {
            _data = new Socket(_active.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await _data.ConnectAsync(_active, stop);
        }

        return _data ??= await _dataListener!.AcceptAsync(stop);
    }

    /// <summary>Sends the text repeatedly until the client closes the connection. Fails if the client reads all of it.</summary>
    private async Task SendWithoutEndAsync(Socket socket, string text)
    {
        string many = string.Concat(Enumerable.Repeat(text, Math.Max(1, 50_000 / text.Length)));
        try
        {
            for (long sent = 0; sent < 200_000_000; sent += many.Length)
            {
                await SendAsync(socket, many);
            }
        }
        catch (SocketException)
        {
            return;
        }

        Assert.Fail("the client never stops reading");
    }

    private async Task<SslStream> SecuredAsync(Socket socket, X509Certificate2 certificate)
    {
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: false));
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, stop);
        return tls;
    }

    private void CloseData()
    {
        _data?.Dispose();
        (_data, _dataTls) = (null, null);
    }

    private async Task<string> ReadDataAsync(Encoding encoding)
    {
        var text = new StringBuilder();
        byte[] buffer = new byte[64 * 1024];
        try
        {
            for (int read; (read = _dataTls is not null ? await _dataTls.ReadAsync(buffer, stop)
                : await (await DataAsync()).ReceiveAsync(buffer, stop)) > 0;)
            {
                text.Append(encoding.GetString(buffer, 0, read));
            }
        }
        catch (SocketException)
        {
            text.Append("(reset)");
        }

        CloseData();
        return text.ToString();
    }

    private static byte[] Deflated(string text)
    {
        using var stream = new MemoryStream();
        using (var zlib = new ZLibStream(stream, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(Encoding.UTF8.GetBytes(text));
        }

        return stream.ToArray();
    }

    private static string Inflated(string stream)
    {
        using var zlib = new ZLibStream(new MemoryStream(Encoding.Latin1.GetBytes(stream)), CompressionMode.Decompress);
        return new StreamReader(zlib).ReadToEnd();
    }

    private async Task SendAsync(Socket socket, string text)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        if ((ReferenceEquals(socket, control) ? _controlTls : _dataTls) is { } tls)
        {
            await tls.WriteAsync(bytes, stop);
            return;
        }

        for (int sent = 0; sent < bytes.Length;)
        {
            sent += await socket.SendAsync(bytes.AsMemory(sent), stop);
        }
    }

    private async Task<string?> ReadLineAsync()
    {
        byte[] buffer = new byte[4096];
        while (true)
        {
            string text = _received.ToString();
            int end = text.IndexOf("\r\n", StringComparison.Ordinal);
            if (end >= 0)
            {
                _received.Remove(0, end + 2);
                return Noted(text[..end]);
            }

            int read;
            try
            {
                read = _controlTls is not null ? await _controlTls.ReadAsync(buffer, stop) : await control.ReceiveAsync(buffer, stop);
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                read = 0;
            }

            if (read == 0)
            {
                return null;
            }

            // Bytes that are not UTF-8 are displayed as Latin-1, in which the script sends them.
            _received.Append((Utf8.IsValid(buffer.AsSpan(0, read)) ? Encoding.UTF8 : Encoding.Latin1).GetString(buffer, 0, read));
        }
    }

    /// <summary>Stores the address on which an active client listens.</summary>
    private string Noted(string line)
    {
        if ((line.StartsWith("PORT ", StringComparison.Ordinal) && HostPort.TryParse(line.AsSpan(5), out IPEndPoint endPoint)) ||
            (line.StartsWith("EPRT ", StringComparison.Ordinal) && HostPort.TryParseExtended(line.AsSpan(5), out endPoint, out _)))
        {
            _active = endPoint;
        }

        return line;
    }
}
