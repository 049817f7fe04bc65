using Fts.Accounts.Recording;
using Fts.Storage;

namespace Fts.Accounts.Tests;

/// <summary>Rules for the files of a store that ignores the case of names.</summary>
public sealed class CaseInsensitiveRulesTests
{
    private readonly CaseInsensitiveStore _store = new(hasIds: true);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/SECRET")]
    [InlineData("/Secret/file")]
    [InlineData("/secret/FILE")]
    public async Task A_rule_applies_to_all_spellings_of_its_path(string path)
    {
        await CreateFilesAsync();
        UserFiles files = CreateFiles(new PermissionRule(At("/secret"), Permissions.None));
        StoreException refusal = await Assert.ThrowsAsync<StoreException>(async () => await files.OpenReadAsync(At(path), Token));
        Assert.Equal((StoreError.Denied, "permission.read"), (refusal.Error, refusal.Rule));
    }

    [Fact]
    public async Task A_listing_omits_the_hidden_entry_in_the_spelling_of_the_store()
    {
        await CreateFilesAsync();
        UserFiles files = CreateFiles(new PermissionRule(At("/SECRET"), Permissions.None));
        var names = new List<string>();
        await foreach (FileEntry entry in await files.ListAsync(StorePath.Root, Token))
        {
            names.Add(entry.Name);
        }

        Assert.Equal(["open"], names);
    }

    [Fact]
    public async Task A_tree_with_a_stricter_rule_in_another_spelling_cannot_be_deleted()
    {
        await CreateFilesAsync();
        UserFiles files = CreateFiles(new PermissionRule(At("/Secret/File"), Permissions.Read));
        StoreException refusal = await Assert.ThrowsAsync<StoreException>(
            async () => await files.DeleteTreeAsync(At("/secret"), null, Token));
        Assert.Equal("permission.delete", refusal.Rule);
    }

    [Fact]
    public void Two_rules_for_one_path_of_the_store_grant_only_their_common_permissions()
    {
        PermissionRules rules = new PermissionRules(
            Permissions.None,
            new PermissionRule(At("/in"), Permissions.List | Permissions.Create),
            new PermissionRule(At("/IN"), Permissions.Create | Permissions.Read)).ForStore(_store);
        Assert.Equal(Permissions.Create, rules.GetPermissions(At("/In/file")));
        Assert.Equal(Permissions.None, rules.GetPermissions(At("/other")));
    }

    [Fact]
    public void The_account_of_the_files_stays_the_same_object()
    {
        // A session compares it with the current account before each command.
        var account = new Account("some", Permissions.None)
        {
            Rules = new PermissionRules(Permissions.None, new PermissionRule(At("/in"), Permissions.Create)),
        };
        var files = new UserFiles(account, _store);
        Assert.Same(account, files.Account);
        Assert.Equal(Permissions.Create, files.Rules.GetPermissions(At("/IN")));
    }

    [Fact]
    public void An_entry_in_a_mount_is_located_in_its_directory_in_every_spelling()
    {
        var locations = new StoreLocations("/srv/home", new Dictionary<StorePath, string> { [At("/shared/in")] = "/srv/in" });
        Assert.Equal("/srv/in/A/b", locations.Find(At("/Shared/IN/A/b"), _store).FullPath);
        Assert.Equal("/srv/in", locations.Find(At("/SHARED/IN"), _store).FullPath);
        Assert.Equal("/srv/home/Shared", locations.Find(At("/Shared"), _store).FullPath);
        Assert.Equal("/srv/home/SHARED/IN", locations.Find(At("/SHARED/IN")).FullPath);
    }

    private UserFiles CreateFiles(PermissionRule rule) => new(
        new Account("some", Permissions.ReadWrite) { Rules = new PermissionRules(Permissions.ReadWrite, rule) }, _store);

    private async Task CreateFilesAsync()
    {
        await _store.CreateDirectoryAsync(At("/secret"), Token);
        foreach (string path in (string[])["/secret/file", "/open"])
        {
            await using IFileWriter writer = await _store.OpenWriteAsync(At(path), WriteStart.Replace, Token);
            await writer.CommitAsync(Token);
        }
    }

    private static StorePath At(string path) => StorePath.Root.Resolve(path)!.Value;
}
