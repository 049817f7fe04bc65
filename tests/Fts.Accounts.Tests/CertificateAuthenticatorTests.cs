using System.Net;

namespace Fts.Accounts.Tests;

public sealed class CertificateAuthenticatorTests
{
    private static readonly ClientCertificate Ann = new("CN=ann, O=Example", "ann", "SHA256:a");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("ann", true)]
    [InlineData("Ann", false)]
    [InlineData("ann ", false)]
    [InlineData("owner", false)]
    [InlineData("", false)]
    public async Task A_certificate_authenticates_only_the_account_of_its_common_name(string user, bool isAccepted)
    {
        IAuthenticator accounts =
            CertificateAuthenticator.CreateByCommonName(new AnonymousAuthenticator(Permissions.ReadOnly), Permissions.ReadWrite);
        Assert.Equal(
            isAccepted ? new Account("ann", Permissions.ReadWrite) : null,
            await accounts.AuthenticateByCertificateAsync(CreateCredentials(user, Ann), Token));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("anonymous")]
    [InlineData("Anonymous")]
    [InlineData("ftp")]
    public async Task A_certificate_without_a_name_or_with_the_name_of_the_anonymous_account_is_rejected(string? name)
    {
        IAuthenticator accounts =
            CertificateAuthenticator.CreateByCommonName(new AnonymousAuthenticator(Permissions.ReadWrite), Permissions.ReadWrite);
        Assert.Null(await accounts.AuthenticateByCertificateAsync(CreateCredentials(name ?? "", Ann with { CommonName = name }), Token));
    }

    [Fact]
    public async Task An_unencrypted_login_and_a_login_without_a_certificate_are_rejected()
    {
        IAuthenticator accounts =
            CertificateAuthenticator.CreateByCommonName(new AnonymousAuthenticator(Permissions.ReadWrite), Permissions.ReadWrite);
        Assert.Null(await accounts.AuthenticateByCertificateAsync(CreateCredentials("ann", Ann) with { IsEncrypted = false }, Token));
        Assert.Null(await accounts.AuthenticateByCertificateAsync(CreateCredentials("ann", null), Token));
    }

    [Fact]
    public async Task A_certificate_does_not_replace_the_password_of_another_account()
    {
        var owner = new GeneratedPasswordAuthenticator("owner", Permissions.ReadWrite);
        CertificateAuthenticator accounts = CertificateAuthenticator.CreateByCommonName(owner, Permissions.ReadOnly);
        Assert.True(accounts.RequiresPassword("ann"));
        Assert.Null(await accounts.AuthenticateAsync(CreateCredentials("ann", Ann), Token));
        Assert.Equal(
            "owner",
            (await accounts.AuthenticateAsync(CreateCredentials("owner", Ann) with { Password = owner.Password }, Token))?.Name);
    }

    [Fact]
    public async Task An_authenticator_without_certificates_rejects_every_certificate() =>
        Assert.Null(await ((IAuthenticator)new AnonymousAuthenticator(Permissions.ReadWrite))
            .AuthenticateByCertificateAsync(CreateCredentials("anonymous", Ann with { CommonName = "anonymous" }), Token));

    private static Credentials CreateCredentials(string user, ClientCertificate? certificate) =>
        new(user, "", IPAddress.Loopback, IsEncrypted: true) { Certificate = certificate };
}
