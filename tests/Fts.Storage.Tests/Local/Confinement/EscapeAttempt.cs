using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local.Confinement;

/// <summary>What a client may try on a path, and the same thing done by plain file calls. Both answer what they learned, if they learn anything.</summary>
internal sealed record EscapeAttempt(string Name, EscapeEnd End, Func<IFileStore, StorePath, Task<string?>> Confined, Func<EscapeScene, string, string?> Unconfined)
{
    /// <summary>The table: every operation of a store that takes a path, in each place that takes one.</summary>
    public static readonly EscapeAttempt[] All =
    [
        new("find", EscapeEnd.File, FindAsync, (_, real) => File.ReadAllText(real).Length.ToString(CultureInfo.InvariantCulture)),
        new("read", EscapeEnd.File, async (store, path) => Encoding.UTF8.GetString(await store.GetAsync(path, Token)), (_, real) => File.ReadAllText(real)),
        new("write", EscapeEnd.File, (store, path) => WriteAsync(store, path, WriteStart.Replace), (_, real) => Done(() => File.WriteAllText(real, "written"))),
        new("append", EscapeEnd.File, (store, path) => WriteAsync(store, path, WriteStart.Append), (_, real) => Done(() => File.AppendAllText(real, "written"))),
        new("restart", EscapeEnd.File, (store, path) => WriteAsync(store, path, WriteStart.At(3)), (_, real) => Done(() => File.AppendAllText(real, "written"))),
        new("set the time", EscapeEnd.File, (store, path) => DoneAsync(store.SetFactsAsync(path, new FileFacts(DateTime.UnixEpoch), Token)), (_, real) => Done(() =>
        {
            // By handle: by name, .NET dates a link itself.
            using SafeFileHandle file = File.OpenHandle(real, access: FileAccess.Write);
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);
        })),
        new("set the mode", EscapeEnd.File, (store, path) => DoneAsync(store.SetFactsAsync(path, new FileFacts(UnixMode: UnixFileMode.UserRead | UnixFileMode.UserWrite), Token)),
            (_, real) => Done(() => File.SetUnixFileMode(real, UnixFileMode.UserRead | UnixFileMode.UserWrite))),
        new("link to it and read", EscapeEnd.File, async (store, path) =>
        {
            await store.CreateLinkAsync(At("/got"), path, Token);
            return await store.GetAsync("/got", Token);
        }, (scene, real) =>
        {
            File.CreateSymbolicLink(scene.Real("/got"), Path.GetFullPath(real));
            return File.ReadAllText(scene.Real("/got"));
        }),

        new("write a new file", EscapeEnd.Missing, (store, path) => WriteAsync(store, path, WriteStart.Replace), (_, real) => Done(() => File.WriteAllText(real, "written"))),
        new("append to a new file", EscapeEnd.Missing, (store, path) => WriteAsync(store, path, WriteStart.Append), (_, real) => Done(() => File.AppendAllText(real, "written"))),

        new("find a folder", EscapeEnd.Folder, FindAsync, (_, real) => Directory.EnumerateFileSystemEntries(real).First()),
        new("list", EscapeEnd.Folder, async (store, path) => string.Join(' ', await store.EntriesAsync(path, Token)), (_, real) => string.Join(' ', Directory.EnumerateFileSystemEntries(real))),
        new("free space", EscapeEnd.Folder, async (store, path) => (await store.FindFreeSpaceAsync(path, Token)).ToString(), (_, real) => new DriveInfo(real).AvailableFreeSpace.ToString(CultureInfo.InvariantCulture)),
        new("make a file", EscapeEnd.Folder, (store, path) => WriteAsync(store, path.Child("new"), WriteStart.Create), (_, real) => Done(() => File.WriteAllText(real + "/new", "written"))),
        new("make a folder", EscapeEnd.Folder, (store, path) => DoneAsync(store.CreateFolderAsync(path.Child("new"), Token)), (_, real) => Done(() => Directory.CreateDirectory(real + "/new"))),
        new("make a link", EscapeEnd.Folder, (store, path) => DoneAsync(store.CreateLinkAsync(path.Child("new"), path.Child("secret"), Token)), (_, real) => Done(() => File.CreateSymbolicLink(real + "/new", "secret"))),
        new("link to a folder and list", EscapeEnd.Folder, async (store, path) =>
        {
            await store.CreateLinkAsync(At("/got"), path.Child("empty"), Token);
            return (await store.FindAsync(At("/got"), Token)).ToString();
        }, (scene, real) => Done(() =>
        {
            File.CreateSymbolicLink(scene.Real("/got"), real);
            File.WriteAllText(scene.Real("/got/new"), "written");
        })),
        new("remove a file", EscapeEnd.Folder, (store, path) => DoneAsync(store.DeleteFileAsync(path.Child("secret"), Token)), (_, real) => Done(() => File.Delete(real + "/secret"))),
        new("remove a folder", EscapeEnd.Folder, (store, path) => DoneAsync(store.DeleteFolderAsync(path.Child("empty"), Token)), (_, real) => Done(() => Directory.Delete(real + "/empty"))),
        new("move out", EscapeEnd.Folder, (store, path) => DoneAsync(store.RenameAsync(At("/mine"), path.Child("new"), false, Token)), (scene, real) => Done(() => File.Move(scene.Real("/mine"), real + "/new"))),
        new("move out over a file", EscapeEnd.Folder, (store, path) => DoneAsync(store.RenameAsync(At("/mine"), path.Child("secret"), true, Token)),
            (scene, real) => Done(() => File.Move(scene.Real("/mine"), real + "/secret", true))),
        new("move in", EscapeEnd.Folder, (store, path) => DoneAsync(store.RenameAsync(path.Child("secret"), At("/new"), false, Token)), (scene, real) => Done(() => File.Move(real + "/secret", scene.Real("/new")))),
        new("move in over a file", EscapeEnd.Folder, (store, path) => DoneAsync(store.RenameAsync(path.Child("secret"), At("/mine"), true, Token)),
            (scene, real) => Done(() => File.Move(real + "/secret", scene.Real("/mine"), true))),
        new("move a folder in", EscapeEnd.Folder, (store, path) => DoneAsync(store.RenameAsync(path.Child("empty"), At("/new"), true, Token)), (scene, real) => Done(() => Directory.Move(real + "/empty", scene.Real("/new")))),
        new("move within", EscapeEnd.Folder, (store, path) => DoneAsync(store.RenameAsync(path.Child("secret"), path.Child("new"), false, Token)), (_, real) => Done(() => File.Move(real + "/secret", real + "/new"))),
        new("set a folder's time", EscapeEnd.Folder, (store, path) => DoneAsync(store.SetFactsAsync(path.Child("empty"), new FileFacts(DateTime.UnixEpoch), Token)),
            (_, real) => Done(() => Directory.SetLastWriteTimeUtc(real + "/empty", DateTime.UnixEpoch))),
        new("set a folder's mode", EscapeEnd.Folder, (store, path) => DoneAsync(store.SetFactsAsync(path, new FileFacts(UnixMode: (UnixFileMode)0x1C0), Token)), (_, real) => Done(() => File.SetUnixFileMode(real, (UnixFileMode)0x1C0))),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<string?> FindAsync(IFileStore store, StorePath path) =>
        await store.FindAsync(path, Token) is { Kind: not EntryKind.Other } entry ? entry.ToString() : null;

    private static async Task<string?> WriteAsync(IFileStore store, StorePath path, WriteStart start)
    {
        await using IFileWriter writer = await store.OpenWriteAsync(path, start, Token);
        long at = writer.Start;
        await writer.WriteAsync(at, Bytes("written"), Token);
        await writer.CommitAsync(Token);
        return $"written at {at}";
    }

    private static async Task<string?> DoneAsync(ValueTask task)
    {
        await task;
        return "done";
    }

    private static string? Done(Action action)
    {
        action();
        return null;
    }
}
