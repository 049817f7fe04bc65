using System.Globalization;
using System.Text.Json;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Doctor;

/// <summary><c>fts doctor</c> with our own server, and with servers that each have one fault.</summary>
public sealed class DoctorTests : IDisposable
{
    private readonly TestFolder _folder = new(), _files = new();

    public void Dispose()
    {
        _folder.Dispose();
        _files.Dispose();
    }

    [Fact]
    public async Task Our_server_has_no_problems_and_stays_unchanged()
    {
        await using RunningServer server = await RunningServer.StartAsync("1");
        server.Folder.Write("a.txt", "content");
        (int code, string[] lines, string messages) = await RunAsync($"127.0.0.1:{server.PortText}");
        Assert.True(code == 0, string.Join('\n', lines) + messages);
        Assert.Equal(
            [
                "ok name", "ok port", "ok greeting", "ok tls", "note certificate", "ok login", "ok round-trip", "ok utf-8", "ok resume",
                "ok hash", "ok set-time", "ok join", "ok compression", "ok epsv", "ok pasv", "ok active", "ok resumption", "ok listing",
                "ok mlsd", "ok clock", "ok connections",
            ],
            GetVerdicts(lines));
        Assert.Contains("ok       tls          AUTH TLS (explicit) with TLS 1.3 and TLS 1.2", lines);
        Assert.Contains("ok       resumption   6 of 6 data connections resumed the TLS session", lines);
        Assert.Contains("ok       listing      LIST in the format of Unix (ls -l), 1 entry", lines);
        Assert.Equal($"127.0.0.1:{server.PortText}: no problems, 1 note", lines[^1]);
        Assert.Equal(["a.txt"], server.Folder.Names);
        foreach (string verb in (string[])["STOR", "DELE", "MFMT", "MKD", "APPE"])
        {
            Assert.DoesNotContain($" > {verb} ", server.Program.Messages, StringComparison.Ordinal);
        }

        // The check stores no key.
        Assert.Contains(lines, line => line.Contains($"fts trust add 127.0.0.1:{server.PortText} SHA256:", StringComparison.Ordinal));
        (code, lines, _) = await RunAsync($"127.0.0.1:{server.PortText}");
        Assert.Equal((0, "note certificate"), (code, GetVerdicts(lines)[4]));
    }

    [Fact]
    public async Task With_write_a_probe_file_is_measured_and_removed()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        (int code, string[] lines, string messages) = await RunAsync($"127.0.0.1:{server.PortText}", "--write");
        Assert.True(code == 0, string.Join('\n', lines) + messages);
        Assert.Equal(
            ["ok upload", "ok download", "ok clock", "ok hash-value", "ok clean-up", "ok connections"], GetVerdicts(lines)[^6..]);
        Assert.Contains("ok       clock        the clocks of the server and this machine agree", lines);
        Assert.Contains("ok       hash-value   the server's SHA-256 of the probe file is right", lines);
        Assert.DoesNotContain(server.Folder.Names, name => name.StartsWith(".fts-doctor", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_line_of_json_parses_alone_and_the_last_has_the_exit_code()
    {
        using var server = FaultyServer.Start(new() { ["PASS"] = "530 wrong password" });
        (int code, string[] lines, _) = await RunAsync(server.Address, "--json");
        Assert.Equal(4, code);
        JsonElement[] objects = [.. lines.Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal("fts-client-output-1", objects[0].GetProperty("schema").GetString());
        JsonElement login = objects.Single(each => each.TryGetProperty("name", out JsonElement name) && name.GetString() == "login");
        Assert.Equal(("check", "problem"), (login.GetProperty("type").GetString(), login.GetProperty("status").GetString()));
        JsonElement result = objects[^1];
        Assert.Equal(("result", 4), (result.GetProperty("type").GetString(), result.GetProperty("exitCode").GetInt32()));
        Assert.Equal(
            $"login failed for anonymous on {server.Address}; the server replied 530 wrong password",
            result.GetProperty("error").GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_closed_port_is_a_refused_connection()
    {
        string address = $"127.0.0.1:{FaultyServer.FindClosedPort()}";
        (int code, string[] lines, _) = await RunAsync(address);
        Assert.Equal(3, code);
        string port = address.Split(':')[1];
        Assert.StartsWith(
            $"problem  port         port {port} refuses connections: the machine responds, but no program listens there; try: ", lines[1],
            StringComparison.Ordinal);
        Assert.Equal($"{address}: 1 problem, 0 notes; the other checks need a connection", lines[^1]);
    }

    [Fact]
    public async Task A_silent_port_is_a_firewall_and_not_a_refusal()
    {
        using var server = FaultyServer.Start();
        int port = server.OpenSilentPort();
        (int code, string[] lines, _) = await RunAsync($"127.0.0.1:{port}", "--timeout", "1");
        Assert.Equal(3, code);
        Assert.StartsWith(
            $"problem  port         port {port} does not respond: a firewall discards the packets, or the machine is off; try: ", lines[1],
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_without_greeting_is_reported_within_its_deadline()
    {
        using var server = FaultyServer.Start(greeting: null);
        (int code, string[] lines, _) = await RunAsync(server.Address, "--timeout", "1");
        Assert.Equal(3, code);
        Assert.Equal(
            "problem  greeting     the server accepted the connection but sent no greeting within 1 s; " +
            "try: restart the server, or --timeout with more seconds if it looks up the names of clients",
            lines[2]);
    }

    [Fact]
    public async Task A_server_of_another_protocol_is_named()
    {
        using var server = FaultyServer.Start(greeting: "SSH-2.0-OpenSSH_9.2");
        (int code, string[] lines, _) = await RunAsync(server.Address, "--timeout", "2");
        Assert.Equal(3, code);
        Assert.StartsWith("problem  greeting     this is not an FTP server: ", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Blocked_passive_ports_are_a_firewall()
    {
        using var server = FaultyServer.Start();
        int silent = server.OpenSilentPort();
        server.Replies["EPSV"] = $"229 ok (|||{silent}|)";
        server.Replies["PASV"] = FaultyServer.FormatPassiveReply("127.0.0.1", silent);
        (int code, string[] lines, _) = await RunAsync(server.Address, "--timeout", "1");
        Assert.Equal(8, code);
        foreach (string way in (string[])["epsv         ", "pasv         "])
        {
            Assert.Contains(
                $"problem  {way}port {silent} does not respond: a firewall blocks the passive ports; try: open the passive ports of the " +
                "server in its firewall and router: --passive-ports (fts), pasv_min_port (vsftpd), PassivePorts (ProFTPD), -p (Pure-FTPd)",
                lines);
        }

        Assert.Equal($"{server.Address}: 3 problems, 2 notes; the other checks need a data connection", SkipFeatureNotes(lines));
    }

    [Fact]
    public async Task Passive_ports_that_refuse_are_not_forwarded()
    {
        using var server = FaultyServer.Start();
        int closed = FaultyServer.FindClosedPort();
        server.Replies["EPSV"] = $"229 ok (|||{closed}|)";
        server.Replies["PASV"] = FaultyServer.FormatPassiveReply("10.1.2.3", closed);
        (int code, string[] lines, _) = await RunAsync(server.Address, "--timeout", "1");
        Assert.Equal(8, code);
        Assert.Contains(lines, line => line.StartsWith(
            $"problem  epsv         port {closed} refuses the connection: a firewall or router does not forward the passive ports; try: ",
            StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith(
            $"problem  pasv         port {closed} refuses the connection: a firewall or router does not forward the passive ports; " +
            "the server also reports the wrong address 10.1.2.3; try: ",
            StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_wrong_address_in_the_reply_to_PASV_is_a_note_with_the_setting_of_each_server()
    {
        using var server = FaultyServer.Start();
        server.Replies["PASV"] = FaultyServer.FormatPassiveReply("10.1.2.3", server.DataPort);
        (int code, string[] lines, string messages) = await RunAsync(server.Address);
        Assert.True(code == 0, string.Join('\n', lines) + messages);
        string pasv = lines.Single(line => line.StartsWith("note     pasv ", StringComparison.Ordinal));
        Assert.StartsWith($"note     pasv         opened port {server.DataPort}; 39 bytes of listing in ", pasv, StringComparison.Ordinal);
        Assert.EndsWith(
            ", but the server reports the address 10.1.2.3, which other clients use and fts ignores; try: set the public address on the " +
            "server: --passive-address (fts), pasv_address (vsftpd), MasqueradeAddress (ProFTPD), -P (Pure-FTPd)",
            pasv,
            StringComparison.Ordinal);
        Assert.Contains(
            "note     active       the server rejects PORT: 502 not implemented; try: enable PORT on the server, or use another way", lines);
    }

    [Fact]
    public async Task A_server_that_resumes_no_session_is_a_note()
    {
        using var server = FaultyServer.Start(hasTls: true);
        (int code, string[] lines, string messages) = await RunAsync(server.Address);
        Assert.True(code == 0, string.Join('\n', lines) + messages);
        Assert.Contains(
            "note     resumption   0 of 6 data connections resumed the TLS session: each other one needs a full handshake, and anyone " +
            "could open it; try: enable session tickets or the session cache on the server",
            lines);
    }

    [Fact]
    public async Task An_expired_certificate_is_a_problem_and_no_password_is_sent()
    {
        var authority = new AuthorityFiles(_files);
        await using RunningServer server = await RunningServer.StartAsync(
            "1", "--cert", authority.WritePem("127.0.0.1", days: -1));
        (int code, string[] lines, _) = await RunAsync($"127.0.0.1:{server.PortText}", "--ca", authority.RootFile);
        Assert.Equal(5, code);
        Assert.Contains(lines, line => line.StartsWith(
            "problem  certificate  not trusted: it is valid only from ", StringComparison.Ordinal));
        Assert.Equal($"127.0.0.1:{server.PortText}: 1 problem, 0 notes; the other checks need a trusted connection", lines[^1]);
        Assert.DoesNotContain(" > USER", server.Program.Messages, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_stops_with_a_partial_report()
    {
        using var server = FaultyServer.Start(greeting: null);
        await using RunningProgram program = RunningProgram.Start(_folder.Path, ["doctor", server.Address, "--timeout", "60"]);
        await program.WaitForOutputAsync("ok       port");
        program.SendSignal(2);
        Assert.Equal(130, await program.WaitForExitAsync());
        Assert.EndsWith($"{server.Address}: no problems; stopped before the end\n", program.Data, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("doctor")]
    [InlineData("doctor", "127.0.0.1", "extra")]
    [InlineData("doctor", "127.0.0.1", "--timeout", "0")]
    [InlineData("doctor", "127.0.0.1", "--connections", "x")]
    public async Task Invalid_arguments_are_usage_errors(params string[] arguments) =>
        Assert.Equal(2, (await RunningProgram.RunAsync(_folder.Path, arguments)).Code);

    /// <summary>Returns the status and the name of each check.</summary>
    private static string[] GetVerdicts(string[] lines) =>
        [.. lines[..^1].Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(2)))];

    /// <summary>Returns the summary without the notes about features, which are not the subject of the test.</summary>
    private static string SkipFeatureNotes(string[] lines)
    {
        int features = GetVerdicts(lines).Count(verdict => verdict is "note utf-8" or "note hash" or "note set-time" or "note join");
        int all = GetVerdicts(lines).Count(verdict => verdict.StartsWith("note ", StringComparison.Ordinal));
        return lines[^1].Replace(
            $"{all} notes", string.Create(CultureInfo.InvariantCulture, $"{all - features} notes"), StringComparison.Ordinal);
    }

    private async Task<(int Code, string[] Lines, string Messages)> RunAsync(params string[] arguments)
    {
        (int code, string data, string messages) = await RunningProgram.RunAsync(_folder.Path, ["doctor", .. arguments]);
        return (code, data.Split('\n', StringSplitOptions.RemoveEmptyEntries), messages);
    }
}
