using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Listings;

/// <summary>Listings that the server confirms (226) before, or without, a data connection.</summary>
public sealed class EarlyListingReplyTests
{
    private const string Active = "C: PORT 127,0,0,1,*\nS: 200 ok\nC: MLSD\n";
    private const string Encrypted =
        "S: 220 hello\nC: AUTH TLS\nS: 234 go\nTLS\nC: USER anonymous\nS: 230 in\nC: PBSZ 0\nS: 200 ok\nC: PROT P\nS: 200 ok\n"
        + "C: FEAT\nS: 211-Features\nS:  MLST\nS: 211 End\n"
        + "C: TYPE I\nS: 200 binary\nC: EPSV\nS: 229 ok (|||{port}|)\nC: MLSD\nS: 226 done\n";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_passive_port_that_closes_before_the_TLS_handshake_is_an_empty_listing()
    {
        await using var peer = ScriptedPeer.Start(Encrypted + "D!\n");
        await using (FtpClient client = CreateTlsClient(peer))
        {
            Assert.Empty(await client.ListAsync("", Token).ToListAsync(Token));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_data_connection_with_another_certificate_is_an_error_and_not_an_empty_listing()
    {
        await using var peer = ScriptedPeer.Start(Encrypted + "D TLS other\n");
        await using FtpClient client = CreateTlsClient(peer);
        var e = await Assert.ThrowsAsync<FtpTlsException>(async () => await client.ListAsync("", Token).ToListAsync(Token));
        Assert.Equal(FtpTlsFailure.UntrustedServerCertificate, e.Failure);
    }

    [Fact]
    public async Task An_active_data_connection_without_data_has_the_normal_stall_timeout()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("MLST") + Active + "S: 226 done\nD> \n? never\n");
        FtpTimeouts timeouts =
            peer.Options.Timeouts with { Resync = TimeSpan.FromMilliseconds(200), TransferStall = TimeSpan.FromMilliseconds(500) };
        await using var client =
            new FtpClient(peer.Options with { DataMode = FtpDataMode.Active, Timeouts = timeouts, MaxConnections = 1 });
        var e = await Assert.ThrowsAsync<FtpTimeoutException>(async () => await client.ListAsync("", Token).ToListAsync(Token));
        Assert.Equal((FtpOperationPhase.Transfer, timeouts.TransferStall), (e.Phase, e.Limit));
    }

    [Fact]
    public async Task A_reset_active_data_connection_is_an_error_and_not_an_empty_listing()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("MLST") + Active + "S: 226 done\nD> \nD!\n");
        await using var client = new FtpClient(peer.Options with { DataMode = FtpDataMode.Active, MaxConnections = 1 });
        var e = await Assert.ThrowsAsync<FtpConnectionException>(async () => await client.ListAsync("", Token).ToListAsync(Token));
        Assert.Equal(FtpOperationPhase.Transfer, e.Phase);
    }

    private static FtpClient CreateTlsClient(ScriptedPeer peer) => new(
        peer.Options with { Tls = FtpTlsMode.Required, MaxConnections = 1,
            Trust = new FtpTrust { ValidateAsync = (_, _) => ValueTask.FromResult(true) } });
}
