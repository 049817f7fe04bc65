using System.Globalization;
using System.Net;
using Fts.Client;
using Fts.Interop.Tests.Peers;
using Fts.ProgramTests.Support;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>The published server takes over the accounts of other servers.</summary>
public sealed class TakeOverTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(PeerKind.ProFtpd, false)]
    [InlineData(PeerKind.PureFtpd, false)]
    [InlineData(PeerKind.Pyftpdlib, false)]
    [InlineData(PeerKind.ProFtpd, true)]
    [InlineData(PeerKind.Pyftpdlib, true)]
    public async Task An_account_is_created_at_its_first_login_and_works_without_the_old_server(PeerKind kind, bool encrypted)
    {
        await using Peer old = await Peer.StartAsync(kind, IPAddress.Loopback, encrypted);
        using var data = new TestFolder();
        string url = string.Create(CultureInfo.InvariantCulture, $"ftp://localhost:{old.EndPoint.Port}");
        string[] trust = encrypted ? ["--legacy-key", await ReadKeyAsync(old)] : [];
        await using RunningServer server = await RunningServer.StartAsync(
        [
            "0", "--state", data["state"], "--legacy-server", encrypted ? url + "?tls=explicit" : url, "--legacy-home", data["homes/%u"],
            .. trust,
        ]);
        Assert.Equal("530", await LogInAsync(server.Port, old.User, "wrong"));
        Assert.Equal("230", await LogInAsync(server.Port, old.User, old.Password));
        await server.Program.WaitForOutputAsync($"account {old.User} created for 127.0.0.1, because {url} accepted its password");
        Assert.True(Directory.Exists(data[$"homes/{old.User}"]));
        await old.KillAsync();
        Assert.Equal("230", await LogInAsync(server.Port, old.User, old.Password));
        Assert.Equal("530", await LogInAsync(server.Port, old.User, "wrong"));
        Assert.Equal("530", await LogInAsync(server.Port, "somebody", old.Password));
        await server.Program.WaitForOutputAsync($"the old server {url} cannot check logins: ");
    }

    private static async Task<string> ReadKeyAsync(Peer peer)
    {
        string? key = null;
        await using FtpConnection connection = await FtpConnection.ConnectAsync(
            new FtpClientOptions
            {
                Host = "127.0.0.1",
                Port = peer.EndPoint.Port,
                Tls = FtpTlsMode.Required,
                Trust = new FtpTrust
                {
                    ValidateAsync = (identity, _) =>
                    {
                        key = identity.Fingerprint;
                        return new(true);
                    },
                },
            },
            Token);
        Assert.NotNull(key);
        return key;
    }

    /// <summary>Logs in, and returns the code of the final reply.</summary>
    private static async Task<string> LogInAsync(int port, string user, string password)
    {
        var options = new FtpClientOptions { Host = "127.0.0.1", Port = port, Credentials = new FtpCredentials(user, password) };
        await using FtpConnection connection = await FtpConnection.ConnectAsync(options, Token);
        try
        {
            await connection.LoginAsync(Token);
            return "230";
        }
        catch (FtpLoginException e)
        {
            return ((int)e.Reply.Code).ToString(CultureInfo.InvariantCulture);
        }
    }
}
