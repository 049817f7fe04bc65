using System.Net;

namespace Fts.Accounts.Tests;

/// <summary>No password for the server's own user; other accounts for everyone else.</summary>
public sealed class LocalUserAuthenticatorTests
{
    private static readonly OneTimePasswordAuthenticator Password = new("fts", Permissions.ReadWrite);

    private readonly LocalUserAuthenticator _accounts = new(Permissions.ReadOnly, Password);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("anonymous")]
    [InlineData("FTP")]
    public async Task The_own_user_is_anonymous(string userName) =>
        Assert.Equal(new Account("anonymous", Permissions.ReadOnly), await _accounts.AuthenticateAsync(From(userName, "x", isOwnUser: true), Token));

    [Fact]
    public async Task Anonymous_of_another_user_is_refused() => Assert.Null(await _accounts.AuthenticateAsync(From("anonymous", "x", isOwnUser: false), Token));

    [Fact]
    public async Task Anonymous_is_refused_if_the_user_is_not_looked_up() =>
        Assert.Null(await _accounts.AuthenticateAsync(new Credentials("anonymous", "x", IPAddress.Loopback, IsEncrypted: false), Token));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_other_accounts_need_their_passwords(bool isOwnUser)
    {
        Assert.Equal(new Account("fts", Permissions.ReadWrite), await _accounts.AuthenticateAsync(From("fts", Password.Password, isOwnUser), Token));
        Assert.Null(await _accounts.AuthenticateAsync(From("fts", "wrong", isOwnUser), Token));
    }

    [Fact]
    public async Task A_certificate_is_checked_by_the_other_accounts()
    {
        var accounts = new LocalUserAuthenticator(Permissions.ReadOnly, CertificateAuthenticator.CreateByCommonName(Password, Permissions.ReadWrite));
        var credentials = new Credentials("ann", "", IPAddress.Loopback, IsEncrypted: true) { Certificate = new ClientCertificate("CN=ann", "ann", "SHA256:x") };
        Assert.Equal(new Account("ann", Permissions.ReadWrite), await accounts.AuthenticateByCertificateAsync(credentials, Token));
    }

    private static Credentials From(string userName, string password, bool isOwnUser) =>
        new(userName, password, IPAddress.Loopback, IsEncrypted: false) { IsServerUserAsync = _ => new(isOwnUser) };
}
