using System.Net;

namespace Fts.Accounts.Tests;

/// <summary>The server's own user needs no password. The fallback authenticates all other clients.</summary>
public sealed class LocalUserAuthenticatorTests
{
    private static readonly GeneratedPasswordAuthenticator Password = new("fts", Permissions.ReadWrite);

    private readonly LocalUserAuthenticator _accounts = new(Permissions.ReadOnly, Password);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("anonymous")]
    [InlineData("FTP")]
    public async Task The_servers_own_user_logs_in_as_anonymous(string userName) =>
        Assert.Equal(
            new Account("anonymous", Permissions.ReadOnly),
            await _accounts.AuthenticateAsync(CreateCredentials(userName, "x", isOwnUser: true), Token));

    [Fact]
    public async Task Anonymous_is_rejected_for_another_user() =>
        Assert.Null(await _accounts.AuthenticateAsync(CreateCredentials("anonymous", "x", isOwnUser: false), Token));

    [Fact]
    public async Task Anonymous_is_rejected_if_the_user_is_unknown() =>
        Assert.Null(await _accounts.AuthenticateAsync(new Credentials("anonymous", "x", IPAddress.Loopback, IsEncrypted: false), Token));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Other_accounts_require_their_passwords(bool isOwnUser)
    {
        Assert.Equal(
            new Account("fts", Permissions.ReadWrite),
            await _accounts.AuthenticateAsync(CreateCredentials("fts", Password.Password, isOwnUser), Token));
        Assert.Null(await _accounts.AuthenticateAsync(CreateCredentials("fts", "wrong", isOwnUser), Token));
    }

    [Fact]
    public async Task The_fallback_authenticator_checks_certificates()
    {
        var accounts =
            new LocalUserAuthenticator(Permissions.ReadOnly, CertificateAuthenticator.CreateByCommonName(Password, Permissions.ReadWrite));
        var credentials = new Credentials("ann", "", IPAddress.Loopback, IsEncrypted: true)
        {
            Certificate = new ClientCertificate("CN=ann", "ann", "SHA256:x"),
        };
        Assert.Equal(new Account("ann", Permissions.ReadWrite), await accounts.AuthenticateByCertificateAsync(credentials, Token));
    }

    private static Credentials CreateCredentials(string userName, string password, bool isOwnUser) =>
        new(userName, password, IPAddress.Loopback, IsEncrypted: false) { IsServerUserAsync = _ => new(isOwnUser) };
}
