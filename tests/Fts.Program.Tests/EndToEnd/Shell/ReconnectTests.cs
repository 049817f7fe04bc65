using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Shell;

/// <summary>A server ends connections between commands (421, or without a reply). A script continues.</summary>
public sealed class ReconnectTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly List<string> _commands = [];

    public ReconnectTests() => _listener.Start();

    public void Dispose()
    {
        _listener.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_command_that_receives_421_is_repeated_and_the_script_continues()
    {
        _ = ServeAsync(connection => connection == 1 ? "421 idle too long" : null);
        (int code, string data, string messages) = await RunAsync("mkdir a\npwd\nrm b\n");
        Assert.Equal((0, "/\n"), (code, data));
        Assert.Contains("created a\n", messages, StringComparison.Ordinal);
        Assert.Contains("removed b\n", messages, StringComparison.Ordinal);
        Assert.Equal(["MKD a", "MKD a", "PWD", "DELE /b"], Commands);
    }

    [Fact]
    public async Task After_a_command_that_cannot_be_repeated_the_script_continues()
    {
        _ = ServeAsync(connection => connection == 1 ? "" : null);
        (int code, string data, string messages) = await RunAsync("rm a\npwd\nrm b\n");
        Assert.Equal((3, "/\n"), (code, data));
        Assert.Contains("error: rm a: the connection to", messages, StringComparison.Ordinal);
        Assert.Equal(["DELE a", "PWD", "DELE /b"], Commands);
    }

    [Fact]
    public async Task The_other_files_of_a_command_are_not_left_out()
    {
        _ = ServeAsync(connection => connection == 1 ? "" : null);
        (int code, _, _) = await RunAsync("rm a b c\n");
        Assert.Equal(9, code);
        Assert.Equal(["DELE a", "DELE b", "DELE c"], Commands);
    }

    [Fact]
    public async Task A_server_that_sends_421_each_time_is_left_after_each_command_has_failed()
    {
        _ = ServeAsync(_ => "421 not for you");
        (int code, _, string messages) = await RunAsync("rm a\nrm b\n");
        Assert.Equal(9, code);
        Assert.Equal(["DELE a", "DELE a", "DELE b", "DELE b"], Commands);
        Assert.Contains("error: rm b: ", messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_ends_if_the_server_is_gone()
    {
        _ = ServeAsync(connection =>
        {
            _listener.Stop();
            return "";
        });
        (int code, _, string messages) = await RunAsync("rm a\nrm b\n");
        Assert.Equal(3, code);
        Assert.Equal(["DELE a"], Commands);
        Assert.Contains("cannot connect", messages, StringComparison.Ordinal);
        Assert.DoesNotContain("rm b", messages, StringComparison.Ordinal);
    }

    private string[] Commands
    {
        get
        {
            lock (_commands)
            {
                return [.. _commands];
            }
        }
    }

    private Task<(int Code, string Data, string Messages)> RunAsync(string input) =>
        RunningProgram.RunAsync(_folder.Path,
            ["client", "127.0.0.1", ((IPEndPoint)_listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture)], input);

    /// <param name="end">What a connection, by its number, replies to its first command before it closes; empty for nothing, null to go
    /// on.</param>
    private async Task ServeAsync(Func<int, string?> end)
    {
        for (int number = 1; ; number++)
        {
            Socket peer = await _listener.AcceptSocketAsync();
            int connection = number;
            _ = ServeAsync(peer, () => end(connection));
        }
    }

    private async Task ServeAsync(Socket peer, Func<string?> end)
    {
        await using var stream = new NetworkStream(peer, ownsSocket: true);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        await using var writer = new StreamWriter(stream, new UTF8Encoding(false)) { NewLine = "\r\n", AutoFlush = true };
        await writer.WriteLineAsync("220 ready");
        while (await reader.ReadLineAsync() is { } line)
        {
            string? reply = line.Split(' ')[0] switch
            {
                "USER" => "230 in",
                "FEAT" or "AUTH" => "502 no",
                "TYPE" => "200 ok",
                "QUIT" => "221 bye",
                _ => null,
            };
            if (reply is null)
            {
                lock (_commands)
                {
                    _commands.Add(line);
                }

                if (end() is { } last)
                {
                    await writer.WriteAsync(last.Length == 0 ? "" : $"{last}\r\n");
                    return;
                }

                reply = line == "PWD" ? "257 \"/\"" : "250 done";
            }

            await writer.WriteLineAsync(reply);
        }
    }
}
