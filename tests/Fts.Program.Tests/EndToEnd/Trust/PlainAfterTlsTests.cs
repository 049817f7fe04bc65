using Fts.Client;
using Fts.Client.Tests.Support;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Trust;

/// <summary>
/// No password and no file is sent in plain to a server that used TLS before, with any kind of certificate. No password is sent in plain to
/// another machine without a confirmation.
/// </summary>
public sealed class PlainAfterTlsTests : IDisposable
{
    private readonly TestFolder _folder = new(), _home = new(), _files = new();
    private readonly AuthorityFiles _authority;

    public PlainAfterTlsTests() => _authority = new AuthorityFiles(_files);

    private (string, string?) Home => ("XDG_CONFIG_HOME", _home.Path);

    public void Dispose()
    {
        _folder.Dispose();
        _home.Dispose();
        _files.Dispose();
    }

    [Theory]
    [InlineData("first key")]
    [InlineData("system")]
    [InlineData("--ca")]
    [InlineData("--ca with --cert")]
    public async Task The_second_connection_sends_nothing_in_plain_if_AUTH_is_no_longer_supported(string kind)
    {
        string own = _authority.WritePem("ann");
        string[] options = kind switch
        {
            "--ca" => ["--ca", _authority.RootFile],
            "--ca with --cert" => ["--ca", _authority.RootFile, "--cert", own],
            _ => [],
        };
        (string, string?)[] environment = kind == "system" ? [Home, ("SSL_CERT_FILE", _authority.RootFile)] : [Home];
        int port;
        await using (
            RunningServer server =
            await RunningServer.StartAsync("0", kind == "first key" ? [] : ["--cert", _authority.WritePem("127.0.0.1")]))
        {
            port = server.Port;
            (int first, _, string greeted) =
                await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", server.PortText, .. options], "ls\n", environment);
            Assert.True(first == 0, greeted);
        }

        // The second connection has no options. The remembered record must suffice.
        using ScriptedServer stripped = ScriptedServer.Start([], [], port);
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "127.0.0.1", stripped.Port, "--user", "ann"], "ls\n", [.. environment, ("FTS_PASSWORD", "secret")]);

        Assert.True(code == 5, messages);
        Assert.Contains("--tls off", messages, StringComparison.Ordinal);
        Assert.Equal(["AUTH TLS"], stripped.ReceivedCommands);
    }

    [Fact]
    public async Task The_options_ca_and_cert_require_TLS_on_the_first_connection()
    {
        foreach (string[] options in (string[][])[["--ca", _authority.RootFile], ["--cert", _authority.WritePem("ann")]])
        {
            using ScriptedServer plain = ScriptedServer.Start([], []);
            (int code, _, string messages) = await RunningProgram.RunAsync(
                _folder.Path, ["client", "127.0.0.1", plain.Port, "--user", "ann", .. options], "ls\n", Home, ("FTS_PASSWORD", "secret"));
            Assert.True(code == 5, messages);
            Assert.Equal(["AUTH TLS"], plain.ReceivedCommands);
            Assert.Equal(
                2, (await RunningProgram.RunAsync(
                _folder.Path, ["client", "127.0.0.1", plain.Port, "--tls", "off", .. options], "ls\n", Home)).Code);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_remembered_key_is_compared_although_the_certificate_is_of_a_trusted_authority(bool isNamed)
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--cert", _authority.WritePem("127.0.0.1"));
        string other = "SHA256:" + new string('A', 43), address = $"127.0.0.1:{server.Port}";
        string[] options = isNamed ? ["--ca", _authority.RootFile] : [];
        (string, string?)[] environment = isNamed ? [Home] : [Home, ("SSL_CERT_FILE", _authority.RootFile)];
        Assert.Equal(0, (await TrustAsync("add", address, other)).Code);

        (int code, _, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", server.PortText, .. options], "ls\n", environment);

        Assert.Equal(5, code);
        Assert.Contains($"the key of {address} has changed: expected {other}, got SHA256:", messages, StringComparison.Ordinal);
        Assert.Contains($"fts trust remove {address}", messages, StringComparison.Ordinal);
        Assert.Equal(0, (await TrustAsync("remove", address)).Code);
        Assert.Equal(0,
            (await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", server.PortText, .. options], "ls\n", environment)).Code);
        Assert.Equal($"{address} TLS\n", (await TrustAsync("list")).Data);
    }

    [Fact]
    public async Task A_server_remembered_with_a_trusted_certificate_must_have_one_but_may_have_another_key()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--cert", _authority.WritePem("127.0.0.1"));
        string address = $"127.0.0.1:{server.Port}";
        Assert.Equal(0, (await TrustAsync("add", address, "TLS")).Code);

        (int trusted, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "127.0.0.1", server.PortText], "ls\n", Home, ("SSL_CERT_FILE", _authority.RootFile));
        Assert.True(trusted == 0, messages);
        (int code, _, messages) = await RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", server.PortText], "ls\n", Home);
        Assert.Equal(5, code);
        Assert.Contains("is no longer trusted: ", messages, StringComparison.Ordinal);
        Assert.Contains($"fts trust add {address} SHA256:", messages, StringComparison.Ordinal);
        Assert.Equal(0, (await TrustAsync("remove", address)).Code);
        Assert.Equal("", (await TrustAsync("list")).Data);
        Assert.Equal(2, (await TrustAsync("add", address, "tls please")).Code);
    }

    [Fact]
    public async Task A_password_goes_in_plain_to_another_machine_only_if_TLS_is_off()
    {
        // Through a proxy, this machine counts as another machine too.
        using ScriptedServer plain = ScriptedServer.Start([], []);
        await using RelayProxy proxy = RelayProxy.Start(FtpProxyKind.Socks5);
        string[] command =
            ["client", "127.0.0.1", plain.Port, "--user", "ann", "--proxy", $"socks5://{proxy.Address.Host}:{proxy.Address.Port}"];

        (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, command, "pwd\n", Home, ("FTS_PASSWORD", "secret"));

        Assert.True(code == 5, messages);
        Assert.Contains("--tls off", messages, StringComparison.Ordinal);
        Assert.Equal(["AUTH TLS", "QUIT"], plain.ReceivedCommands);

        using ScriptedServer again = ScriptedServer.Start([], []);
        command[2] = again.Port;
        (code, _, messages) =
            await RunningProgram.RunAsync(_folder.Path, [.. command, "--tls", "off"], "pwd\n", Home, ("FTS_PASSWORD", "secret"));
        Assert.True(code == 0, messages);
        Assert.Contains("PASS secret", again.ReceivedCommands);
        Assert.Contains(" as ann, NOT ENCRYPTED: ", messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("y", true)]
    [InlineData("n", false)]
    [InlineData("", false)]
    public async Task On_a_terminal_a_password_goes_in_plain_to_another_machine_only_after_a_yes(string answer, bool isSent)
    {
        using ScriptedServer plain = ScriptedServer.Start([], []);
        await using RelayProxy proxy = RelayProxy.Start(FtpProxyKind.Socks5);
        await using RunningProgram client = RunningProgram.StartOnTerminal(
            _folder.Path,
            ["client", "127.0.0.1", plain.Port, "--user", "ann", "--proxy", $"socks5://{proxy.Address.Host}:{proxy.Address.Port}"], 80,
            Home, ("FTS_PASSWORD", "secret"));
        await client.WaitForOutputAsync("Send the password? [y/N] ");
        Assert.DoesNotContain("PASS secret", plain.ReceivedCommands);

        client.WriteInput(answer + "\r");
        await client.WaitForOutputAsync(isSent ? "fts> " : "no password is sent unencrypted");
        Assert.Equal(isSent, plain.ReceivedCommands.Contains("PASS secret"));
    }

    [Fact]
    public async Task Anonymous_uses_a_plain_server_on_another_machine_and_is_warned()
    {
        using ScriptedServer plain = ScriptedServer.Start([], []);
        await using RelayProxy proxy = RelayProxy.Start(FtpProxyKind.Socks5);
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "127.0.0.1", plain.Port, "--proxy", $"socks5://{proxy.Address.Host}:{proxy.Address.Port}"], "pwd\n",
            Home);
        Assert.True(code == 0, messages);
        Assert.Contains("does not support TLS", messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new string[0], "PASS anonymous@")]
    [InlineData(new[] { "--user", "anonymous" }, "PASS anonymous@")]
    [InlineData(new[] { "--user", "ann" }, "PASS secret")]
    public async Task FTS_PASSWORD_is_used_for_a_named_user_and_never_for_anonymous(string[] options, string expected)
    {
        using ScriptedServer server = ScriptedServer.Start([], []);
        (int code, _, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "127.0.0.1", server.Port, .. options], "pwd\n", Home, ("FTS_PASSWORD", "secret"));
        Assert.True(code == 0, messages);
        Assert.Equal(expected, Assert.Single(server.ReceivedCommands, line => line.StartsWith("PASS", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Simultaneous_additions_by_several_processes_are_all_kept()
    {
        string key = "SHA256:" + new string('A', 43);
        string[] servers = [.. Enumerable.Range(0, 36).Select(i => $"192.0.2.{i}:21")];
        (int Code, string Data, string Messages)[] results = await Task.WhenAll(servers.Select(server => TrustAsync("add", server, key)));
        Assert.All(results, result => Assert.Equal(0, result.Code));
        Assert.Equal(servers.Select(server => $"{server} {key}").Order(StringComparer.Ordinal),
            File.ReadAllLines(_home["fts/known_hosts"]).Order(StringComparer.Ordinal));
    }

    private Task<(int Code, string Data, string Messages)> TrustAsync(params string[] words) =>
        RunningProgram.RunAsync(_folder.Path, ["trust", .. words], "", Home);
}
