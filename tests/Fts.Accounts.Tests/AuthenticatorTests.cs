using System.Net;

namespace Fts.Accounts.Tests;

public sealed class AuthenticatorTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Credentials CreateCredentials(string user, string password) =>
        new(user, password, IPAddress.Loopback, IsEncrypted: false);

    [Theory]
    [InlineData("anonymous")]
    [InlineData("ANONYMOUS")]
    [InlineData("ftp")]
    public async Task Anonymous_logs_in_with_any_password(string user)
    {
        var accounts = new AnonymousAuthenticator(Permissions.ReadOnly);
        Account? account = await accounts.AuthenticateAsync(CreateCredentials(user, "me@example.org"), Token);
        Assert.Equal(new Account("anonymous", Permissions.ReadOnly), account);
    }

    [Fact]
    public async Task The_anonymous_authenticator_rejects_every_other_name() =>
        Assert.Null(await new AnonymousAuthenticator(Permissions.ReadWrite).AuthenticateAsync(CreateCredentials("root", ""), Token));

    [Fact]
    public async Task The_one_time_password_authenticates_its_user()
    {
        var accounts = new GeneratedPasswordAuthenticator("fts", Permissions.ReadWrite);
        Account? account = await accounts.AuthenticateAsync(CreateCredentials("fts", accounts.Password), Token);
        Assert.Equal(new Account("fts", Permissions.ReadWrite), account);
    }

    [Theory]
    [InlineData("fts", "")]
    [InlineData("fts", "wrong")]
    [InlineData("FTS", null)]
    [InlineData("root", null)]
    [InlineData("", null)]
    [InlineData("anonymous", null)]
    public async Task Any_other_user_name_or_password_is_rejected(string user, string? password)
    {
        var accounts = new GeneratedPasswordAuthenticator("fts", Permissions.ReadWrite);
        Assert.Null(await accounts.AuthenticateAsync(CreateCredentials(user, password ?? accounts.Password), Token));
    }

    [Fact]
    public async Task Anonymous_has_its_own_permissions_beside_a_one_time_password()
    {
        var accounts = new GeneratedPasswordAuthenticator("fts", Permissions.ReadWrite, anonymous: Permissions.ReadOnly);
        Assert.Equal(Permissions.ReadOnly, (await accounts.AuthenticateAsync(CreateCredentials("anonymous", "x"), Token))?.Permissions);
    }

    [Fact]
    public void One_time_passwords_are_unique_and_have_sixteen_random_characters()
    {
        string[] passwords = [.. Enumerable.Range(0, 100).Select(_ => new GeneratedPasswordAuthenticator("fts", Permissions.None).Password)];
        Assert.Equal(100, passwords.Distinct().Count());
        Assert.All(passwords, password => Assert.Matches("^[a-z2-9]{4}(-[a-z2-9]{4}){3}$", password));
    }

    [Fact]
    public void Every_user_name_requires_a_password()
    {
        Assert.True(new GeneratedPasswordAuthenticator("fts", Permissions.None).RequiresPassword("nobody"));
        Assert.True(new AnonymousAuthenticator(Permissions.None).RequiresPassword("nobody"));
    }

    [Fact]
    public void The_text_of_credentials_omits_the_password() =>
        Assert.DoesNotContain("hunter2", CreateCredentials("me", "hunter2").ToString(), StringComparison.Ordinal);
}
