using System.Globalization;
using System.Text.RegularExpressions;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Serving;

/// <summary>Tests of encryption and remembered keys, between <c>fts server</c> and <c>fts client</c>.</summary>
public sealed partial class EncryptionTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly TestFolder _home = new();

    public void Dispose()
    {
        _folder.Dispose();
        _home.Dispose();
    }

    private string KnownHosts => _home["fts/known_hosts"];

    [Fact]
    public async Task Without_options_everything_is_encrypted_and_the_key_of_the_start_screen_is_remembered()
    {
        await using RunningServer server = await RunningServer.StartAsync("1");
        _folder.Write("a.txt", "hello");

        (int code, _, string first) = await ClientAsync(server, [], "put a.txt", "get --overwrite a.txt");
        (_, _, string second) = await ClientAsync(server, [], "ls");

        Assert.Equal(0, code);
        Assert.Equal("hello", server.Folder.Read("a.txt"));
        string key = Key().Match(server.Program.Messages).Value;
        Assert.Contains($"new server 127.0.0.1:{server.Port}: remembering its key {key}; a different key will be refused from now on",
            first, StringComparison.Ordinal);
        Assert.DoesNotContain("new server", second, StringComparison.Ordinal);
        Assert.Equal($"127.0.0.1:{server.Port} {key}\n", File.ReadAllText(KnownHosts));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(KnownHosts));
        Assert.Contains("> PROT P", server.Program.Messages, StringComparison.Ordinal);
        Assert.Contains(" as anonymous, TLS 1.3, key remembered: ", first, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_cannot_be_recorded_is_shown_but_not_said_to_be_remembered()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        Directory.CreateDirectory(_home["fts/known_hosts.lock"]); // the client cannot lock known_hosts

        (int code, _, string messages) = await ClientAsync(server, [], "ls");

        Assert.True(code == 0, messages);
        string target = $"127.0.0.1:{server.Port}";
        Assert.Contains($"warning: cannot record {target} in {KnownHosts}: ", messages, StringComparison.Ordinal);
        Assert.Contains($"new server {target}: its key is {Key().Match(server.Program.Messages).Value}\n", messages, StringComparison.Ordinal);
        Assert.DoesNotContain("remembering", messages, StringComparison.Ordinal);
        Assert.False(File.Exists(KnownHosts));
    }

    [Fact]
    public async Task Every_spelling_of_the_host_is_the_same_server()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        string first = "::ffff:127.0.0.1", url = $"ftp://[0:0:0:0:0:ffff:7f00:1]:{server.Port}/";
        foreach (string[] words in (
            string[][])[[first, server.PortText], ["127.0.0.1", server.PortText], ["0x7f.0.0.01", server.PortText], [url]])
        {
            (int code, _, string messages) =
                await RunningProgram.RunAsync(_folder.Path, ["client", .. words], "ls\n", ("XDG_CONFIG_HOME", _home.Path));
            Assert.True(code == 0, messages);
            Assert.Equal(words[0] == first, messages.Contains("new server", StringComparison.Ordinal));
        }

        Assert.Equal($"127.0.0.1:{server.Port} {Key().Match(server.Program.Messages).Value}\n", File.ReadAllText(KnownHosts));
    }

    [Fact]
    public async Task A_changed_key_is_refused_with_both_fingerprints_and_the_command_that_removes_it()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        string address = $"127.0.0.1:{server.Port}", other = "SHA256:" + new string('A', 43);
        Assert.Equal(0, (await TrustAsync("add", address, other)).Code);

        (int code, _, string messages) = await ClientAsync(server, [], "ls");

        Assert.Equal(5, code);
        Assert.Contains(other, messages, StringComparison.Ordinal);
        Assert.Contains(Key().Match(server.Program.Messages).Value, messages, StringComparison.Ordinal);
        Assert.Contains($"fts trust remove {address}", messages, StringComparison.Ordinal);

        Assert.Equal(0, (await TrustAsync("remove", address)).Code);
        Assert.Equal(6, (await TrustAsync("remove", address)).Code);
        Assert.Equal(0, (await ClientAsync(server, [], "ls")).Code);
        Assert.StartsWith(address, (await TrustAsync("list")).Data, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_used_TLS_before_is_not_used_without_it_unless_TLS_is_off()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--tls", "off");
        Assert.Equal(0, (await ClientAsync(server, [], "ls")).Code);
        await TrustAsync("add", $"127.0.0.1:{server.Port}", "SHA256:" + new string('A', 43));

        Assert.Equal(5, (await ClientAsync(server, [], "ls")).Code);
        Assert.Equal(0, (await ClientAsync(server, ["--tls", "off"], "ls")).Code);
    }

    [Fact]
    public async Task Required_TLS_is_enforced_on_both_sides()
    {
        await using RunningServer plain = await RunningServer.StartAsync("0", "--tls", "off");
        await using RunningServer strict = await RunningServer.StartAsync("0", "--tls", "required", "--data-binding", "require");
        _folder.Write("a.txt", "hello");

        Assert.Equal(5, (await ClientAsync(plain, ["--tls", "required"], "ls")).Code);
        Assert.Equal(4, (await ClientAsync(strict, ["--tls", "off"], "ls")).Code);
        (int code, _, string messages) =
            await ClientAsync(strict, [], "put a.txt", "get --overwrite a.txt", "ls", "put a.txt", "get --overwrite a.txt", "ls");
        Assert.True(code == 0, messages);
        Assert.DoesNotContain("tls", plain.Program.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Implicit_TLS_has_its_own_port()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--implicit-port", "0");
        int port = int.Parse(ImplicitPort().Match(server.Program.Messages).Groups[1].Value, CultureInfo.InvariantCulture);

        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "127.0.0.1", $"{port}", "--tls", "implicit"], "ls\n", ("XDG_CONFIG_HOME", _home.Path));

        Assert.True(code == 0, messages);
    }

    [Fact]
    public async Task With_ca_only_its_certificates_are_trusted_and_a_self_signed_one_is_accepted()
    {
        await using RunningProgram server =
            RunningProgram.Start(_folder.Path, ["server", "127.0.0.1", "0"], ("XDG_STATE_HOME", _home.Path));
        await server.WaitForOutputAsync("stop      Ctrl-C");
        string port = Port().Match(server.Messages).Groups[1].Value;
        await using RunningServer other = await RunningServer.StartAsync();
        string certificate = _home["fts/server.pem"];

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(certificate));
        Assert.Equal(
            0, (await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", port, "--tls", "required", "--ca", certificate], "ls\n",
            ("XDG_CONFIG_HOME", _home.Path))).Code);
        Assert.Equal(5, (await ClientAsync(other, ["--ca", certificate], "ls")).Code);
        Assert.Equal($"127.0.0.1:{port} TLS\n", File.ReadAllText(KnownHosts));
    }

    private Task<(int Code, string Data, string Messages)> ClientAsync(RunningServer server, string[] options, params string[] lines) =>
        RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", server.PortText, .. options],
            string.Concat(lines.Select(line => line + "\n")), ("XDG_CONFIG_HOME", _home.Path));

    private Task<(int Code, string Data, string Messages)> TrustAsync(params string[] words) =>
        RunningProgram.RunAsync(_folder.Path, ["trust", .. words], "", ("XDG_CONFIG_HOME", _home.Path));

    [GeneratedRegex("SHA256:[A-Za-z0-9+/]{43}")]
    private static partial Regex Key();

    [GeneratedRegex(@"first byte on port (\d+)")]
    private static partial Regex ImplicitPort();

    [GeneratedRegex(@"fts server on 127\.0\.0\.1:(\d+)")]
    private static partial Regex Port();
}
