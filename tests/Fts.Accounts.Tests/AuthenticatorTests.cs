using System.Net;

namespace Fts.Accounts.Tests;

public sealed class AuthenticatorTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static Credentials From(string user, string password) => new(user, password, IPAddress.Loopback, IsEncrypted: false);

    [Theory]
    [InlineData("anonymous")]
    [InlineData("ANONYMOUS")]
    [InlineData("ftp")]
    public async Task Anonymous_is_let_in_with_any_password(string user)
    {
        var accounts = new AnonymousAuthenticator(Permissions.ReadOnly);
        Account? account = await accounts.AuthenticateAsync(From(user, "me@example.org"), Token);
        Assert.Equal(new Account("anonymous", Permissions.ReadOnly), account);
    }

    [Fact]
    public async Task Anonymous_lets_no_other_name_in() =>
        Assert.Null(await new AnonymousAuthenticator(Permissions.ReadWrite).AuthenticateAsync(From("root", ""), Token));

    [Fact]
    public async Task The_one_time_password_signs_its_user_in()
    {
        var accounts = new OneTimePasswordAuthenticator("fts", Permissions.ReadWrite);
        Account? account = await accounts.AuthenticateAsync(From("fts", accounts.Password), Token);
        Assert.Equal(new Account("fts", Permissions.ReadWrite), account);
    }

    [Theory]
    [InlineData("fts", "")]
    [InlineData("fts", "wrong")]
    [InlineData("FTS", null)]
    [InlineData("root", null)]
    [InlineData("", null)]
    [InlineData("anonymous", null)]
    public async Task Anything_else_is_refused(string user, string? password)
    {
        var accounts = new OneTimePasswordAuthenticator("fts", Permissions.ReadWrite);
        Assert.Null(await accounts.AuthenticateAsync(From(user, password ?? accounts.Password), Token));
    }

    [Fact]
    public async Task Anonymous_beside_a_one_time_password_gets_its_own_permissions()
    {
        var accounts = new OneTimePasswordAuthenticator("fts", Permissions.ReadWrite, anonymous: Permissions.ReadOnly);
        Assert.Equal(Permissions.ReadOnly, (await accounts.AuthenticateAsync(From("anonymous", "x"), Token))?.Permissions);
    }

    [Fact]
    public void One_time_passwords_differ_and_are_long_enough_to_resist_guessing()
    {
        string[] passwords = [.. Enumerable.Range(0, 100).Select(_ => new OneTimePasswordAuthenticator("fts", Permissions.None).Password)];
        Assert.Equal(100, passwords.Distinct().Count());
        Assert.All(passwords, password => Assert.Matches("^[a-z2-9]{4}(-[a-z2-9]{4}){3}$", password));
    }

    [Fact]
    public void Every_name_is_asked_for_a_password_whether_it_exists_or_not()
    {
        Assert.True(new OneTimePasswordAuthenticator("fts", Permissions.None).RequiresPassword("nobody"));
        Assert.True(new AnonymousAuthenticator(Permissions.None).RequiresPassword("nobody"));
    }

    [Fact]
    public void Credentials_do_not_show_the_password() => Assert.DoesNotContain("hunter2", From("me", "hunter2").ToString(), StringComparison.Ordinal);
}
