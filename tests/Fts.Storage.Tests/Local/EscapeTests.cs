using System.Text;
using Fts.Storage.Local;
using Microsoft.Win32.SafeHandles;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local;

/// <summary>
/// Every way out against every operation, on both walks. Each is also gone by plain file calls, which must get out: else the row would prove nothing.
/// </summary>
public sealed class EscapeTests
{
    /// <summary>What a client may try on a path, and the same thing done without confinement. Both answer what they learned, if they learn anything.</summary>
    private sealed record Attempt(string Name, Func<IFileStore, StorePath, Task<string?>> Confined, Func<EscapeScene, string, string?> Unconfined);

    private static readonly Attempt[] s_onFiles =
    [
        new("find", FindAsync, (_, real) => File.ReadAllText(real).Length.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        new("read", async (store, path) => Encoding.UTF8.GetString(await store.GetAsync(path, Token)), (_, real) => File.ReadAllText(real)),
        new("write", (store, path) => WriteAsync(store, path, WriteStart.Replace), (_, real) => Done(() => File.WriteAllText(real, "written"))),
        new("append", (store, path) => WriteAsync(store, path, WriteStart.Append), (_, real) => Done(() => File.AppendAllText(real, "written"))),
        new("restart", (store, path) => WriteAsync(store, path, WriteStart.At(3)), (_, real) => Done(() => File.AppendAllText(real, "written"))),
        new("set the time", (store, path) => DoneAsync(store.SetFactsAsync(path, new FileFacts(DateTime.UnixEpoch), Token)), (_, real) => Done(() =>
        {
            // By handle: by name, .NET dates a link itself.
            using SafeFileHandle file = File.OpenHandle(real, access: FileAccess.Write);
            File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);
        })),
        new("set the mode", (store, path) => DoneAsync(store.SetFactsAsync(path, new FileFacts(UnixMode: UnixFileMode.UserRead), Token)), (_, real) => Done(() => File.SetUnixFileMode(real, UnixFileMode.UserRead))),
    ];

    private static readonly Attempt[] s_onFolders =
    [
        new("find a folder", FindAsync, (_, real) => Directory.EnumerateFileSystemEntries(real).First()),
        new("list", async (store, path) => string.Join(' ', (await store.ListAsync(path.Value, Token)).Select(entry => entry.Name)), (_, real) => string.Join(' ', Directory.EnumerateFileSystemEntries(real))),
        new("free space", async (store, path) => (await store.FindFreeSpaceAsync(path, Token)).ToString(), (_, real) => new DriveInfo(real).AvailableFreeSpace.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        new("make a file", (store, path) => WriteAsync(store, path.Child("new"), WriteStart.Create), (_, real) => Done(() => File.WriteAllText(real + "/new", "written"))),
        new("make a folder", (store, path) => DoneAsync(store.CreateFolderAsync(path.Child("new"), Token)), (_, real) => Done(() => Directory.CreateDirectory(real + "/new"))),
        new("remove a file", (store, path) => DoneAsync(store.DeleteFileAsync(path.Child("secret"), Token)), (_, real) => Done(() => File.Delete(real + "/secret"))),
        new("remove a folder", (store, path) => DoneAsync(store.DeleteFolderAsync(path.Child("empty"), Token)), (_, real) => Done(() => Directory.Delete(real + "/empty"))),
        new("move out", (store, path) => DoneAsync(store.RenameAsync(At("/mine"), path.Child("new"), false, Token)), (scene, real) => Done(() => File.Move(scene.Real("/mine"), real + "/new"))),
        new("move out over a file", (store, path) => DoneAsync(store.RenameAsync(At("/mine"), path.Child("secret"), true, Token)), (scene, real) => Done(() => File.Move(scene.Real("/mine"), real + "/secret", true))),
        new("move in", (store, path) => DoneAsync(store.RenameAsync(path.Child("secret"), At("/new"), false, Token)), (scene, real) => Done(() => File.Move(real + "/secret", scene.Real("/new")))),
        new("move a folder in", (store, path) => DoneAsync(store.RenameAsync(path.Child("empty"), At("/new"), true, Token)), (scene, real) => Done(() => Directory.Move(real + "/empty", scene.Real("/new")))),
        new("set a folder's time", (store, path) => DoneAsync(store.SetFactsAsync(path.Child("empty"), new FileFacts(DateTime.UnixEpoch), Token)), (_, real) => Done(() => Directory.SetLastWriteTimeUtc(real + "/empty", DateTime.UnixEpoch))),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, bool> Rows()
    {
        var rows = new TheoryData<string, string, bool>();
        foreach (bool portable in new[] { false, true })
        {
            foreach (Escape escape in Escape.All)
            {
                foreach (Attempt attempt in escape.FolderPath is null ? s_onFiles : [.. s_onFiles, .. s_onFolders])
                {
                    rows.Add(escape.Name, attempt.Name, portable);
                }
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Nothing_outside_is_reached(string escapeName, string attemptName, bool portable)
    {
        Escape escape = Escape.All.Single(row => row.Name == escapeName);
        bool onFile = s_onFiles.Any(row => row.Name == attemptName);
        Attempt attempt = s_onFiles.Concat(s_onFolders).Single(row => row.Name == attemptName);
        string path = onFile ? escape.FilePath : escape.FolderPath!;

        using var scene = new EscapeScene(escape);
        using (var store = new LocalFileStore(scene.Inside, portable))
        {
            string learned = "";
            try
            {
                learned = await attempt.Confined(store, At(path)) ?? "";
            }
            catch (StoreException exception)
            {
                Assert.True(exception.Error is StoreError.Denied or StoreError.NotFound, exception.ToString());
            }

            Assert.Equal("", learned);
            Assert.Equal(scene.Before, scene.Snapshot());
            Assert.Equal("mine", File.ReadAllText(scene.Real("/mine")));
        }

        string? reached = attempt.Unconfined(scene, scene.Real(path));
        Assert.True(!string.IsNullOrEmpty(reached) || scene.Before != scene.Snapshot(), "Plain file calls did not get out either.");
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task A_link_that_leaves_is_seen_moved_and_removed_itself(string escapeName, bool portable)
    {
        Escape escape = Escape.All.Single(row => row.Name == escapeName);
        using var scene = new EscapeScene(escape);
        using var store = new LocalFileStore(scene.Inside, portable);
        (string link, _) = escape.Links[^1];
        StorePath path = At(link);

        Assert.Equal((path.Name, EntryKind.Other, 0L), await store.FindAsync(path, Token) is { } entry ? (entry.Name, entry.Kind, entry.Length) : default);
        Assert.Contains(await store.ListAsync(path.Parent.Value, Token), listed => listed.Name == path.Name && listed.Kind == EntryKind.Other && listed.Length == 0);
        Assert.Equal(StoreError.NotAFolder, await RefusalAsync(async () => await store.DeleteFolderAsync(path, Token)));
        await store.RenameAsync(path, At("/moved"), replace: false, Token);
        Assert.Equal(EntryKind.Other, (await store.FindAsync(At("/moved"), Token))?.Kind);
        await store.RenameAsync(At("/mine"), At("/moved"), replace: true, Token);
        Assert.Equal("mine", await store.GetAsync("/moved", Token));
        await store.DeleteFileAsync(At("/moved"), Token);
        Assert.Equal(scene.Before, scene.Snapshot());
    }

    public static TheoryData<string, bool> Links()
    {
        var rows = new TheoryData<string, bool>();
        foreach (Escape escape in Escape.All)
        {
            rows.Add(escape.Name, false);
            rows.Add(escape.Name, true);
        }

        return rows;
    }

    private static async Task<string?> FindAsync(IFileStore store, StorePath path) =>
        await store.FindAsync(path, Token) is { Kind: not EntryKind.Other } entry ? entry.ToString() : null;

    private static async Task<string?> WriteAsync(IFileStore store, StorePath path, WriteStart start)
    {
        await using IFileWriter writer = await store.OpenWriteAsync(path, start, Token);
        await writer.WriteAsync(writer.Start, Bytes("written"), Token);
        await writer.CommitAsync(Token);
        return "written";
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
