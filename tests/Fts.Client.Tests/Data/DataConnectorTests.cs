using System.Text;
using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Data;

/// <summary>The sequence of EPSV, PASV and active mode: which mode is tried next, which is cached, and the error if all fail.</summary>
public sealed class DataConnectorTests
{
    /// <summary>A passive port without a listener.</summary>
    private const string Unreachable = "C: EPSV\nS: 229 ok (|||1|)\n";
    private const string UnreachablePasv = "C: PASV\nS: 227 ok (127,0,0,1,0,1)\n";
    private const string Aborted = "C: RETR a\nC: ABOR\nS: 425 no data connection\nS: 226 aborted\n";
    private const string Retrieved = "C: RETR a\nS: 150 go\nD> data\nD.\nS: 226 done\n";
    private const string Pasv = "C: PASV\nS: 227 ok (10,0,0,1,{p1},{p2})\n";
    private const string Port = "C: PORT 127,0,0,1,*\nS: 200 ok\n";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static FtpClientOptions CreateAutomaticOptions(ScriptedPeer peer) =>
        peer.Options with { DataMode = FtpDataMode.Automatic, MaxConnections = 1 };

    private static async Task<string> DownloadAsync(FtpClient client)
    {
        using var target = new MemoryStream();
        await client.DownloadAsync(target, "a", new FtpTransferOptions { PreserveLastModified = false }, null, Token);
        return Encoding.UTF8.GetString(target.ToArray());
    }

    [Theory]
    [InlineData(Unreachable + Aborted + Pasv + Retrieved + Pasv + Retrieved)]
    [InlineData(Unreachable + Aborted + UnreachablePasv + Aborted + Port + Retrieved + Port + Retrieved)]
    [InlineData("C: EPSV\nS: 500 what\n" + Pasv + Retrieved + Pasv + Retrieved)]
    [InlineData("C: EPSV\nS: 500 what\nC: PASV\nS: 500 what\n" + Port + Retrieved + Port + Retrieved)]
    [InlineData("C: EPSV\nS: 500 what\n" + UnreachablePasv + Aborted + Port + Retrieved + Port + Retrieved)]
    [InlineData(Unreachable + Aborted + "C: PASV\nS: 502 no\n" + Port + Retrieved + Port + Retrieved)]
    [InlineData("C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\nS: 425 no\n" + Pasv + Retrieved + Pasv + Retrieved)]
    [InlineData("C: EPSV\nS: 202 superfluous\n" + Pasv + Retrieved + Pasv + Retrieved)]
    [InlineData("C: EPSV\nS: 200 ok\n" + Pasv + Retrieved + Pasv + Retrieved)]
    [InlineData("C: EPSV\nS: 229 ok (|||0|)\n" + Pasv + Retrieved + Pasv + Retrieved)]
    [InlineData("C: EPSV\nS: 229 Entering Extended Passive Mode\n" + Pasv + Retrieved + Pasv + Retrieved)]
    [InlineData("C: EPSV\nS: 350 ready\n" + Pasv + Retrieved + Pasv + Retrieved)]
    [InlineData("C: EPSV\nS: 227 ok (10,0,0,1,0,0)\nC: PASV\nS: 227 ok (10,0,0,1,0,0)\n" + Port + Retrieved + Port + Retrieved)]
    [InlineData("C: EPSV\nS: 229 no port\nC: PASV\nS: 227 no port\n" + Port + Retrieved + Port + Retrieved)]
    [InlineData("C: EPSV\nS: 229 no port\nC: PASV\nS: 425 no port\n" + Port + Retrieved + Pasv + Retrieved)]
    [InlineData("C: EPSV\nS: 530 no EPSV here\n" + Pasv + Retrieved + "C: EPSV\nS: 530 no EPSV here\n" + Pasv + Retrieved)]
    [InlineData("C: EPSV\nS: 451 not now\n" + Pasv + Retrieved + "C: EPSV\nS: 229 ok (|||{port}|)\n" + Retrieved)]
    public async Task The_next_mode_is_tried_and_the_working_mode_is_cached(string script)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + script);
        await using (var client = new FtpClient(CreateAutomaticOptions(peer)))
        {
            Assert.Equal("data", await DownloadAsync(client));
            Assert.Equal("data", await DownloadAsync(client));
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("C: EPSV\nS: 227 ok (10,0,0,1,{p1},{p2})\n")]
    [InlineData("C: EPSV\nS: 227 ok ( 10, 0, 0, 1, {p1},{p2} )\n")]
    [InlineData("C: EPSV\nS: 200 ok (|||{port}|)\n")]
    [InlineData("C: EPSV\nS: 202 |||{port}|\n")]
    [InlineData("C: EPSV\nS: 229 ok (|1|10.0.0.1|{port}|)\n")]
    [InlineData("C: EPSV\nS: 229 ok (|2|2001:db8::5|{port}|)\n")]
    [InlineData("C: EPSV\nS: 229-ok\nS: 229 use (!!!{port}!)\n")]
    [InlineData("C: EPSV\nS: 500 what\nC: PASV\nS: 229 ok (|||{port}|)\n")]
    [InlineData("C: EPSV\nS: 500 what\nC: PASV\nS: 227 10,0,0,1,{p1},{p2}\n")]
    [InlineData("C: EPSV\nS: 500 what\nC: PASV\nS: 200 ok =10,0,0,1,{p1},{p2}\n")]
    [InlineData("C: EPSV\nS: 500 what\nC: PASV\nS: 227 ok (0,0,0,0,{p1},{p2})\n")]
    [InlineData("C: EPSV\nS: 500 what\nC: PASV\nS: 227 ok (192,168,1,5,{p1},{p2})\n")]
    public async Task The_port_of_a_passive_reply_in_another_form_is_used_and_its_address_is_ignored(string passive)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + passive + Retrieved);
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal("data", await DownloadAsync(client));
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("C: EPSV\nS: 229 no port\nC: PASV\nS: 227 no port", "the server's passive reply contains no port: 227 no port")]
    [InlineData("C: EPSV\nS: 530 log in\nC: PASV\nS: 530 log in\n", "PASV: 530 log in")]
    [InlineData("C: EPSV\nS: 202 no\nC: PASV\nS: 425 no", "PASV: 425 no")]
    public async Task If_only_passive_mode_is_allowed_the_exception_contains_the_last_reply(string script, string message)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + script);
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal(message, (await Assert.ThrowsAnyAsync<FtpException>(() => DownloadAsync(client))).Message);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Over_IPv6_active_mode_follows_EPSV()
    {
        await using var peer =
            ScriptedPeer.StartV6(ScriptedPeer.Login("X") + Unreachable + Aborted + "C: EPRT |2|::1|*\nS: 200 ok\n" + Retrieved);
        await using (var client = new FtpClient(CreateAutomaticOptions(peer) with { Host = "::1" }))
        {
            Assert.Equal("data", await DownloadAsync(client));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task In_the_next_mode_an_upload_is_sent_completely_and_REST_is_repeated()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("X") + Unreachable + "C: STOR a\nC: ABOR\nS: 425 no data connection\nS: 226 aborted\n" + Pasv
                + "C: STOR a\nS: 150 go\nD< hello\nS: 226 done\n",
            ScriptedPeer.Login("X") + Unreachable + "C: REST 3\nS: 350 ok\n" + Aborted + Pasv
                + "C: REST 3\nS: 350 ok\nC: RETR a\nS: 150 go\nD> lo\nD.\nS: 226 done\n");
        using var source = new MemoryStream("hello"u8.ToArray());
        await using (var client = new FtpClient(CreateAutomaticOptions(peer)))
        {
            await client.UploadAsync(source, "a", null, null, Token);
        }

        await using (var client = new FtpClient(CreateAutomaticOptions(peer)))
        {
            await using Stream stream = await client.OpenReadAsync("a", 3, Token);
            using var reader = new StreamReader(stream);
            Assert.Equal("lo", await reader.ReadToEndAsync(Token));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task If_all_modes_fail_the_message_names_each_and_the_next_transfer_starts_with_EPSV()
    {
        const string AllOfThem = Unreachable + Aborted + UnreachablePasv + Aborted + "C: PORT 127,0,0,1,*\nS: 500 not to you\n";
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + AllOfThem + "C: EPSV\nS: 229 ok (|||{port}|)\n" + Retrieved);
        await using (var client = new FtpClient(CreateAutomaticOptions(peer)))
        {
            var e = await Assert.ThrowsAsync<FtpConnectionException>(() => DownloadAsync(client));
            Assert.Equal(FtpOperationPhase.OpenData, e.Phase);
            Assert.Matches(
                "^cannot open the data connection: .*; the next attempt failed: cannot open .*; the next attempt failed: PORT .*: 500 not to you$", e.Message);
            Assert.Equal("data", await DownloadAsync(client));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task If_the_abort_closes_the_connection_the_next_connection_tries_the_next_mode()
    {
        await using var peer =
            ScriptedPeer.Start(ScriptedPeer.Login("X") + Unreachable + "C: RETR a\nC: ABOR\nX", ScriptedPeer.Login("X") + Pasv + Retrieved);
        await using (var client = new FtpClient(CreateAutomaticOptions(peer)))
        {
            Assert.Equal(FtpOperationPhase.OpenData, (await Assert.ThrowsAsync<FtpConnectionException>(() => DownloadAsync(client))).Phase);
            Assert.Equal("data", await DownloadAsync(client));
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("C: EPSV\nS: 451 not now\nC: PASV\nS: 451 not now\nC: PORT 127,0,0,1,*\nS: 451 not now\n")]
    [InlineData("C: EPSV\nS: 530 log in\nC: PASV\nS: 530 log in\n")]
    [InlineData(Unreachable + "C: RETR a\nC: ABOR\nS: 550 no such file\nS: 226 aborted\n" + Pasv + "C: RETR a\nS: 550 no such file\n")]
    public async Task A_negative_reply_for_another_reason_does_not_change_the_mode(string script)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + script);
        await using (var client = new FtpClient(CreateAutomaticOptions(peer)))
        {
            await Assert.ThrowsAsync<FtpReplyException>(() => DownloadAsync(client));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_failed_TLS_handshake_of_the_data_connection_does_not_change_the_mode()
    {
        const string Encrypted =
            "S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS\nC: USER anonymous\nS: 230 in\nC: PBSZ 0\nS: 200 ok\nC: PROT P\nS: 200 private\n"
            + "C: FEAT\nS: 211-Features\nS:  X\nS: 211 End\nC: TYPE I\nS: 200 binary\n";
        const string Retr = "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\nS: 150 go\n";
        await using var peer = ScriptedPeer.Start(
            Encrypted + Retr + "D.\nS: 425 resume the session of the control connection\n" + Retr + "D TLS\nD> data\nD.\nS: 226 done");
        var trust = new FtpTrust { ValidateAsync = (_, _) => ValueTask.FromResult(true) };
        await using (var client = new FtpClient(CreateAutomaticOptions(peer) with { Tls = FtpTlsMode.Required, Trust = trust }))
        {
            var e = await Assert.ThrowsAsync<FtpReplyException>(() => DownloadAsync(client));
            Assert.Equal((425, FtpTlsFailure.Handshake), ((int)e.Reply.Code, Assert.IsType<FtpTlsException>(e.InnerException).Failure));
            Assert.Equal("data", await DownloadAsync(client));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task STOU_is_not_sent_twice()
    {
        await using var peer = ScriptedPeer.Start(
            "S: 220 hi\n" + Unreachable + "C: STOU\nC: ABOR\nS: 425 no data connection\nS: 226 aborted\n");
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(CreateAutomaticOptions(peer), Token))
        {
            await Assert.ThrowsAsync<FtpConnectionException>(() => connection.OpenDataAsync("STOU", null, 0, FtpDataDirection.Send, Token));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task The_address_in_a_PASV_reply_is_used_if_the_options_allow_it()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + "C: PASV\nS: 227 ok (127,0,0,1,{p1},{p2})\n" + Retrieved);
        await using (var client = new FtpClient(peer.Options with { PassiveAddressSource = FtpPassiveAddressSource.ServerReply }))
        {
            Assert.Equal("data", await DownloadAsync(client));
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("127,0,0,2")]
    [InlineData("0,0,0,0")]
    [InlineData("224,0,0,1")]
    [InlineData("255,255,255,255")]
    public async Task A_loopback_or_multicast_address_in_a_PASV_reply_is_rejected_without_a_connect(string address)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + $"C: PASV\nS: 227 ok ({address},{{p1}},{{p2}})");
        await using (var client = new FtpClient(peer.Options with { PassiveAddressSource = FtpPassiveAddressSource.ServerReply }))
        {
            var e = await Assert.ThrowsAsync<FtpProtocolException>(() => DownloadAsync(client));
            Assert.Contains(address, e.Message, StringComparison.Ordinal);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Over_IPv6_the_address_of_the_control_connection_is_used()
    {
        await using var peer = ScriptedPeer.StartV6(ScriptedPeer.Login("X") + "C: EPSV\nS: 229 ok (|||{port}|)\n" + Retrieved);
        await using (
            var client = new FtpClient(peer.Options with { Host = "::1", PassiveAddressSource = FtpPassiveAddressSource.ServerReply }))
        {
            Assert.Equal("data", await DownloadAsync(client));
        }

        await peer.PlayedAsync();
    }
}
