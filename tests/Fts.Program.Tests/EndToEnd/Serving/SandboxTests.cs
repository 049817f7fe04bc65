using System.Net;
using System.Net.Sockets;
using System.Text;
using Fts.ProgramTests.Serving;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Serving;

/// <summary>Tests of <c>fts server</c> in its sandbox.</summary>
public sealed class SandboxTests : IDisposable
{
    private const string SandboxLine = "  sandbox   process restricted to these folders (Landlock)\n";

    /// <summary>The threads that the runtime starts before Main, with their names as the kernel truncates them. None opens a file for a
    /// client.</summary>
    private static readonly string[] RuntimesOwn =
        [".NET SynchManag", ".NET EventPipe", ".NET DebugPipe", ".NET Debugger", ".NET Tiered Com"];

    private readonly TestFolder _folder = new(), _home = new(), _files = new();

    public SandboxTests() => LandlockTests.SkipWithoutLandlock();

    public void Dispose()
    {
        _folder.Dispose();
        _home.Dispose();
        _files.Dispose();
    }

    [Fact]
    public async Task The_start_screen_shows_the_state_of_the_sandbox()
    {
        await using RunningServer server = await RunningServer.StartAsync();
        await using RunningServer without = await RunningServer.StartAsync("0", "--no-sandbox");
        Assert.Contains(SandboxLine, server.Program.Messages, StringComparison.Ordinal);
        Assert.Contains("  sandbox   off\n", without.Program.Messages, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Every_thread_except_those_of_the_runtime_is_sandboxed(bool hasStateDirectory)
    {
        // The database and the control socket are opened before the sandbox.
        await using RunningServer server = await RunningServer.StartAsync(
            hasStateDirectory ? ["0", "--state", _home.Path] : ["0"], ("DOTNET_EnableDiagnostics", "1"), ("TMPDIR", _files.Path));
        await TransferFilesAsync(server);
        foreach (string thread in Directory.GetDirectories($"/proc/{server.Program.Id}/task"))
        {
            string name = File.ReadAllText(Path.Combine(thread, "comm")).Trim();
            bool isIn = File.ReadAllText(Path.Combine(thread, "status")).Contains("NoNewPrivs:\t1\n", StringComparison.Ordinal);
            Assert.True(isIn || RuntimesOwn.Contains(name), name);
        }
    }

    [Fact]
    public async Task Debuggers_cannot_attach_and_their_pipes_are_removed()
    {
        await using RunningServer server =
            await RunningServer.StartAsync(["0"], ("DOTNET_EnableDiagnostics", "1"), ("TMPDIR", _files.Path));
        await using RunningServer without =
            await RunningServer.StartAsync(["0", "--no-sandbox"], ("DOTNET_EnableDiagnostics", "1"), ("TMPDIR", _files.Path));
        Assert.All(_files.Names, name => Assert.Contains($"-{without.Program.Id}-", name, StringComparison.Ordinal));
        // Native code has no diagnostics pipes.
        Assert.Equal(File.Exists(PublishedProgram.Path + ".dll"), _files.Names.Length > 0);
        without.Program.SendSignal(15);
        server.Program.SendSignal(15);
        Assert.Equal(0, await without.Program.WaitForExitAsync());
        Assert.Equal(0, await server.Program.WaitForExitAsync());
        Assert.Empty(_files.Names);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_certificate_link_to_a_file_outside_its_folder_is_not_read(bool isSandboxed)
    {
        var authority = new AuthorityFiles(_files);
        File.Copy(authority.WritePem("first"), _home["first.pem"]);
        string elsewhere = MarkAsModified(authority.WritePem("second")), link = _home["server.pem"];
        File.CreateSymbolicLink(link, "first.pem");
        await using RunningServer server =
            await RunningServer.StartAsync(isSandboxed ? ["0", "--cert", link] : ["0", "--cert", link, "--no-sandbox"]);

        File.CreateSymbolicLink(_home["turned.pem"], elsewhere);
        File.Move(_home["turned.pem"], link, overwrite: true);
        await ReconnectUntilMessageAsync(server, isSandboxed
            ? $"cannot use the changed certificate in {link}, keeping the previous certificate" : $"certificate reloaded from {link}");
    }

    [Fact]
    public async Task A_certificate_is_read_again_when_renewal_changes_its_link()
    {
        var authority = new AuthorityFiles(_files);
        Directory.CreateDirectory(_home["live/name"]);
        Directory.CreateDirectory(_home["archive/name"]);
        File.Copy(authority.WritePem("first"), _home["archive/name/cert1.pem"]);
        string link = _home["live/name/cert.pem"];
        File.CreateSymbolicLink(link, "../../archive/name/cert1.pem");
        await using RunningServer server = await RunningServer.StartAsync("0", "--cert", link);

        File.Copy(MarkAsModified(authority.WritePem("second")), _home["archive/name/cert2.pem"]);
        File.CreateSymbolicLink(_home["live/name/new"], "../../archive/name/cert2.pem");
        File.Move(_home["live/name/new"], link, overwrite: true);
        await ReconnectUntilMessageAsync(server, $"certificate reloaded from {link}");
    }

    [Fact]
    public async Task The_self_signed_certificate_is_created_once_and_read_at_the_next_start()
    {
        string? first = null;
        for (int i = 0; i < 2; i++)
        {
            await using RunningServer server = await RunningServer.StartAsync(["0"], ("XDG_STATE_HOME", _home.Path));
            Assert.Contains(SandboxLine, server.Program.Messages, StringComparison.Ordinal);
            first ??= File.ReadAllText(_home["fts/server.pem"]);
        }

        Assert.Equal(first, File.ReadAllText(_home["fts/server.pem"]));
        Assert.Equal(["server.pem"], Directory.GetFiles(_home["fts"]).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Every_file_operation_works_in_the_sandbox(bool isSandboxed)
    {
        await using RunningServer server = await RunningServer.StartAsync(isSandboxed ? ["0"] : ["0", "--no-sandbox"]);
        await TransferFilesAsync(server);
        IReadOnlyList<string> replies = await SendCommandsAsync(
            server, "USER anonymous", "PASS x", "MKD a", "MKD a/b", "MKD c", "RNFR big", "RNTO a/b/big", "RNFR a/b", "RNTO c/b",
            "SITE SYMLINK \"c/b/big\" \"c/link\"", "HASH c/link",
            "MFMT 20200102030405 c/b/big", "SITE CHMOD 600 c/b/big", "MLST c/b/big", "SITE COPY \"c/b/big\" \"a/copy\"",
            "COMB \"a/both\" \"a/copy\" \"c/b/big\"", "XCRC a/both", "AVBL",
            "SITE CPFR a/both", "SITE CPTO c/copy", "DSIZ a", "RMDA a", "DELE c/link", "DELE c/copy", "RMD c/b", "RMD c", "QUIT");
        Assert.All(replies, reply => Assert.InRange(reply[0], '1', '3'));
        Assert.Contains(replies, reply => reply.Contains("Modify=20200102030405", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(["small"], server.Folder.Names);
    }

    [Fact]
    public async Task A_folder_reached_through_a_link_is_served()
    {
        Directory.CreateSymbolicLink(_home["link"], _files.Path);
        await using RunningServer server = await RunningServer.StartAsync("0", "--folder", _home["link"]);
        Assert.Contains(SandboxLine, server.Program.Messages, StringComparison.Ordinal);
        await TransferFilesAsync(server);
        Assert.Equal(["big", "small"], _files.Names);
    }

    [Fact]
    public async Task The_root_folder_can_be_served()
    {
        await using RunningServer server = await RunningServer.StartAsync("0", "--folder", "/");
        _home.Write("a.txt", "content");
        (int code, _, string messages) =
            await server.RunClientAsync(_folder, $"get {_home["a.txt"]}", $"cd {_home.Path}", "mv a.txt b.txt");
        Assert.True(code == 0, messages);
        Assert.Equal("content", _folder.Read("a.txt"));
        Assert.Equal(["b.txt"], _home.Names);
    }

    /// <summary>Waits for the next clock tick of the file system. Within one tick, two files of the same length look unchanged.</summary>
    private static string MarkAsModified(string file)
    {
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(1));
        return file;
    }

    /// <summary>Transfers files by every copy method: encrypted, unencrypted by the kernel, and small.</summary>
    private async Task TransferFilesAsync(RunningServer server)
    {
        _folder.Write("big", new string('x', 4_000_000));
        _folder.Write("small", "12345");
        foreach (string tls in (string[])["required", "off"])
        {
            (int code, _, string messages) = await RunningProgram.RunAsync(
                _folder.Path, ["client", "127.0.0.1", server.PortText, "--tls", tls, "--compress", "off"],
                "put big\nput small\nget --overwrite big small\nls\n", ("XDG_CONFIG_HOME", _home.Path));
            Assert.True(code == 0, messages);
        }

        Assert.Equal(4_000_000, new FileInfo(_folder["big"]).Length);
    }

    /// <summary>Repeats the TLS handshake until the server, which checks its files once a second, logs the text.</summary>
    private async Task ReconnectUntilMessageAsync(RunningServer server, string words)
    {
        using var deadline = new CancellationTokenSource(Deadline.Default);
        while (!server.Program.Messages.Contains(words, StringComparison.Ordinal))
        {
            Assert.False(deadline.IsCancellationRequested, server.Program.Messages);
            await RunningProgram.RunAsync(
                _folder.Path, ["client", "127.0.0.1", server.PortText, "--tls", "required"], "bye\n", ("XDG_CONFIG_HOME", _home.Path));
        }
    }

    private static async Task<IReadOnlyList<string>> SendCommandsAsync(RunningServer server, params string[] lines)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Port, TestContext.Current.CancellationToken);
        await client.GetStream()
            .WriteAsync(Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\r\n"))), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(client.GetStream());
        string all = await reader.ReadToEndAsync(TestContext.Current.CancellationToken)
            .WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
        // The inner lines of a reply start with a space.
        return [.. all.Split("\r\n").Where(line => line.Length > 0).Select(line => line.StartsWith(' ') ? $"2{line}" : line)];
    }
}
