using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Trust;

/// <summary>Tests of certificates on the command line: of the server, of further hosts, and of the client.</summary>
public sealed class CertificateTests : IDisposable
{
    private readonly TestFolder _folder = new(), _home = new(), _files = new();
    private readonly AuthorityFiles _authority;

    public CertificateTests() => _authority = new AuthorityFiles(_files);

    public void Dispose()
    {
        _folder.Dispose();
        _home.Dispose();
        _files.Dispose();
    }

    [Fact]
    public async Task The_certificate_of_the_server_is_read_from_one_PEM_file_from_two_and_from_PFX()
    {
        (string certificate, string key) = _authority.WritePair("127.0.0.1");
        foreach (string[] options in (string[][])[["--cert", _authority.WritePem("127.0.0.1")], ["--cert", certificate, "--key", key],
            ["--cert", _authority.WritePfx("127.0.0.1", null)]])
        {
            await using RunningServer server = await RunningServer.StartAsync("0", options);
            (int code, _, string messages) = await ClientAsync(server, ["--ca", _authority.RootFile, "--tls", "required"], "ls");
            Assert.True(code == 0, messages);
        }
    }

    [Fact]
    public async Task An_unusable_certificate_is_one_line_and_exits_with_11()
    {
        (string certificate, _) = _authority.WritePair("127.0.0.1");
        (_, string other) = _authority.WritePair("other");
        _files.Write("half.pem", File.ReadAllText(certificate)[..100]);
        foreach (string[] options in (string[][])
            [["--cert", _files["nowhere.pem"]], ["--cert", certificate, "--key", other], ["--cert", _files["half.pem"]],
                ["--cert", certificate], ["--host", "a=.", "--host-cert", $"a={certificate}"]])
        {
            (int code, _, string messages) = await RunningProgram.RunAsync(_folder.Path, ["server", "127.0.0.1", "0", .. options]);
            Assert.True(code == 11, messages);
            Assert.StartsWith("error: cannot use ", messages, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task An_expired_certificate_is_refused_on_the_first_connection_unless_its_key_is_remembered()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--cert", _authority.WritePem("127.0.0.1", days: -1));
        (int code, _, string messages) = await ClientAsync(server, [], "ls");
        Assert.Equal(5, code);
        Assert.Contains("it is valid only from ", messages, StringComparison.Ordinal);
        await RunAdvisedCommandAsync(messages);
        (code, _, messages) = await ClientAsync(server, [], "ls");
        Assert.True(code == 0, messages);
    }

    [Theory]
    [InlineData("127.0.0.1", -1, "it is valid only from ")]
    [InlineData("files.example", 30, "it is not valid for 127.0.0.1")]
    public async Task A_certificate_of_a_trusted_authority_must_be_valid_and_match_the_server_unless_its_key_is_remembered(
        string name, int days, string reason)
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--cert", _authority.WritePem(name, days));
        (int code, _, string messages) = await ClientAsync(server, ["--ca", _authority.RootFile], "ls");
        Assert.Equal(5, code);
        Assert.Contains(reason, messages, StringComparison.Ordinal);
        Assert.Contains("fts trust add ", messages, StringComparison.Ordinal);

        // The same if the authority is trusted by the system.
        (code, _, messages) = await ClientAsync(server, [], "ls", ("SSL_CERT_FILE", _authority.RootFile));
        Assert.Equal(5, code);
        Assert.Contains(reason, messages, StringComparison.Ordinal);
        await RunAdvisedCommandAsync(messages);
        (code, _, messages) = await ClientAsync(server, [], "ls", ("SSL_CERT_FILE", _authority.RootFile));
        Assert.True(code == 0, messages);
    }

    [Fact]
    public async Task A_host_has_its_own_folder_and_certificate()
    {
        using var own = new TestFolder();
        own.Write("own.txt", "of localhost");
        await using RunningServer server = await RunningServer.StartAsync(
            "0", "--host", $"localhost={own.Path}", "--host-cert", $"localhost={_authority.WritePem("localhost")}");
        server.Folder.Write("default.txt", "of everybody");

        (int code, string named, string messages) = await RunningProgram.RunAsync(
            _folder.Path, ["client", "localhost", server.PortText, "1", "--ca", _authority.RootFile, "--tls", "required"], "ls\n", Home);
        (_, string plain, _) =
            await RunningProgram.RunAsync(_folder.Path, ["client", "localhost", server.PortText, "--tls", "off"], "ls\n", Home);
        (_, string address, _) = await ClientAsync(server, [], "ls");

        Assert.True(code == 0, messages);
        Assert.Contains("> HOST localhost", messages, StringComparison.Ordinal);
        Assert.Contains("own.txt", named, StringComparison.Ordinal);
        Assert.Contains("own.txt", plain, StringComparison.Ordinal);
        Assert.Contains("default.txt", address, StringComparison.Ordinal);
        Assert.DoesNotContain("own.txt", address, StringComparison.Ordinal);
        Assert.Contains($"host      localhost: {own.Path}", server.Program.Messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ask")]
    [InlineData("require")]
    public async Task A_client_certificate_logs_in_as_its_common_name(string policy)
    {
        await using RunningServer server =
            await RunningServer.StartAsync("0", "--client-ca", _authority.RootFile, "--client-cert", policy, "--anonymous", "no");
        (string certificate, string key) = _authority.WritePair("ann", "sesame");
        _folder.Write("a.txt", "hello");

        (int code, _, string messages) =
            await ClientAsync(server, ["--user", "ann", "--cert", _authority.WritePem("ann")], "put a.txt", "get --overwrite a.txt");
        Assert.True(code == 0, messages);
        (code, _, messages) =
            await ClientAsync(server, ["--user", "ann", "--cert", certificate, "--key", key], "ls", ("FTS_KEY_PASSWORD", "sesame"));
        Assert.True(code == 0, messages);
        (code, _, messages) = await ClientAsync(
            server, ["--user", "ann", "--cert", _authority.WritePfx("ann", "sesame")], "ls", ("FTS_KEY_PASSWORD", "sesame"));
        Assert.True(code == 0, messages);
        Assert.Equal(4, (await ClientAsync(server, ["--user", "fts", "--cert", _authority.WritePem("ann")], "ls")).Code);
        (code, _, messages) = await ClientAsync(server, [], "ls");
        Assert.Equal(4, code);
        Assert.Equal(policy == "require", messages.Contains("--cert FILE", StringComparison.Ordinal));

        Assert.DoesNotContain("sesame", server.Program.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unusable_client_key_is_reported_before_connecting()
    {
        (string certificate, string key) = _authority.WritePair("ann", "sesame");
        (_, string other) = _authority.WritePair("other");
        foreach ((string[] options, string? secret, int expected, string words) in ((string[], string?, int, string)[])
        [
            (["--cert", certificate, "--key", key], null, 2, "FTS_KEY_PASSWORD"),
            (["--cert", certificate, "--key", key], "open", 11, "the password is wrong"),
            (["--cert", certificate, "--key", other], null, 11, "the key does not belong to the certificate"),
            (["--cert", certificate], null, 11, "no certificate with its key"),
            (["--cert", _files["nowhere.pem"]], null, 11, "no such file"),
            (["--cert", _authority.WritePfx("ann", "sesame")], null, 2, "FTS_KEY_PASSWORD"),
            (["--cert", _authority.WritePfx("ann", "sesame")], "open", 11, "the password is wrong"),
        ])
        {
            (int code, _, string messages) = await RunningProgram.RunAsync(
                _folder.Path, ["client", "127.0.0.1", "1", .. options], "ls\n", Home, ("FTS_KEY_PASSWORD", secret));
            Assert.True(code == expected, messages);
            Assert.Contains(words, messages, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("nowhere.pem", 11, "cannot read --client-ca")]
    [InlineData("empty.pem", 2, "contains no certificate")]
    [InlineData("leaf.pem", 2, "contains no root certificate")]
    public async Task Unusable_client_authorities_are_reported_at_the_start(string file, int expected, string words)
    {
        _files.Write("empty.pem", "");
        File.Copy(_authority.WritePair("leaf").Certificate, _files["leaf.pem"]);
        (int code, _, string messages) =
            await RunningProgram.RunAsync(_folder.Path, ["server", "127.0.0.1", "0", "--client-ca", _files[file]]);
        Assert.Equal(expected, code);
        Assert.Contains(words, messages, StringComparison.Ordinal);
    }

    /// <summary>Runs the command that the error message advises if the key is the right one.</summary>
    private async Task RunAdvisedCommandAsync(string messages)
    {
        string command = messages[messages.IndexOf("fts trust add ", StringComparison.Ordinal)..].Trim();
        Assert.Equal(0, (await RunningProgram.RunAsync(_folder.Path, command.Split(' ')[1..], "", Home)).Code);
    }

    private (string, string?) Home => ("XDG_CONFIG_HOME", _home.Path);

    private Task<(int Code, string Data, string Messages)> ClientAsync(RunningServer server, string[] options, params string[] lines) =>
        RunningProgram.RunAsync(
            _folder.Path, ["client", "127.0.0.1", server.PortText, .. options], string.Concat(lines.Select(line => line + "\n")), Home);

    private Task<(int Code, string Data, string Messages)> ClientAsync(
        RunningServer server, string[] options, string line, (string, string?) variable) =>
        RunningProgram.RunAsync(_folder.Path, ["client", "127.0.0.1", server.PortText, .. options], line + "\n", Home, variable);
}
