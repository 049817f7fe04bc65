using System.Globalization;
using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;
using Fts.ProgramTests.Support;

namespace Fts.Interop.Tests.ServerInterop;

/// <summary>What breaks an upload.</summary>
public enum Interruption
{
    /// <summary>The client is killed; the system closes its connections in good order.</summary>
    ClientKilled,
    /// <summary>The data connection is reset; the control connection lives.</summary>
    DataReset,
    /// <summary>The server is killed, and started again on the same folder.</summary>
    ServerKilled,
}

/// <summary>Clients of others continue uploads that broke at any byte, by the commands they know; meanwhile the old file is the one to be read.</summary>
public sealed class ResumeTests : IDisposable
{
    /// <summary>More than sockets hold: so much of what was sent can be lost with a connection.</summary>
    private const int InTransitBytes = 16 * 1024 * 1024;

    /// <summary>What python's users write.</summary>
    private const string Python = """
        import ftplib, sys
        ftp = ftplib.FTP()
        ftp.connect("127.0.0.1", int(sys.argv[1]))
        ftp.login()
        ftp.voidcmd("TYPE I")
        start = ftp.size("up.bin") if sys.argv[2] == "True" else None
        with open("up.bin", "rb") as file:
            file.seek(start or 0)
            ftp.storbinary("STOR up.bin", file, rest=start)
        """;

    private readonly TempFolder _local = new();
    private readonly TestFolder _folder = new();

    public static TheoryData<string, Interruption, bool> Ways
    {
        get
        {
            var ways = new TheoryData<string, Interruption, bool>();
            foreach (string client in (string[])["curl -C -", "lftp put -c", "lftp reput", "python3 ftplib", "ncftpput"])
            {
                foreach (Interruption cut in Enum.GetValues<Interruption>())
                {
                    ways.Add(client, cut, false);
                    ways.Add(client, cut, true);
                }
            }

            return ways;
        }
    }

    public void Dispose()
    {
        _local.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_broken_upload_is_continued_to_the_byte(string client, Interruption cut, bool replaces)
    {
        File.Copy(TestTree.LargeFile, _local["up.bin"]);
        long size = new FileInfo(TestTree.LargeFile).Length;
        long at = Random.Shared.NextInt64(1, size);
        if (replaces)
        {
            _folder.Write("up.bin", "old");
        }

        RunningServer server = await RunningServer.StartOnFolderAsync(_folder, [], []);
        try
        {
            await using (var relay = new InterruptingRelay(server.Port, at))
            {
                await InterruptAsync(client, cut, server, relay);
            }

            if (cut == Interruption.ServerKilled)
            {
                await server.DisposeAsync();
                server = await RunningServer.StartOnFolderAsync(_folder, [], []);
            }

            await AssertOldFileAsync(server, replaces);
            await using var through = new InterruptingRelay(server.Port);
            ProcessResult ended = await ProcessRunner.RunAsync(GetTool(client), _local, CreateArguments(client, through.Port, continues: true));
            string said = $"cut at {at} of {size}; then {client}: {through.Commands}; {through.UploadedBytes} bytes";
            TestContext.Current.TestOutputHelper?.WriteLine(said);

            ended.AssertSuccess();
            TreeSnapshot.AssertSameFile(TestTree.LargeFile, _folder["up.bin"]);
            Assert.Equal(["up.bin"], _folder.Names);
            // What had arrived is not sent again; what was still on its way when a connection broke may be.
            Assert.True(through.UploadedBytes >= size - at, said);
            Assert.True(through.UploadedBytes < size || at < InTransitBytes || client == "ncftpput", said);
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("curl", 1_000)]
    [InlineData("curl", 9_000)]
    [InlineData("lftp", 1_000)]
    [InlineData("lftp", 9_000)]
    [InlineData("wget", 1_000)]
    [InlineData("wget", 9_000)]
    public async Task Somebody_else_downloads_the_old_file_meanwhile(string client, int kept)
    {
        byte[] old = new byte[5_000];
        Random.Shared.NextBytes(old);
        await File.WriteAllBytesAsync(_folder["up.bin"], old, TestContext.Current.CancellationToken);
        await using RunningServer server = await RunningServer.StartOnFolderAsync(_folder, [], []);
        await File.WriteAllBytesAsync(_local["new.bin"], new byte[kept], TestContext.Current.CancellationToken);
        string url = $"ftp://127.0.0.1:{server.PortText}/up.bin";
        // ALLO tells more than comes: the upload is kept.
        (await ProcessRunner.RunAsync(Tool.Require("curl"), _local, "-q", "-sS", "-Q", "+ALLO 99999", "-T", "new.bin", url)).AssertFailure();

        string[] arguments = client switch
        {
            "curl" => ["-q", "-sS", "--interface", "127.0.0.2", "-o", "back.bin", url],
            "lftp" => ["--norc", "-c", $"set net:max-retries 1; set net:socket-bind-ipv4 127.0.0.2; set ftp:ssl-allow no; get {url} -o back.bin"],
            _ => ["-q", "-t", "1", "--bind-address=127.0.0.2", "-O", "back.bin", url],
        };
        (await ProcessRunner.RunAsync(Tool.Require(client), _local, arguments)).AssertSuccess();

        Assert.Equal(old, await File.ReadAllBytesAsync(_local["back.bin"], TestContext.Current.CancellationToken));
    }

    private async Task InterruptAsync(string client, Interruption cut, RunningServer server, InterruptingRelay relay)
    {
        using var process = ProcessRunner.Start(GetTool(client), _local.Path, CreateArguments(client, relay.Port, continues: false));
        try
        {
            await relay.LimitReached.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
            switch (cut)
            {
                case Interruption.ClientKilled:
                    process.Kill();
                    await relay.ClientDisconnected.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
                    relay.Interrupt(reset: false);
                    break;
                case Interruption.DataReset:
                    relay.Interrupt(reset: true);
                    break;
                default:
                    server.Program.SendSignal(9);
                    await server.Program.WaitForExitAsync();
                    relay.Interrupt(reset: true);
                    return;
            }

            await server.Program.WaitForOutputAsync("failed after");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }

            await process.WaitForExitAsync(CancellationToken.None);
        }

        await server.Program.WaitForOutputAsync("disconnected");
    }

    /// <summary>RETR alone: what SIZE says meanwhile is what is kept, for those who continue it.</summary>
    private async Task AssertOldFileAsync(RunningServer server, bool isThere)
    {
        ProcessResult ended = await ProcessRunner.RunAsync(Tool.Require("curl"), _local, "-q", "-sS", "--ignore-content-length", $"ftp://127.0.0.1:{server.PortText}/up.bin");
        if (isThere)
        {
            Assert.Equal("old", ended.AssertSuccess().Output);
        }
        else
        {
            ended.AssertFailure();
        }
    }

    private static Tool GetTool(string client) => client.StartsWith("python3", StringComparison.Ordinal) ? Tool.RequirePython() : Tool.Require(client.Split(' ')[0]);

    private static string[] CreateArguments(string client, int port, bool continues)
    {
        string number = port.ToString(CultureInfo.InvariantCulture);
        return client.Split(' ')[0] switch
        {
            "curl" => ["-q", "-sS", .. continues ? new[] { "-C", "-" } : [], "-T", "up.bin", $"ftp://127.0.0.1:{number}/up.bin"],
            "python3" => ["-c", Python, number, $"{continues}"],
            // Not with -z: after REST it sends the file from its beginning, to vsftpd too. Without, it stores anew over what is kept.
            "ncftpput" => ["-V", "-t", "20", "-r", "1", "-P", number, "127.0.0.1", "/", "up.bin"],
            _ => ["--norc", "-c", CreateLftpScript(client["lftp ".Length..], number, continues)],
        };
    }

    /// <summary>It compresses where the server can, unless told; a compressed upload is continued like another.</summary>
    private static string CreateLftpScript(string command, string port, bool continues) => $"""
        set net:max-retries 1; set cmd:fail-exit yes; set ftp:ssl-allow no; set ftp:use-mode-z {(command == "reput" ? "no" : "yes")};
        open ftp://127.0.0.1:{port}; {(continues ? command : "put")} up.bin -o up.bin
        """.ReplaceLineEndings(" ");
}
