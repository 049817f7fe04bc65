using Fts.Accounts.Bans;
using Fts.Accounts.Sql.Bans;

namespace Fts.AccountsSqlTests;

/// <summary>The bans in the database.</summary>
public sealed class SqlBanStoreTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2030, 1, 2, 3, 4, 5, TimeSpan.FromHours(2));

    private static readonly BanRemoval Removed = new(BanRemovalReason.Removed, Now);

    private readonly TemporaryDatabase _temporary = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private SqlBanStore Store => new(_temporary.Database);

    [Fact]
    public async Task A_stored_ban_is_loaded_unchanged()
    {
        var automatic = new Ban(Parse("ann@example.org@2001:db8::/64"), "10 failed logins", Now, Now.AddMinutes(15), BanSource.Automatic, 10);
        var manual = new Ban(Parse("192.0.2.0/24"), "abuse \u00e9", Now, null, BanSource.Manual, 0) { Actor = "root" };
        await Store.SaveAsync(automatic, Token);
        await Store.SaveAsync(manual, Token);
        Assert.Equal([manual, automatic], (await Store.LoadAsync(Token)).OrderBy(ban => ban.Failures));
    }

    [Fact]
    public async Task A_ban_replaces_the_one_with_the_same_subject()
    {
        await Store.SaveAsync(new Ban(Parse("192.0.2.7"), "first", Now, null, BanSource.Manual, 0), Token);
        var second = new Ban(Parse("192.0.2.7/32"), "second", Now, Now.AddDays(1), BanSource.Automatic, 50);
        await Store.SaveAsync(second, Token);
        Assert.Equal([second], await Store.LoadAsync(Token));
    }

    [Fact]
    public async Task Removal_reports_whether_there_was_a_ban()
    {
        await Store.SaveAsync(new Ban(Parse("192.0.2.7"), "abuse", Now, null, BanSource.Manual, 0), Token);
        Assert.False(await Store.RemoveAsync(Parse("ann@192.0.2.7"), Removed, Token));
        Assert.True(await Store.RemoveAsync(Parse("192.0.2.7"), Removed, Token));
        Assert.False(await Store.RemoveAsync(Parse("192.0.2.7"), Removed, Token));
        Assert.Empty(await Store.LoadAsync(Token));
    }

    public void Dispose() => _temporary.Dispose();

    private static BanSubject Parse(string text) => BanSubject.TryParse(text, out BanSubject? subject)
        ? subject
        : throw new FormatException(text);
}
