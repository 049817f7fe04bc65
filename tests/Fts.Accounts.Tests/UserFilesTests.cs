using Fts.Storage;
using Fts.Storage.Memory;

namespace Fts.Accounts.Tests;

/// <summary>Every call checks its permissions before it uses the store.</summary>
public sealed class UserFilesTests
{
    private static readonly StorePath File = StorePath.Root.Child("file"), Other = StorePath.Root.Child("other");
    private static readonly StorePath Folder = StorePath.Root.Child("folder");

    private readonly MemoryFileStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>The calls and the permissions that they require.</summary>
    public static TheoryData<string, Permissions> Calls => new()
    {
        { "get entry", Permissions.List },
        { "get readable entry", Permissions.Read },
        { "get cached hash", Permissions.Read },
        { "cache hash", Permissions.Read },
        { "list", Permissions.List },
        { "read", Permissions.Read },
        { "create", Permissions.Create },
        { "replace", Permissions.Create | Permissions.Overwrite },
        { "append", Permissions.Create | Permissions.Overwrite },
        { "create directory", Permissions.CreateDirectory },
        { "delete", Permissions.Delete },
        { "delete directory", Permissions.Delete },
        { "rename", Permissions.Rename },
        { "set metadata", Permissions.SetMetadata },
        { "delete tree", Permissions.Delete },
        { "get tree size", Permissions.List },
        { "free space", Permissions.List },
        { "copy", Permissions.Read | Permissions.Create },
        { "combine", Permissions.Read | Permissions.Create | Permissions.Delete },
    };

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_call_works_with_exactly_the_permissions_it_needs(string call, Permissions needed)
    {
        await PrepareAsync();
        await CallAsync(call, new UserFiles(new Account("some", needed), _store));
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_call_is_denied_if_any_of_its_permissions_is_missing(string call, Permissions needed)
    {
        await PrepareAsync();
        foreach (Permissions missing in Enum.GetValues<Permissions>().Where(flag => int.IsPow2((int)flag) && needed.HasFlag(flag)))
        {
            var files = new UserFiles(new Account("some", Permissions.ReadWrite & ~missing), _store);
            StoreException exception = await Assert.ThrowsAsync<StoreException>(() => CallAsync(call, files));
            Assert.Equal(StoreError.Denied, exception.Error);
        }
    }

    [Fact]
    public async Task Without_overwrite_a_file_that_is_created_during_the_upload_is_not_replaced()
    {
        var files = new UserFiles(new Account("drop", Permissions.Create), _store);
        await using IFileWriter upload = await files.OpenWriteAsync(Other, WriteStart.Replace, Token);
        await WriteAsync(Other, "theirs");
        StoreException exception = await Assert.ThrowsAsync<StoreException>(() => upload.CommitAsync(Token).AsTask());
        Assert.Equal(StoreError.Exists, exception.Error);
        Assert.Equal(6, (await _store.GetEntryAsync(Other, Token))?.Length);
    }

    [Fact]
    public async Task Without_overwrite_a_rename_does_not_replace()
    {
        await PrepareAsync();
        await WriteAsync(Other, "theirs");
        var files = new UserFiles(new Account("some", Permissions.Rename), _store);
        StoreException exception =
            await Assert.ThrowsAsync<StoreException>(() => files.RenameAsync(File, Other, replace: true, Token).AsTask());
        Assert.Equal(StoreError.Exists, exception.Error);
    }

    [Fact]
    public async Task A_directory_can_be_found_without_the_permission_to_list()
    {
        await PrepareAsync();
        var files = new UserFiles(new Account("drop", Permissions.Create), _store);
        Assert.True(await files.DirectoryExistsAsync(Folder, Token));
        Assert.False(await files.DirectoryExistsAsync(File, Token));
    }

    private async Task PrepareAsync()
    {
        await WriteAsync(File, "content");
        await _store.CreateDirectoryAsync(Folder, Token);
    }

    private async Task WriteAsync(StorePath path, string content)
    {
        await using IFileWriter writer = await _store.OpenWriteAsync(path, WriteStart.Replace, Token);
        await writer.WriteAsync(0, System.Text.Encoding.UTF8.GetBytes(content), Token);
        await writer.CommitAsync(Token);
    }

    private static async Task CallAsync(string call, UserFiles files)
    {
        switch (call)
        {
            case "get entry": await files.GetEntryAsync(File, Token); break;
            case "get readable entry": await files.GetReadableEntryAsync(File, Token); break;
            case "get cached hash": await files.GetCachedHashAsync(File, default, Token); break;
            case "cache hash": await files.CacheHashAsync(File, default, new byte[32], Token); break;
            case "list": await foreach (FileEntry _ in await files.ListAsync(StorePath.Root, Token)) { } break;
            case "read": await (await files.OpenReadAsync(File, Token)).DisposeAsync(); break;
            case "create": await (await files.OpenWriteAsync(Other, WriteStart.Create, Token)).DisposeAsync(); break;
            case "replace": await (await files.OpenWriteAsync(File, WriteStart.Replace, Token)).DisposeAsync(); break;
            case "append": await (await files.OpenWriteAsync(File, WriteStart.Append, Token)).DisposeAsync(); break;
            case "create directory": await files.CreateDirectoryAsync(Folder.Child("new"), Token); break;
            case "delete": await files.DeleteFileAsync(File, Token); break;
            case "delete directory": await files.DeleteDirectoryAsync(Folder, Token); break;
            case "rename": await files.RenameAsync(File, Other, replace: false, Token); break;
            case "set metadata": await files.SetMetadataAsync(File, new FileMetadata(DateTime.UnixEpoch), Token); break;
            case "delete tree": await files.DeleteTreeAsync(Folder, null, Token); break;
            case "get tree size": await files.GetTreeSizeAsync(StorePath.Root, null, Token); break;
            case "free space": await files.GetFreeSpaceAsync(StorePath.Root, Token); break;
            case "copy": await files.CopyAsync(File, Other, null, Token); break;
            case "combine": await files.CombineAsync(Other, [File], null, Token); break;
            default: throw new ArgumentException(call, nameof(call));
        }
    }
}
