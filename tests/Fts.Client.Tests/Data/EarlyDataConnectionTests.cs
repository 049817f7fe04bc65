using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Data;

/// <summary>
/// Data connections that are prepared together with the last commands of the login. The scripted server replies to a packet only after it
/// has received all commands, so a client that waits for a reply fails the test.
/// </summary>
public sealed class EarlyDataConnectionTests : IDisposable
{
    private const string Ready = "220 fts ready.", Facts = "MLST type*;size*;modify*;", Restart = "REST STREAM";

    private const string Listing = "S: 250-Listing\nS:  type=file;size=10;modify=20260102030405; a.txt\nS: 250 End\n";

    private const string Metadata = "C: MLST a.txt\n" + Listing;

    private const string Content = "C: RETR a.txt\nS: 150 go\nD> helloworld\nD.\nS: 226 done\n";

    private const string Passive = "S: 229 ok (|||{port}|)";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Target => Path.Combine(_folder.FullName, "a.txt");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_first_download_uses_the_data_connection_of_the_login()
    {
        await using var peer = ScriptedPeer.Start(TransferLogin("EPSV", Passive, Facts) + Metadata + Content);
        await AssertDownloadedAsync(peer, peer.Options);
    }

    [Fact]
    public async Task Only_the_first_download_uses_the_data_connection_of_the_login()
    {
        await using var peer = ScriptedPeer.Start(
            TransferLogin("EPSV", Passive, Facts) + Metadata + Content + "C: EPSV\nC: MLST a.txt\n" + Passive + "\n" + Listing + Content);
        await AssertDownloadedAsync(peer, peer.Options, downloads: 2);
    }

    [Fact]
    public async Task Over_TLS_the_data_connection_is_prepared_after_PROT()
    {
        await using var peer = ScriptedPeer.Start($"""
            S: {Ready}
            C: AUTH TLS
            S: 234 go
            TLS
            C: USER anonymous
            S: 230 in
            C: PBSZ 0
            C: PROT P
            C: EPSV
            C: FEAT
            C: OPTS UTF8 ON
            C: TYPE I
            S: 200 ok
            S: 200 private
            {Passive}
            S: 211-Features
            S:  {Facts}
            S: 211 End
            S: 501 what
            S: 200 binary

            """ + Metadata + "C: RETR a.txt\nS: 150 go\nD TLS\nD> helloworld\nD.\nS: 226 done");
        var trust = new FtpTrust { ValidateAsync = (_, _) => ValueTask.FromResult(true) };
        await AssertDownloadedAsync(peer, peer.Options with { Tls = FtpTlsMode.Required, Trust = trust });
    }

    [Fact]
    public async Task The_data_connection_is_prepared_with_PASV_if_the_options_require_it()
    {
        await using var peer = ScriptedPeer.Start(
            TransferLogin("PASV", "S: 227 ok (127,0,0,1,{p1},{p2})", Facts) + Metadata + Content);
        await AssertDownloadedAsync(peer, peer.Options with { PassiveAddressSource = FtpPassiveAddressSource.ServerReply });
    }

    [Fact]
    public async Task In_active_mode_the_login_prepares_no_data_connection()
    {
        await using var peer = ScriptedPeer.Start(KnownLogin(Facts) + Metadata + "C: PORT *\nS: 200 ok\n" + Content);
        await AssertDownloadedAsync(peer, peer.Options with { DataMode = FtpDataMode.Active });
    }

    [Fact]
    public async Task An_unknown_server_receives_EPSV_only_before_RETR()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login(Facts) + Metadata + "C: EPSV\n" + Passive + "\n" + Content);
        await AssertDownloadedAsync(peer, peer.Options);
    }

    [Theory]
    [InlineData("S: 425 too many")]
    [InlineData("S: 522 no")]
    [InlineData("S: 229 no port")]
    public async Task Without_a_usable_reply_the_download_prepares_its_data_connection_itself(string reply)
    {
        const string again = "C: EPSV\nC: MLST a.txt\nS: 522 no\n" + Listing + "C: PASV\nS: 227 ok (127,0,0,1,{p1},{p2})\n";
        await using var peer = ScriptedPeer.Start(
            TransferLogin("EPSV", reply, Facts) + again + Content);
        await AssertDownloadedAsync(peer, peer.Options);
    }

    [Fact]
    public async Task An_old_data_connection_is_not_used()
    {
        var clock = new FakeClock();
        await using var peer = ScriptedPeer.Start(
            TransferLogin("EPSV", Passive, Facts) + "C: EPSV\nC: MLST a.txt\n" + Passive + "\n" + Listing + Content);
        await using (var client = new FtpClient(peer.Options with { TimeProvider = clock }))
        {
            await client.ConnectForTransferAsync(Token);
            clock.Advance(TimeSpan.FromSeconds(5));
            await client.DownloadFileAsync(Target, "a.txt", cancellationToken: Token);
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task An_unused_data_connection_is_reset_when_the_client_disconnects()
    {
        await using var peer = ScriptedPeer.Start(TransferLogin("EPSV", Passive, Facts) + "C: QUIT\nS: 221 bye\nD< (reset)");
        await using (var client = new FtpClient(peer.Options))
        {
            await client.ConnectForTransferAsync(Token);
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task A_listing_uses_the_data_connection_of_the_login()
    {
        await using var peer = ScriptedPeer.Start(
            TransferLogin("EPSV", Passive, Facts) + "C: MLSD\nS: 150 go\nD> type=file;size=10; a.txt\\r\\n\nD.\nS: 226 done");
        await using (var client = new FtpClient(peer.Options))
        {
            await client.ConnectForTransferAsync(Token);
            Assert.Equal(["a.txt"], await client.ListAsync("", Token).Select(entry => entry.Name).ToListAsync(Token));
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task A_missing_file_is_reported_with_the_reply_to_RETR()
    {
        await using var peer = ScriptedPeer.Start(
            TransferLogin("EPSV", Passive, Facts) + "C: MLST a.txt\nS: 550 no such file\nC: RETR a.txt\nS: 550 No such file: a.txt");
        await using (var client = new FtpClient(peer.Options))
        {
            var e = await Assert.ThrowsAsync<FtpReplyException>(() =>
                client.DownloadFileAsync(Target, "a.txt", cancellationToken: Token));
            Assert.Equal(("RETR a.txt", "No such file: a.txt"), (e.Command, e.Reply.Text));
        }

        await peer.WaitForScriptsAsync();
        Assert.Empty(_folder.GetFiles());
    }

    [Theory]
    [InlineData("S: 350 go on\nS: 150 go\nD> world\nD.\nS: 226 done\n" + Metadata, 5)]
    [InlineData("S: 502 no\nS: 150 go\nC: ABOR\nS: 426 aborted\nS: 226 ok\nC: EPSV\n" + Passive + "\n" + Content, 0)]
    [InlineData("S: 502 no\nS: 425 no data connection\nC: ABOR\nS: 226 ok\nC: EPSV\n" + Passive + "\n" + Content, 0)]
    public async Task A_resumed_download_sends_REST_and_RETR_in_one_packet(string afterRestart, int resumedBytes)
    {
        string prepared = TransferLogin("EPSV", Passive, Facts, Restart) + Metadata;
        await using var peer = ScriptedPeer.Start(
            prepared + "C: RETR a.txt\nS: 150 go\nD> hello\nX!\nD.\n", prepared + "C: REST 5\nC: RETR a.txt\n" + afterRestart);
        await using (var client = new FtpClient(peer.Options))
        {
            await Assert.ThrowsAnyAsync<FtpException>(() => client.DownloadFileAsync(Target, "a.txt", cancellationToken: Token));
            FtpTransferResult result = await client.DownloadFileAsync(Target, "a.txt", cancellationToken: Token);
            Assert.Equal(resumedBytes, result.ResumedBytes);
        }

        await peer.WaitForScriptsAsync();
        Assert.Equal("helloworld", await File.ReadAllTextAsync(Target, Token));
    }

    [Fact]
    public async Task A_connection_that_ends_after_REST_and_RETR_is_not_aborted()
    {
        await using var peer = ScriptedPeer.Start(
            KnownLogin(Restart) + "C: EPSV\n" + Passive + "\nC: REST 5\nC: RETR a.txt\nX");
        await using FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token);
        await connection.LoginAsync(Token);
        await Assert.ThrowsAsync<FtpConnectionException>(() =>
            connection.OpenDataAsync("RETR", "a.txt", 5, FtpDataDirection.Receive, deflate: false, Token, canFollowRestart: true));
        Assert.False(connection.IsUsable);
        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task STOR_is_not_sent_before_the_reply_to_REST()
    {
        await using var peer = ScriptedPeer.Start(
            KnownLogin(Restart) + "C: EPSV\n" + Passive + "\nC: REST 5\nS: 502 no\nC: NOOP\nS: 200 ok");
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token))
        {
            await connection.LoginAsync(Token);
            await Assert.ThrowsAsync<FtpReplyException>(() => connection.OpenDataAsync("STOR", "a.txt", 5, FtpDataDirection.Send, Token));
            Assert.True((await connection.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.WaitForScriptsAsync();
    }

    /// <summary>Returns the login of a known server without a transfer.</summary>
    private static string KnownLogin(params string[] features) => Login("", "", features);

    /// <summary>Returns the login of a known server before a transfer.</summary>
    private static string TransferLogin(string passive, string passiveReply, params string[] features) =>
        Login($"C: {passive}\n", passiveReply + "\n", features);

    private static string Login(string passive, string passiveReply, string[] features) =>
        $"S: {Ready}\nC: USER anonymous\nS: 331 password\nC: PASS anonymous@\nS: 230 in\n{passive}C: FEAT\nC: OPTS UTF8 ON\nC: TYPE I\n"
        + $"{passiveReply}S: 211-Features\n{string.Concat(features.Select(feature => $"S:  {feature}\n"))}S: 211 End\nS: 501 what\n"
        + "S: 200 binary\n";

    private async Task AssertDownloadedAsync(ScriptedPeer peer, FtpClientOptions options, int downloads = 1)
    {
        await using (var client = new FtpClient(options))
        {
            for (int i = 0; i < downloads; i++)
            {
                await client.DownloadFileAsync(Target, "a.txt", cancellationToken: Token);
            }
        }

        await peer.WaitForScriptsAsync();
        Assert.Equal("helloworld", await File.ReadAllTextAsync(Target, Token));
    }
}
