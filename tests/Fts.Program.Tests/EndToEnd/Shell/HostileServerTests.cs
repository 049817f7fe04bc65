using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Shell;

/// <summary>What a server says is shown, and cannot drive the terminal it is shown on.</summary>
public sealed class HostileServerTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public HostileServerTests() => _listener.Start();

    private string Port => ((IPEndPoint)_listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);

    public void Dispose()
    {
        _listener.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Control_characters_in_replies_are_shown_escaped()
    {
        Task server = ServeAsync(line => line.Split(' ')[0] switch
        {
            "USER" => "331 \e[2Jwho",
            "PASS" => "230 in",
            "TYPE" => "200 \x1b7",
            "FEAT" => "502 no",
            "QUIT" => "221 \a",
            _ => "550 \e]0;title\a no \u202esuch file",
        });
        (int code, string data, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", Port, "1"], "rm a\npwd\nhelp\n");
        Assert.Equal(9, code);
        Assert.Contains("\\x1b]0;title\\x07 no \\u202esuch file", messages, StringComparison.Ordinal);
        Assert.DoesNotContain(data + messages, c => (char.IsControl(c) && c != '\n') || c == '\u202e');
        await server.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_server_that_refuses_the_connection_is_quoted_and_ends_with_3()
    {
        _ = ServeAsync(_ => "421 bye", greeting: "421 Too many users.");
        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", Port], "pwd\n");
        Assert.Equal(3, code);
        Assert.Contains("421 Too many users.", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_none_ends_with_a_message()
    {
        _ = ServeAsync(_ => "?", greeting: "SSH-2.0-OpenSSH_9.2");
        (int code, _, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", Port, "--progress", "never"], "pwd\n");
        Assert.NotEqual(0, code);
        Assert.StartsWith("error: ", messages, StringComparison.Ordinal);
        Assert.InRange(messages.Count(c => c == '\n'), 1, 3);
    }

    private async Task ServeAsync(Func<string, string> answer, string greeting = "220 ready\e[31m")
    {
        using Socket peer = await _listener.AcceptSocketAsync();
        await using var stream = new NetworkStream(peer);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        await using var writer = new StreamWriter(stream, new UTF8Encoding(false)) { NewLine = "\r\n", AutoFlush = true };
        await writer.WriteLineAsync(greeting);
        while (await reader.ReadLineAsync() is { } line)
        {
            await writer.WriteLineAsync(answer(line));
        }
    }
}
