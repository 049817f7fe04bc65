using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;

namespace Fts.Client.Tests.Support;

/// <summary>
/// Plays a recording of <see cref="FtpRecorder"/> as a server. Each control connection of the recording is played once, in their order. The
/// client must send the recorded commands; <c>****</c> in a command matches any text. Data that was not recorded is sent as zeros.
/// Connections in block mode cannot be played.
/// </summary>
internal sealed partial class ReplayServer : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new(Deadline);
    private readonly X509Certificate2? _certificate;
    private readonly Task _playing;

    /// <param name="recording">The text of the recording.</param>
    /// <param name="certificate">The certificate for recorded TLS; null if the recording has none.</param>
    public ReplayServer(string recording, X509Certificate2? certificate = null)
    {
        _certificate = certificate;
        _listener.Start();
        _playing = PlayAllAsync(Parse(recording));
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Waits until all connections have been played. Throws the first difference to the recording.</summary>
    public Task WaitAsync() => _playing.WaitAsync(Deadline);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await Task.WhenAny(_playing);
        _stop.Dispose();
    }

    /// <summary>Returns the lines of each control connection as kind and text.</summary>
    private static List<List<(string Kind, string Text)>> Parse(string recording)
    {
        string[] lines = recording.Split('\n');
        Assert.Equal("fts recording 1", lines[0]);
        var connections = new SortedDictionary<int, List<(string, string)>>();
        foreach (string line in lines.Skip(1).Where(line => line.Length > 0 && !line.StartsWith('#')))
        {
            string[] parts = line.Split(' ', 4); // time, connection, kind, text
            int number = int.Parse(parts[1], CultureInfo.InvariantCulture);
            connections.TryAdd(number, []);
            connections[number].Add((parts[2], parts.Length > 3 ? parts[3] : ""));
        }

        return [.. connections.Values];
    }

    private async Task PlayAllAsync(List<List<(string Kind, string Text)>> connections)
    {
        var playing = new List<Task>();
        foreach (List<(string, string)> connection in connections)
        {
            Socket socket = await _listener.AcceptSocketAsync(_stop.Token);
            playing.Add(PlayAsync(socket, connection));
        }

        await Task.WhenAll(playing);
    }

    private async Task PlayAsync(Socket socket, List<(string Kind, string Text)> lines)
    {
        Stream control = new NetworkStream(socket, ownsSocket: true);
        TcpListener? passive = null;
        IPEndPoint? active = null;
        bool isEncrypted = false, isDataEncrypted = false;
        var content = new MemoryStream();
        try
        {
            foreach ((string kind, string text) in lines)
            {
                switch (kind)
                {
                    case "<":
                        string reply = text;
                        if (text.StartsWith("227 ", StringComparison.Ordinal) || text.StartsWith("229 ", StringComparison.Ordinal))
                        {
                            passive?.Dispose();
                            (passive, active) = (new TcpListener(IPAddress.Loopback, 0), null);
                            passive.Start();
                            reply = ReplacePort(text, ((IPEndPoint)passive.LocalEndpoint).Port);
                        }

                        await control.WriteAsync(FtpName.GetBytes($"{FtpName.Unescape(reply)}\r\n"), _stop.Token);
                        break;
                    case ">":
                        string command = await ReadLineAsync(control) ?? throw new EndOfStreamException($"expected {text}");
                        isDataEncrypted |= command == "PROT P" && isEncrypted;
                        active = ReadActivePort(command) ?? active;
                        bool isPort = command.StartsWith("PORT ", StringComparison.Ordinal)
                            || command.StartsWith("EPRT ", StringComparison.Ordinal);
                        Assert.True(Matches(isPort ? text.Split(' ')[0] : text, isPort ? command.Split(' ')[0] : command),
                            $"expected: {text}, received: {command}");
                        break;
                    case "tls":
                        control = await EncryptAsync(control);
                        isEncrypted = true;
                        break;
                    case "bytes":
                        content.Write(Convert.FromBase64String(text));
                        break;
                    case "data":
                        await using (Stream data = await OpenDataAsync(passive, active, isDataEncrypted))
                        {
                            string[] words = text.Split(' '); // direction, length, perhaps "aborted"
                            long length = long.Parse(words[1], CultureInfo.InvariantCulture);
                            await (words[0] == "received" ? SendAsync(data, content, length) : ReceiveAsync(data, content, length));
                        }

                        content = new MemoryStream();
                        break;
                    case "close":
                        Assert.Null(await ReadLineAsync(control));
                        break;
                }
            }
        }
        finally
        {
            passive?.Dispose();
            await control.DisposeAsync();
        }
    }

    private async Task<Stream> OpenDataAsync(TcpListener? passive, IPEndPoint? active, bool isEncrypted)
    {
        Socket socket;
        if (active is not null)
        {
            socket = new Socket(active.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(active, _stop.Token);
        }
        else
        {
            socket = await passive!.AcceptSocketAsync(_stop.Token);
        }

        Stream stream = new NetworkStream(socket, ownsSocket: true);
        return isEncrypted ? await EncryptAsync(stream) : stream;
    }

    private async Task SendAsync(Stream data, MemoryStream content, long length)
    {
        byte[] bytes = new byte[length];
        content.ToArray().CopyTo(bytes, 0);
        await data.WriteAsync(bytes, _stop.Token);
        if (data is SslStream tls)
        {
            await tls.ShutdownAsync();
        }
    }

    private async Task ReceiveAsync(Stream data, MemoryStream content, long length)
    {
        var received = new MemoryStream();
        await data.CopyToAsync(received, _stop.Token);
        Assert.Equal(length, received.Length);
        Assert.Equal(content.ToArray(), received.ToArray()[..(int)content.Length]);
    }

    private async Task<Stream> EncryptAsync(Stream plain)
    {
        var tls = new SslStream(plain);
        await tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stop.Token);
        return tls;
    }

    private static string ReplacePort(string reply, int port) => reply.StartsWith("229", StringComparison.Ordinal)
        ? ExtendedPort().Replace(reply, $"|||{port}|")
        : AddressAndPort().Replace(reply, $"127,0,0,1,{port >> 8},{port & 255}");

    private static IPEndPoint? ReadActivePort(string command)
    {
        if (command.StartsWith("PORT ", StringComparison.Ordinal))
        {
            int[] numbers = [.. command[5..].Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
            return new IPEndPoint(IPAddress.Parse(string.Join('.', numbers[..4])), (numbers[4] << 8) | numbers[5]);
        }

        string[] parts = command.Split('|');
        return command.StartsWith("EPRT ", StringComparison.Ordinal)
            ? new IPEndPoint(IPAddress.Parse(parts[2]), int.Parse(parts[3], CultureInfo.InvariantCulture))
            : null;
    }

    /// <summary>Returns whether a command is the recorded command, in which **** stands for any text.</summary>
    private static bool Matches(string recorded, string command) => Regex.IsMatch(
        command, $"^{string.Join(".*", FtpName.Unescape(recorded).Split("****").Select(Regex.Escape))}$", RegexOptions.Singleline);

    private async Task<string?> ReadLineAsync(Stream stream)
    {
        var line = new List<byte>();
        byte[] next = new byte[1];
        while (await ReadByteAsync(stream, next))
        {
            if (next[0] == '\n')
            {
                return FtpName.FromBytes([.. line]).TrimEnd('\r');
            }

            line.Add(next[0]);
        }

        return line.Count == 0 ? null : Encoding.UTF8.GetString([.. line]);
    }

    private async Task<bool> ReadByteAsync(Stream stream, byte[] next)
    {
        try
        {
            return await stream.ReadAsync(next, _stop.Token) == 1;
        }
        catch (IOException)
        {
            return false; // the client reset the connection
        }
    }

    [GeneratedRegex(@"\|\|\|\d+\|")]
    private static partial Regex ExtendedPort();

    [GeneratedRegex(@"\d+,\d+,\d+,\d+,\d+,\d+")]
    private static partial Regex AddressAndPort();
}
