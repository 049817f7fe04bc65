using Fts.Storage;
using Fts.Storage.Memory;

namespace Fts.Accounts.Tests;

/// <summary>Every call checks its permissions before it uses the store.</summary>
public sealed class UserFilesTests
{
    private static readonly StorePath File = StorePath.Root.Child("file"), Other = StorePath.Root.Child("other");
    private static readonly StorePath Third = StorePath.Root.Child("third");
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
        { "replace", Permissions.Overwrite },
        { "append", Permissions.Append },
        { "continue at the end", Permissions.Append },
        { "change in the middle", Permissions.Overwrite },
        { "create directory", Permissions.CreateDirectory },
        { "delete", Permissions.Delete },
        { "delete directory", Permissions.Delete },
        { "rename", Permissions.Rename | Permissions.Create },
        { "rename over", Permissions.Rename | Permissions.Overwrite },
        { "get rename source", Permissions.Rename },
        { "set metadata", Permissions.SetMetadata },
        { "delete tree", Permissions.Delete },
        { "get tree size", Permissions.List },
        { "free space", Permissions.List },
        { "copy", Permissions.Read | Permissions.Create },
        { "copy over", Permissions.Read | Permissions.Overwrite },
        { "combine", Permissions.Read | Permissions.Create | Permissions.Delete },
        { "combine into", Permissions.Read | Permissions.Append | Permissions.Delete },
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
            Assert.Equal((StoreError.Denied, RuleNames.FromPermission(missing)), (exception.Error, exception.Rule));
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
        var files = new UserFiles(new Account("some", Permissions.Rename | Permissions.Create), _store);
        StoreException exception =
            await Assert.ThrowsAsync<StoreException>(() => files.RenameAsync(File, Other, replace: true, Token).AsTask());
        Assert.Equal((StoreError.Denied, "permission.overwrite"), (exception.Error, exception.Rule));
    }

    [Fact]
    public async Task A_rename_that_replaces_nothing_fails_as_in_the_store()
    {
        await PrepareAsync();
        await WriteAsync(Other, "theirs");
        var files = new UserFiles(new Account("some", Permissions.ReadWrite), _store);
        StoreException exception =
            await Assert.ThrowsAsync<StoreException>(() => files.RenameAsync(File, Other, replace: false, Token).AsTask());
        Assert.Equal((StoreError.Exists, null), (exception.Error, exception.Rule));
    }

    [Theory]
    [InlineData(Permissions.Create)]
    [InlineData(Permissions.Append)]
    [InlineData(Permissions.Overwrite | Permissions.Delete)]
    public async Task Without_a_permission_to_find_names_every_directory_can_be_entered(Permissions permissions)
    {
        await PrepareAsync();
        var files = new UserFiles(new Account("drop", permissions), _store);
        await files.EnterDirectoryAsync(Folder, Token);
        await files.EnterDirectoryAsync(File, Token);
        await files.EnterDirectoryAsync(Folder.Child("missing"), Token);
    }

    [Theory]
    [InlineData(Permissions.List)]
    [InlineData(Permissions.Read)]
    [InlineData(Permissions.CreateDirectory)]
    public async Task With_a_permission_to_find_names_only_directories_can_be_entered(Permissions permissions)
    {
        await PrepareAsync();
        var files = new UserFiles(new Account("some", permissions), _store);
        await files.EnterDirectoryAsync(Folder, Token);
        StoreException onFile = await Assert.ThrowsAsync<StoreException>(() => files.EnterDirectoryAsync(File, Token).AsTask());
        StoreException onMissing = await Assert.ThrowsAsync<StoreException>(
            () => files.EnterDirectoryAsync(Folder.Child("missing"), Token).AsTask());
        Assert.Equal((StoreError.NotADirectory, StoreError.NotFound), (onFile.Error, onMissing.Error));
    }

    [Fact]
    public async Task Without_create_a_file_that_is_deleted_during_the_upload_is_not_created_again()
    {
        foreach (WriteStart start in new[] { WriteStart.Replace, WriteStart.Append, WriteStart.FromOffset(3) })
        {
            await WriteAsync(File, "content");
            var files = new UserFiles(new Account("some", Permissions.Overwrite | Permissions.Append), _store);
            await using IFileWriter upload = await files.OpenWriteAsync(File, start, Token);
            await upload.WriteAsync(upload.StartOffset, "new"u8.ToArray(), Token);
            await _store.DeleteFileAsync(File, Token);
            StoreException exception = await Assert.ThrowsAsync<StoreException>(() => upload.CommitAsync(Token).AsTask());
            Assert.Equal(StoreError.NotFound, exception.Error);
            Assert.Null(await _store.GetEntryAsync(File, Token));
        }
    }

    [Fact]
    public async Task Without_overwrite_an_append_never_replaces_a_file()
    {
        var files = new UserFiles(new Account("log", Permissions.Create | Permissions.Append), _store, "here");
        WriteStart start = WriteStart.Append.WithUploader(files.Uploader);
        await using (IFileWriter interrupted = await files.OpenWriteAsync(Other, start, Token))
        {
            await interrupted.WriteAsync(0, "begun"u8.ToArray(), Token);
            await interrupted.KeepPartialUploadAsync(Token);
        }

        await WriteAsync(Other, "theirs");
        await using IFileWriter resumed = await files.OpenWriteAsync(Other, start, Token);
        await resumed.WriteAsync(resumed.StartOffset, " end"u8.ToArray(), Token);
        if (resumed.IsResumed)
        {
            StoreException exception = await Assert.ThrowsAsync<StoreException>(() => resumed.CommitAsync(Token).AsTask());
            Assert.Equal(StoreError.Exists, exception.Error);
        }

        Assert.Equal(6, (await _store.GetEntryAsync(Other, Token))?.Length);
    }

    private async Task PrepareAsync()
    {
        await WriteAsync(File, "content");
        await WriteAsync(Third, "third");
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
            case "continue at the end": await (await files.OpenWriteAsync(File, WriteStart.FromOffset(7), Token)).DisposeAsync(); break;
            case "change in the middle": await (await files.OpenWriteAsync(File, WriteStart.FromOffset(3), Token)).DisposeAsync(); break;
            case "create directory": await files.CreateDirectoryAsync(Folder.Child("new"), Token); break;
            case "delete": await files.DeleteFileAsync(File, Token); break;
            case "delete directory": await files.DeleteDirectoryAsync(Folder, Token); break;
            case "rename": await files.RenameAsync(File, Other, replace: false, Token); break;
            case "rename over": await files.RenameAsync(File, Third, replace: true, Token); break;
            case "get rename source": await files.GetRenameSourceAsync(File, Token); break;
            case "set metadata": await files.SetMetadataAsync(File, new FileMetadata(DateTime.UnixEpoch), Token); break;
            case "delete tree": await files.DeleteTreeAsync(Folder, null, Token); break;
            case "get tree size": await files.GetTreeSizeAsync(StorePath.Root, null, Token); break;
            case "free space": await files.GetFreeSpaceAsync(StorePath.Root, Token); break;
            case "copy": await files.CopyAsync(File, Other, null, Token); break;
            case "copy over": await files.CopyAsync(File, Third, null, Token); break;
            case "combine into": await files.CombineAsync(Third, [File], null, Token); break;
            case "combine": await files.CombineAsync(Other, [File], null, Token); break;
            default: throw new ArgumentException(call, nameof(call));
        }
    }
}
