using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local.Confinement;

/// <summary>
/// An operation on a path through the store, and the same operation with plain file functions. Both return the text that they read, or
/// null.
/// </summary>
internal sealed record EscapeAttempt(
    string Name, EscapeTargetKind End, Func<IFileStore, StorePath, Task<string?>> Confined, Func<EscapeFixture, string, string?> Unconfined)
{
    /// <summary>Every operation of a store with a path, for each of its path parameters.</summary>
    public static readonly EscapeAttempt[] All =
    [
        new("find", EscapeTargetKind.File, FindAsync, (_, real) => File.ReadAllText(real).Length.ToString(CultureInfo.InvariantCulture)),
        new(
            "read",
            EscapeTargetKind.File,
            async (store, path) => Encoding.UTF8.GetString(await store.ReadFileAsync(path, Token)),
            (_, real) => File.ReadAllText(real)),
        new(
            "write",
            EscapeTargetKind.File,
            (store, path) => WriteAsync(store, path, WriteStart.Replace),
            (_, real) => Run(() => File.WriteAllText(real, "written"))),
        new(
            "append",
            EscapeTargetKind.File,
            (store, path) => WriteAsync(store, path, WriteStart.Append),
            (_, real) => Run(() => File.AppendAllText(real, "written"))),
        new(
            "restart",
            EscapeTargetKind.File,
            (store, path) => WriteAsync(store, path, WriteStart.FromOffset(3)),
            (_, real) => Run(() => File.AppendAllText(real, "written"))),
        new(
            "set the time",
            EscapeTargetKind.File,
            (store, path) => CompleteAsync(store.SetMetadataAsync(path, new FileMetadata(DateTime.UnixEpoch), Token)),
            (_, real) => Run(() =>
            {
                // By handle, because by name .NET sets the time of the link itself.
                using SafeFileHandle file = File.OpenHandle(real, access: FileAccess.Write);
                File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);
            })),
        new(
            "set the mode",
            EscapeTargetKind.File,
            (store, path) =>
                CompleteAsync(
                    store.SetMetadataAsync(path, new FileMetadata(UnixMode: UnixFileMode.UserRead | UnixFileMode.UserWrite), Token)),
            (_, real) => Run(() => File.SetUnixFileMode(real, UnixFileMode.UserRead | UnixFileMode.UserWrite))),
        new("link to it and read", EscapeTargetKind.File, async (store, path) =>
        {
            await store.CreateLinkAsync(At("/got"), path, Token);
            return await store.ReadFileAsync("/got", Token);
        }, (fixture, real) =>
        {
            File.CreateSymbolicLink(fixture.GetRealPath("/got"), Path.GetFullPath(real));
            return File.ReadAllText(fixture.GetRealPath("/got"));
        }),

        new(
            "write a new file",
            EscapeTargetKind.Missing,
            (store, path) => WriteAsync(store, path, WriteStart.Replace),
            (_, real) => Run(() => File.WriteAllText(real, "written"))),
        new(
            "append to a new file",
            EscapeTargetKind.Missing,
            (store, path) => WriteAsync(store, path, WriteStart.Append),
            (_, real) => Run(() => File.AppendAllText(real, "written"))),

        new("find a folder", EscapeTargetKind.Directory, FindAsync, (_, real) => Directory.EnumerateFileSystemEntries(real).First()),
        new(
            "list",
            EscapeTargetKind.Directory,
            async (store, path) => string.Join(' ', await store.ListEntriesAsync(path, Token)),
            (_, real) => string.Join(' ', Directory.EnumerateFileSystemEntries(real))),
        new(
            "free space",
            EscapeTargetKind.Directory,
            async (store, path) => (await store.GetFreeSpaceAsync(path, Token)).ToString(),
            (_, real) => new DriveInfo(real).AvailableFreeSpace.ToString(CultureInfo.InvariantCulture)),
        new(
            "make a file",
            EscapeTargetKind.Directory,
            (store, path) => WriteAsync(store, path.Child("new"), WriteStart.Create),
            (_, real) => Run(() => File.WriteAllText(real + "/new", "written"))),
        new(
            "make a folder",
            EscapeTargetKind.Directory,
            (store, path) => CompleteAsync(store.CreateDirectoryAsync(path.Child("new"), Token)),
            (_, real) => Run(() => Directory.CreateDirectory(real + "/new"))),
        new(
            "make a link",
            EscapeTargetKind.Directory,
            (store, path) => CompleteAsync(store.CreateLinkAsync(path.Child("new"), path.Child("secret"), Token)),
            (_, real) => Run(() => File.CreateSymbolicLink(real + "/new", "secret"))),
        new("link to a folder and list", EscapeTargetKind.Directory, async (store, path) =>
        {
            await store.CreateLinkAsync(At("/got"), path.Child("empty"), Token);
            return (await store.GetEntryAsync(At("/got"), Token)).ToString();
        }, (fixture, real) => Run(() =>
        {
            File.CreateSymbolicLink(fixture.GetRealPath("/got"), real);
            File.WriteAllText(fixture.GetRealPath("/got/new"), "written");
        })),
        new(
            "remove a file",
            EscapeTargetKind.Directory,
            (store, path) => CompleteAsync(store.DeleteFileAsync(path.Child("secret"), Token)),
            (_, real) => Run(() => File.Delete(real + "/secret"))),
        new(
            "remove a folder",
            EscapeTargetKind.Directory,
            (store, path) => CompleteAsync(store.DeleteDirectoryAsync(path.Child("empty"), Token)),
            (_, real) => Run(() => Directory.Delete(real + "/empty"))),
        new(
            "move out",
            EscapeTargetKind.Directory,
            (store, path) => CompleteAsync(store.RenameAsync(At("/mine"), path.Child("new"), false, Token)),
            (fixture, real) => Run(() => File.Move(fixture.GetRealPath("/mine"), real + "/new"))),
        new(
            "move out over a file",
            EscapeTargetKind.Directory,
            (store, path) => CompleteAsync(store.RenameAsync(At("/mine"), path.Child("secret"), true, Token)),
            (fixture, real) => Run(() => File.Move(fixture.GetRealPath("/mine"), real + "/secret", true))),
        new(
            "move in",
            EscapeTargetKind.Directory,
            (store, path) => CompleteAsync(store.RenameAsync(path.Child("secret"), At("/new"), false, Token)),
            (fixture, real) => Run(() => File.Move(real + "/secret", fixture.GetRealPath("/new")))),
        new(
            "move in over a file",
            EscapeTargetKind.Directory,
            (store, path) => CompleteAsync(store.RenameAsync(path.Child("secret"), At("/mine"), true, Token)),
            (fixture, real) => Run(() => File.Move(real + "/secret", fixture.GetRealPath("/mine"), true))),
        new(
            "move a folder in",
            EscapeTargetKind.Directory,
            (store, path) => CompleteAsync(store.RenameAsync(path.Child("empty"), At("/new"), true, Token)),
            (fixture, real) => Run(() => Directory.Move(real + "/empty", fixture.GetRealPath("/new")))),
        new(
            "move within",
            EscapeTargetKind.Directory,
            (store, path) => CompleteAsync(store.RenameAsync(path.Child("secret"), path.Child("new"), false, Token)),
            (_, real) => Run(() => File.Move(real + "/secret", real + "/new"))),
        new(
            "set a folder's time",
            EscapeTargetKind.Directory,
            (store, path) => CompleteAsync(store.SetMetadataAsync(path.Child("empty"), new FileMetadata(DateTime.UnixEpoch), Token)),
            (_, real) => Run(() => Directory.SetLastWriteTimeUtc(real + "/empty", DateTime.UnixEpoch))),
        new(
            "set a folder's mode",
            EscapeTargetKind.Directory,
            (store, path) => CompleteAsync(store.SetMetadataAsync(path, new FileMetadata(UnixMode: (UnixFileMode)0x1C0), Token)),
            (_, real) => Run(() => File.SetUnixFileMode(real, (UnixFileMode)0x1C0))),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<string?> FindAsync(IFileStore store, StorePath path) =>
        await store.GetEntryAsync(path, Token) is { Kind: not EntryKind.Other } entry ? entry.ToString() : null;

    private static async Task<string?> WriteAsync(IFileStore store, StorePath path, WriteStart start)
    {
        await using IFileWriter writer = await store.OpenWriteAsync(path, start, Token);
        long offset = writer.StartOffset;
        await writer.WriteAsync(offset, Bytes("written"), Token);
        await writer.CommitAsync(Token);
        return $"written at {offset}";
    }

    private static async Task<string?> CompleteAsync(ValueTask task)
    {
        await task;
        return "done";
    }

    private static string? Run(Action action)
    {
        action();
        return null;
    }
}
