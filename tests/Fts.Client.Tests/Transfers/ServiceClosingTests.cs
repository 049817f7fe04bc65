using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Transfers;

/// <summary>A 421 that a stopping server sends after another reply affects only the next command.</summary>
public sealed class ServiceClosingTests : IDisposable
{
    private const string Facts = "MLST type*;size*;modify*;", Closing = @"S* 226 done\r\n421 stopping\r\n" + "\nX\n! closed";

    private const string MetadataExchange = """
        C: MLST a.txt
        S: 250-Listing
        S:  type=file;size=10;modify=20260102030405; a.txt
        S: 250 End

        """;

    private const string Resumed = """
        C: EPSV
        S: 229 ok (|||{port}|)
        C: REST 5
        S: 350 ready
        C: RETR a.txt
        S: 150 go
        D> world
        D.

        """;

    private const string Stor = "C: EPSV\nS: 229 ok (|||{port}|)\nC: STOR a.txt\nS: 150 go\nD< hello\n";

    /// <summary>The greeting of a server that is stopping.</summary>
    private const string Refused = "S: 421 stopping\nX";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Target => Path.Combine(_folder.FullName, "a.txt");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_download_is_complete_when_226_and_421_arrive_in_one_packet_and_no_connection_can_be_opened_to_verify_it()
    {
        await using var peer = ScriptedPeer.Start(
            Interrupted, ScriptedPeer.Login(Facts, "REST STREAM") + MetadataExchange + Resumed + Closing, Refused);
        await using (var client = new FtpClient(OneConnection(peer)))
        {
            await Assert.ThrowsAsync<FtpConnectionException>(() => client.DownloadFileAsync(Target, "a.txt", null, null, Token));
            FtpTransferResult result = await client.DownloadFileAsync(Target, "a.txt", null, null, Token);
            Assert.Equal((5, 5, FtpVerifiedBy.Length, "done"), (result.Bytes, result.ResumedBytes, result.VerifiedBy, result.Reply?.Text));
        }

        await peer.PlayedAsync();
        Assert.Equal("helloworld", await File.ReadAllTextAsync(Target, Token));
        Assert.Single(_folder.EnumerateFiles());
    }

    [Fact]
    public async Task A_download_is_verified_on_another_connection_if_one_can_be_opened()
    {
        await using var peer = ScriptedPeer.Start(
            Interrupted,
            ScriptedPeer.Login(Facts, "REST STREAM") + MetadataExchange + Resumed + Closing,
            ScriptedPeer.Login(Facts, "REST STREAM") + MetadataExchange.Replace("size=10", "size=11", StringComparison.Ordinal));
        await using (var client = new FtpClient(OneConnection(peer)))
        {
            await Assert.ThrowsAsync<FtpConnectionException>(() => client.DownloadFileAsync(Target, "a.txt", null, null, Token));
            var e = await Assert.ThrowsAsync<FtpIntegrityException>(() => client.DownloadFileAsync(Target, "a.txt", null, null, Token));
            Assert.Equal(FtpIntegrityFailure.SourceChanged, e.Failure);
        }

        await peer.PlayedAsync();
        Assert.False(File.Exists(Target));
    }

    [Fact]
    public async Task An_upload_whose_required_hash_cannot_be_compared_fails()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE", "HASH SHA-256*") + Stor + Closing, Refused);
        await using var client = new FtpClient(OneConnection(peer));
        var e = await Assert.ThrowsAsync<FtpConnectionException>(
            () => UploadAsync(client, new FtpTransferOptions { Verification = FtpVerification.ByHash }));
        Assert.Equal("stopping", e.Reply?.Text);
    }

    [Fact]
    public async Task An_upload_is_complete_and_the_next_command_reports_the_421()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE") + Stor + Closing, Refused, Refused);
        await using var client = new FtpClient(OneConnection(peer));
        FtpTransferResult result = await UploadAsync(client, null);
        Assert.Equal((5, FtpVerifiedBy.Reply, "done"), (result.Bytes, result.VerifiedBy, result.Reply?.Text));
        Assert.Equal(
            "stopping", (await Assert.ThrowsAsync<FtpConnectionException>(() => client.SendAsync("NOOP", null, Token))).Reply?.Text);
        await peer.PlayedAsync();
    }

    [Fact]
    public async Task An_upload_is_verified_on_another_connection_which_the_next_command_uses()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE") + Stor + Closing, ScriptedPeer.Login("SIZE") + "C: SIZE a.txt\nS: 213 5\nC: NOOP\nS: 200 ok");
        await using (var client = new FtpClient(OneConnection(peer)))
        {
            Assert.Equal(FtpVerifiedBy.Length, (await UploadAsync(client, null)).VerifiedBy);
            Assert.True((await client.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_listing_is_complete_and_the_next_command_opens_a_connection()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts)
                + "C: EPSV\nS: 229 ok (|||{port}|)\nC: MLSD d\nS: 150 go\nD> type=file;size=1; one\\r\\n\nD.\n" + Closing,
            ScriptedPeer.Login(Facts) + "C: NOOP\nS: 200 ok");
        await using (var client = new FtpClient(OneConnection(peer)))
        {
            Assert.Equal(["one"], await client.ListAsync("d", Token).Select(entry => entry.Name).ToListAsync(Token));
            await peer.WaitForSignalAsync("closed");
            Assert.True((await client.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData(@"S* 220 hello\r\n421 stopping\r\n")]
    [InlineData("S: 220 hello\nC: USER anonymous\nS* 230 in\\r\\n421 stopping\\r\\n")]
    public async Task A_421_after_the_greeting_or_the_login_is_reported(string script)
    {
        await using var peer = ScriptedPeer.Start(script + "\nX");
        await using var client = new FtpClient(peer.Options);
        Assert.Equal("stopping", (await Assert.ThrowsAsync<FtpConnectionException>(() => client.ConnectAsync(Token))).Reply?.Text);
    }

    [Fact]
    public async Task A_download_is_complete_although_our_server_stops_during_the_transfer()
    {
        byte[] content = RelayedTestServer.CreateContent(16 * 1024 * 1024);
        await using var files = new RelayedTestServer();
        await files.WriteFileAsync("a", content);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        files.Relay.WaitBeforeDataAsync = _ =>
        {
            started.TrySetResult();
            return stopping.Task;
        };
        await using FtpClient client = files.CreateClient();
        Task<FtpTransferResult> download = client.DownloadFileAsync(Target, "a", new FtpTransferOptions { Segments = 1 }, null, Token);
        await started.Task.WaitAsync(Token);
        Task stop = files.StopServerAsync();
        stopping.SetResult();
        FtpTransferResult result = await download;
        Assert.Equal((content.Length, FtpVerifiedBy.Length), (result.Bytes, result.VerifiedBy));
        await stop;
        Assert.Equal(content, await File.ReadAllBytesAsync(Target, Token));
        await Assert.ThrowsAnyAsync<FtpConnectionException>(() => client.SendAsync("NOOP", null, Token));
    }

    [Fact]
    public async Task In_block_mode_confirmed_files_are_received_completely()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("MODE B") + """
            C: MODE B
            S: 200 block
            C: EPSV
            S: 229 ok (|||{port}|)
            C: RETR a
            C: RETR b
            C: RETR c
            S: 150 go
            S: 250 sent
            S* 150 go\r\n250 sent\r\n421 stopping\r\n
            C: (closed)
            B> one
            B> two
            """,
            Refused);
        string[] names = ["a", "b", "c"];
        IReadOnlyList<FtpBatchResult> results;
        await using (var client = new FtpClient(OneConnection(peer)))
        {
            results = await client.DownloadManyAsync(
                [.. names.Select(name => new FtpBatchFile(Path.Combine(_folder.FullName, name), name))], null, null, Token);
        }

        Assert.Equal([true, true, false], results.Select(result => result.Succeeded));
        Assert.Equal("stopping", Assert.IsType<FtpConnectionException>(results[2].Exception).Reply?.Text);
        Assert.Equal("one", await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "a"), Token));
        Assert.Equal("two", await File.ReadAllTextAsync(Path.Combine(_folder.FullName, "b"), Token));
    }

    /// <summary>The script of an interrupted download that keeps five of ten bytes. The download that resumes it is verified.</summary>
    private static string Interrupted =>
        ScriptedPeer.Login(Facts, "REST STREAM") + MetadataExchange
            + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a.txt\nS: 150 go\nD> hello\nX!\nD.";

    /// <summary>Returns options with which a rejected connection is not retried, because the clock exceeds the connect timeout.</summary>
    private static FtpClientOptions OneConnection(ScriptedPeer peer) => peer.Options with
    {
        MaxConnections = 1,
        TimeProvider = new SteppingClock(),
        Timeouts = peer.Options.Timeouts with { IdleProbeAfter = Timeout.InfiniteTimeSpan },
    };

    private Task<FtpTransferResult> UploadAsync(FtpClient client, FtpTransferOptions? options)
    {
        string path = Path.Combine(_folder.FullName, "local");
        File.WriteAllText(path, "hello");
        return client.UploadFileAsync(path, "a.txt", options, null, Token);
    }
}
