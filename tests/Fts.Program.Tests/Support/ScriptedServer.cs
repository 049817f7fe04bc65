using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Fts.ProgramTests.Support;

/// <summary>
/// A server that accepts every login and sends the replies and payloads of a test. For other verbs it replies as a server without
/// extensions does: no MLSD, no SIZE.
/// </summary>
internal sealed class ScriptedServer : IDisposable
{
    private const string Closed = "(closed)";

    private readonly TcpListener _listener;
    private readonly TcpListener _data = new(IPAddress.Loopback, 0);
    private readonly Dictionary<string, string> _replies;
    private readonly Dictionary<string, Func<Stream, Task>> _payloads;
    private readonly List<string> _commands = [];
    private TaskCompletionSource _commandReceived = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ScriptedServer(Dictionary<string, string> replies, Dictionary<string, Func<Stream, Task>> payloads, int port)
    {
        (_replies, _payloads) = (replies, payloads);
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _data.Start();
        _ = ServeAsync();
    }

    public string Port => GetPort(_listener);

    /// <summary>The commands of all connections, and <c>(closed)</c> for each that was closed.</summary>
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

    /// <summary>The commands of all connections, in the order in which they arrived.</summary>
    public string[] ReceivedCommands => [.. Commands.Where(command => command != Closed)];

    /// <summary>Waits until a client has sent this command.</summary>
    public async Task WaitForCommandAsync(string command)
    {
        while (true)
        {
            Task commandReceived;
            lock (_commands)
            {
                if (_commands.Contains(command))
                {
                    return;
                }

                commandReceived = _commandReceived.Task;
            }

            await commandReceived.WaitAsync(Deadline.Default);
        }
    }

    /// <summary>Starts a server.</summary>
    /// <param name="replies">Replies by verb, instead of the default ones. After a payload, the final reply.</param>
    /// <param name="payloads">Writes the payload to the data connection, by verb.</param>
    /// <param name="port">The port to listen on; 0 for any.</param>
    public static ScriptedServer Start(Dictionary<string, string> replies, Dictionary<string, Func<Stream, Task>> payloads, int port = 0) =>
        new(replies, payloads, port);

    /// <summary>Starts a server with this listing and with this content for every file.</summary>
    public static ScriptedServer StartWithListing(string lines, string content = "content") =>
        Start([], new() { ["LIST"] = CreatePayload(lines), ["RETR"] = CreatePayload(content) });

    /// <summary>Returns a payload that sends a text.</summary>
    public static Func<Stream, Task> CreatePayload(string text) => stream => stream.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask();

    public void Dispose()
    {
        _listener.Dispose();
        _data.Dispose();
    }

    private static string GetPort(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

    private async Task ServeAsync()
    {
        while (true)
        {
            _ = ServeAsync(await _listener.AcceptSocketAsync());
        }
    }

    private async Task ServeAsync(Socket peer)
    {
        using Socket ownership = peer;
        await using var stream = new NetworkStream(peer);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        await using var writer = new StreamWriter(stream, new UTF8Encoding(false)) { NewLine = "\r\n", AutoFlush = true };
        await writer.WriteLineAsync("220 ready");
        while (await reader.ReadLineAsync() is { } line)
        {
            string verb = line.Split(' ')[0];
            RecordCommand(line);
            if (_payloads.TryGetValue(verb, out Func<Stream, Task>? payload))
            {
                await writer.WriteLineAsync("150 here");
                await SendAsync(payload);
            }

            await writer.WriteLineAsync(_replies.TryGetValue(verb, out string? reply) ? reply : verb switch
            {
                "USER" => "331 who",
                "PASS" => "230 in",
                "TYPE" => "200 ok",
                "PWD" => "257 \"/\"",
                "EPSV" => $"229 ok (|||{GetPort(_data)}|)",
                "QUIT" => "221 bye",
                "ABOR" => "226 ok",
                _ when payload is not null => "226 done",
                _ => "502 no",
            });
        }

        RecordCommand(Closed);
    }

    private void RecordCommand(string command)
    {
        TaskCompletionSource commandReceived;
        lock (_commands)
        {
            _commands.Add(command);
            commandReceived = _commandReceived;
            _commandReceived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        commandReceived.SetResult();
    }

    private async Task SendAsync(Func<Stream, Task> payload)
    {
        using Socket socket = await _data.AcceptSocketAsync();
        try
        {
            await using var stream = new NetworkStream(socket);
            await payload(stream);
        }
        catch (IOException)
        {
            // The client has seen enough.
        }
    }
}
