using System.Text;
using Fts.Accounts;
using Fts.Client.Tests.Support;
using Fts.Server;
using Fts.Storage.Memory;

namespace Fts.Client.Tests.Recording;

/// <summary>The text of recordings, and replays of recorded sessions with our server.</summary>
public sealed class RecordingTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Commands_replies_and_the_length_of_data_are_recorded_and_secrets_are_masked()
    {
        await using var peer = ScriptedPeer.Start("""
            S: 220 hello
            C: USER ann
            S: 331 password for ann please
            C: PASS wonder123
            S: 230 ann logged in with wonder123, not anna
            C: FEAT
            S: 502 no
            C: TYPE I
            S: 200 binary
            C: EPSV
            S: 229 ok (|||{port}|)
            C: RETR /home/ann/x
            S: 150 here
            D> hello world
            D.
            S: 226 done
            C: QUIT
            S: 221 bye
            """);
        var text = new StringWriter();
        await using (FtpConnection connection = await OpenAsync(
            peer.Options with { Credentials = new FtpCredentials("ann", "wonder123"), Recorder = new FtpRecorder(text) }))
        {
            await ReadAsync(connection, "/home/ann/x");
        }

        Assert.Equal(
            """
            fts recording 1
            1 open 127.0.0.1:PORT
            1 < 220 hello
            1 > USER ****
            1 < 331 password for **** please
            1 > PASS ****
            1 < 230 **** logged in with ****, not anna
            1 > FEAT
            1 < 502 no
            1 > TYPE I
            1 < 200 binary
            1 > EPSV
            1 < 229 ok (|||PORT|)
            1 > RETR /home/****/x
            1 < 150 here
            1 data received 11
            1 < 226 done
            1 > QUIT
            1 < 221 bye
            1 close

            """,
            Normalize(text));
    }

    [Fact]
    public async Task The_first_bytes_and_the_user_name_are_recorded_on_request()
    {
        await using var peer = ScriptedPeer.Start("""
            S: 220 hello
            C: USER ann
            S: 230 ann
            C: FEAT
            S: 502 no
            C: TYPE I
            S: 200 binary
            C: EPSV
            S: 229 ok (|||{port}|)
            C: RETR x
            S: 150 here
            D> hello world
            D.
            S: 226 done
            C: QUIT
            S: 221 bye
            """);
        var text = new StringWriter();
        var recorder = new FtpRecorder(text, new FtpRecordingOptions { DataBytes = 5, IncludesUserName = true });
        await using (FtpConnection connection = await OpenAsync(
            peer.Options with { Credentials = new FtpCredentials("ann", "wonder123"), Recorder = recorder }))
        {
            await ReadAsync(connection, "x");
        }

        string recording = Normalize(text);
        Assert.Contains("1 > USER ann\n1 < 230 ann\n", recording, StringComparison.Ordinal);
        Assert.Contains("1 bytes aGVsbG8=\n1 data received 11\n", recording, StringComparison.Ordinal); // "hello" in Base64
    }

    [Fact]
    public async Task A_failed_writer_ends_the_recording_and_not_the_session()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + "C: NOOP\nS: 200 ok\nC: QUIT\nS: 221 bye\n");
        var recorder = new FtpRecorder(new FailingWriter());
        await using FtpConnection connection = await OpenAsync(peer.Options with { Recorder = recorder });
        Assert.Equal(200, (int)(await connection.SendAsync("NOOP", null, Token)).Code);
        Assert.Equal("disk full", recorder.Failure?.Message);
    }

    [Fact]
    public async Task A_recording_ends_at_its_limit()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + "C: QUIT\nS: 221 bye\n");
        var text = new StringWriter();
        await using (await OpenAsync(
            peer.Options with { Recorder = new FtpRecorder(text, new FtpRecordingOptions { MaxLength = 80 }) }))
        {
        }

        Assert.True(text.ToString().Length < 100);
        Assert.EndsWith("\n# full\n", text.ToString(), StringComparison.Ordinal);
    }

    /// <summary>A session with our server is recorded. The replay of the recording gives the client the same results.</summary>
    [Theory]
    [InlineData(FtpTlsMode.Off, FtpDataMode.Passive)]
    [InlineData(FtpTlsMode.Off, FtpDataMode.PasvOnly)]
    [InlineData(FtpTlsMode.Off, FtpDataMode.Active)]
    [InlineData(FtpTlsMode.Required, FtpDataMode.Passive)]
    public async Task A_replayed_session_gives_the_same_results(FtpTlsMode tls, FtpDataMode mode)
    {
        await using var server = new FtpServer(new FtpServerOptions
        {
            Store = new MemoryFileStore(),
            Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite),
            Tls = tls == FtpTlsMode.Off ? null : CreateTls(),
        });
        await server.StartAsync(Token);
        var text = new StringWriter();
        var recorder = new FtpRecorder(text, new FtpRecordingOptions { DataBytes = 1 << 20 });
        FtpClientOptions options = new()
        {
            Host = "127.0.0.1",
            Port = server.EndPoint.Port,
            MaxConnections = 1,
            Tls = tls,
            DataMode = mode,
            Trust = new FtpTrust { ValidateAsync = (_, _) => ValueTask.FromResult(true) },
        };
        string recorded = await RunSessionAsync(options with { Recorder = recorder });
        Assert.Equal("content of ü: 0123456789; names: ü.txt; missing: 550; size: 10", recorded);

        await using var replay = new ReplayServer(text.ToString(), TestCertificate.Valid);
        string replayed = await RunSessionAsync(options with { Port = replay.Port });
        await replay.WaitAsync();
        Assert.Equal(recorded, replayed);
    }

    [Fact]
    public async Task A_replay_fails_if_the_client_sends_another_command()
    {
        const string recording =
            "fts recording 1\n0.000 1 open 127.0.0.1:21\n0.001 1 < 220 hello\n0.002 1 > USER ****\n0.003 1 < 331 go\n" +
            "0.004 1 > PASS ****\n0.005 1 < 230 in\n0.006 1 > SYST\n0.007 1 < 215 UNIX\n";
        await using var replay = new ReplayServer(recording);
        var options = new FtpClientOptions { Host = "127.0.0.1", Port = replay.Port, Tls = FtpTlsMode.Off };
        await Assert.ThrowsAnyAsync<FtpException>(() => OpenAsync(options));
        Exception error = await Assert.ThrowsAnyAsync<Exception>(replay.WaitAsync);
        Assert.Contains("expected: SYST, received: FEAT", error.Message, StringComparison.Ordinal);
    }

    private static FtpTlsOptions CreateTls() =>
        new() { Certificates = FtpCertificates.FromCertificate(TestCertificate.Valid) };

    /// <summary>Uploads, lists and downloads a file, and requests one that does not exist. Returns the results as text.</summary>
    private static async Task<string> RunSessionAsync(FtpClientOptions options)
    {
        await using var client = new FtpClient(options);
        await client.UploadAsync(new MemoryStream("0123456789"u8.ToArray()), "ü.txt", cancellationToken: Token);
        var names = new List<string>();
        await foreach (FtpEntry entry in client.ListAsync("", Token))
        {
            names.Add(entry.Name);
        }

        var content = new MemoryStream();
        await client.DownloadAsync(content, "ü.txt", cancellationToken: Token);
        var reply = (await Assert.ThrowsAsync<FtpReplyException>(
            () => client.DownloadAsync(new MemoryStream(), "missing", cancellationToken: Token))).Reply;
        FtpEntry? size = await client.GetEntryAsync("ü.txt", Token);
        return $"content of ü: {Encoding.UTF8.GetString(content.ToArray())}; names: {string.Join(' ', names)}; " +
            $"missing: {(int)reply.Code}; size: {size?.Length}";
    }

    private static async Task<FtpConnection> OpenAsync(FtpClientOptions options)
    {
        FtpConnection connection = await FtpConnection.ConnectAsync(options, Token);
        await connection.LoginAsync(Token);
        return connection;
    }

    private static async Task ReadAsync(FtpConnection connection, string path)
    {
        await using FtpDataStream data = await connection.OpenDataAsync("RETR", path, 0, FtpDataDirection.Receive, Token);
        await data.CopyToAsync(Stream.Null, Token);
        await data.CompleteAsync(Token);
    }

    /// <summary>Returns the recording without times, and with the word PORT for each port.</summary>
    private static string Normalize(StringWriter text) => System.Text.RegularExpressions.Regex.Replace(
        System.Text.RegularExpressions.Regex.Replace(text.ToString(), @"(?m)^\d+\.\d{3} ", ""), @"(?<=127\.0\.0\.1:|\|\|\|)\d+", "PORT");

    private sealed class FailingWriter : StringWriter
    {
        public override void Write(string? value) => throw new IOException("disk full");
    }
}
