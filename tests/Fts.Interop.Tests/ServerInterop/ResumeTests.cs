using System.Globalization;
using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;
using Fts.ProgramTests.Support;

namespace Fts.Interop.Tests.ServerInterop;

/// <summary>The ways to interrupt an upload.</summary>
public enum Interruption
{
    /// <summary>The client is killed, and the system closes its connections normally.</summary>
    ClientKilled,
    /// <summary>The data connection is reset, and the control connection stays open.</summary>
    DataReset,
    /// <summary>The server is killed and restarted on the same folder.</summary>
    ServerKilled,
}

/// <summary>
/// Other clients resume uploads that were interrupted at any byte. Until an upload is complete, downloads return the previous file.
/// </summary>
public sealed class ResumeTests : IDisposable
{
    /// <summary>More than socket buffers hold. At most this many sent bytes can be lost with a connection.</summary>
    private const int InTransitBytes = 16 * 1024 * 1024;

    /// <summary>An upload by ftplib, as a Python user writes it.</summary>
    private const string PythonScript = """
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

    public static TheoryData<string, Interruption, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, Interruption, bool>();
            foreach (string client in (string[])["curl -C -", "lftp put -c", "lftp reput", "python3 ftplib", "ncftpput"])
            {
                foreach (Interruption interruption in Enum.GetValues<Interruption>())
                {
                    cases.Add(client, interruption, false);
                    cases.Add(client, interruption, true);
                }
            }

            return cases;
        }
    }

    public void Dispose()
    {
        _local.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task An_interrupted_upload_is_resumed_at_the_byte_of_the_interruption(
        string client, Interruption interruption, bool replaces)
    {
        File.Copy(TestTree.LargeFile, _local["up.bin"]);
        long size = new FileInfo(TestTree.LargeFile).Length;
        long limit = Random.Shared.NextInt64(1, size);
        if (replaces)
        {
            _folder.Write("up.bin", "old");
        }

        RunningServer server = await RunningServer.StartOnFolderAsync(_folder, [], []);
        try
        {
            await using (var relay = new InterruptingRelay(server.Port, limit))
            {
                await InterruptAsync(client, interruption, server, relay);
            }

            if (interruption == Interruption.ServerKilled)
            {
                await server.DisposeAsync();
                server = await RunningServer.StartOnFolderAsync(_folder, [], []);
            }

            await AssertOldFileAsync(server, replaces);
            await using var secondRelay = new InterruptingRelay(server.Port);
            string[] arguments = CreateArguments(client, secondRelay.Port, resumes: true);
            ProcessResult result = await ProcessRunner.RunAsync(GetTool(client), _local, arguments);
            string summary = $"interrupted after {limit} of {size} bytes; {client} then sent {secondRelay.Commands} and "
                + $"{secondRelay.UploadedBytes} bytes";
            TestContext.Current.TestOutputHelper?.WriteLine(summary);

            result.AssertSuccess();
            TreeSnapshot.AssertSameFile(TestTree.LargeFile, _folder["up.bin"]);
            Assert.Equal(["up.bin"], _folder.Names);
            // The client sends no bytes again that the server has received. Bytes in transit at the interruption may be sent again.
            Assert.True(secondRelay.UploadedBytes >= size - limit, summary);
            Assert.True(secondRelay.UploadedBytes < size || limit < InTransitBytes || client == "ncftpput", summary);
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
    public async Task Another_client_downloads_the_previous_file_while_a_partial_upload_exists(string client, int partialLength)
    {
        byte[] old = new byte[5_000];
        Random.Shared.NextBytes(old);
        await File.WriteAllBytesAsync(_folder["up.bin"], old, TestContext.Current.CancellationToken);
        await using RunningServer server = await RunningServer.StartOnFolderAsync(_folder, [], []);
        await File.WriteAllBytesAsync(_local["new.bin"], new byte[partialLength], TestContext.Current.CancellationToken);
        string url = $"ftp://127.0.0.1:{server.PortText}/up.bin";
        // ALLO announces more bytes than the client sends, so the server keeps a partial upload.
        string[] truncatedUpload = ["-q", "-sS", "-Q", "+ALLO 99999", "-T", "new.bin", url];
        (await ProcessRunner.RunAsync(Tool.Require("curl"), _local, truncatedUpload)).AssertFailure();

        const string lftpSettings = "set net:max-retries 1; set net:socket-bind-ipv4 127.0.0.2; set ftp:ssl-allow no";
        string[] arguments = client switch
        {
            "curl" => ["-q", "-sS", "--interface", "127.0.0.2", "-o", "back.bin", url],
            "lftp" => ["--norc", "-c", $"{lftpSettings}; get {url} -o back.bin"],
            _ => ["-q", "-t", "1", "--bind-address=127.0.0.2", "-O", "back.bin", url],
        };
        (await ProcessRunner.RunAsync(Tool.Require(client), _local, arguments)).AssertSuccess();

        Assert.Equal(old, await File.ReadAllBytesAsync(_local["back.bin"], TestContext.Current.CancellationToken));
    }

    private async Task InterruptAsync(string client, Interruption interruption, RunningServer server, InterruptingRelay relay)
    {
        using var process = ProcessRunner.Start(GetTool(client), _local.Path, CreateArguments(client, relay.Port, resumes: false));
        try
        {
            await relay.LimitReached.WaitAsync(Deadline.Default, TestContext.Current.CancellationToken);
            switch (interruption)
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

    /// <summary>Downloads without SIZE, because SIZE returns the length of the partial upload until the upload is resumed.</summary>
    private async Task AssertOldFileAsync(RunningServer server, bool exists)
    {
        string[] arguments = ["-q", "-sS", "--ignore-content-length", $"ftp://127.0.0.1:{server.PortText}/up.bin"];
        ProcessResult result = await ProcessRunner.RunAsync(Tool.Require("curl"), _local, arguments);
        if (exists)
        {
            Assert.Equal("old", result.AssertSuccess().Output);
        }
        else
        {
            result.AssertFailure();
        }
    }

    private static Tool GetTool(string client) =>
        client.StartsWith("python3", StringComparison.Ordinal) ? Tool.RequirePython() : Tool.Require(client.Split(' ')[0]);

    private static string[] CreateArguments(string client, int port, bool resumes)
    {
        string number = port.ToString(CultureInfo.InvariantCulture);
        return client.Split(' ')[0] switch
        {
            "curl" => ["-q", "-sS", .. resumes ? new[] { "-C", "-" } : [], "-T", "up.bin", $"ftp://127.0.0.1:{number}/up.bin"],
            "python3" => ["-c", PythonScript, number, $"{resumes}"],
            // Not with -z: ncftpput then sends the whole file after REST, also to vsftpd. Without -z it replaces the partial upload.
            "ncftpput" => ["-V", "-t", "20", "-r", "1", "-P", number, "127.0.0.1", "/", "up.bin"],
            _ => ["--norc", "-c", CreateLftpScript(client["lftp ".Length..], number, resumes)],
        };
    }

    /// <summary>Uses MODE Z for all commands except reput, so that compressed and uncompressed uploads are resumed.</summary>
    private static string CreateLftpScript(string command, string port, bool resumes) => $"""
        set net:max-retries 1; set cmd:fail-exit yes; set ftp:ssl-allow no; set ftp:use-mode-z {(command == "reput" ? "no" : "yes")};
        open ftp://127.0.0.1:{port}; {(resumes ? command : "put")} up.bin -o up.bin
        """.ReplaceLineEndings(" ");
}
