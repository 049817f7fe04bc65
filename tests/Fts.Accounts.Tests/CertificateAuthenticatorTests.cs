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
    public async Task A_certificate_is_its_common_name_letter_for_letter(string user, bool signsIn)
    {
        IAuthenticator accounts = CertificateAuthenticator.CreateByCommonName(new AnonymousAuthenticator(Permissions.ReadOnly), Permissions.ReadWrite);
        Assert.Equal(signsIn ? new Account("ann", Permissions.ReadWrite) : null, await accounts.AuthenticateByCertificateAsync(Shown(user, Ann), Token));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("anonymous")]
    [InlineData("Anonymous")]
    [InlineData("ftp")]
    public async Task No_name_and_the_public_accounts_name_are_nobodys(string? name)
    {
        IAuthenticator accounts = CertificateAuthenticator.CreateByCommonName(new AnonymousAuthenticator(Permissions.ReadWrite), Permissions.ReadWrite);
        Assert.Null(await accounts.AuthenticateByCertificateAsync(Shown(name ?? "", Ann with { CommonName = name }), Token));
    }

    [Fact]
    public async Task In_plain_and_without_a_certificate_nobody_is_signed_in()
    {
        IAuthenticator accounts = CertificateAuthenticator.CreateByCommonName(new AnonymousAuthenticator(Permissions.ReadWrite), Permissions.ReadWrite);
        Assert.Null(await accounts.AuthenticateByCertificateAsync(Shown("ann", Ann) with { IsEncrypted = false }, Token));
        Assert.Null(await accounts.AuthenticateByCertificateAsync(Shown("ann", null), Token));
    }

    [Fact]
    public async Task Passwords_are_for_the_others_and_never_made_up_for_by_a_certificate()
    {
        var owner = new OneTimePasswordAuthenticator("owner", Permissions.ReadWrite);
        CertificateAuthenticator accounts = CertificateAuthenticator.CreateByCommonName(owner, Permissions.ReadOnly);
        Assert.True(accounts.RequiresPassword("ann"));
        Assert.Null(await accounts.AuthenticateAsync(Shown("ann", Ann), Token));
        Assert.Equal("owner", (await accounts.AuthenticateAsync(Shown("owner", Ann) with { Password = owner.Password }, Token))?.Name);
    }

    [Fact]
    public async Task Without_word_of_certificates_none_signs_anybody_in() =>
        Assert.Null(await ((IAuthenticator)new AnonymousAuthenticator(Permissions.ReadWrite)).AuthenticateByCertificateAsync(Shown("anonymous", Ann with { CommonName = "anonymous" }), Token));

    private static Credentials Shown(string user, ClientCertificate? certificate) => new(user, "", IPAddress.Loopback, IsEncrypted: true) { Certificate = certificate };
}
