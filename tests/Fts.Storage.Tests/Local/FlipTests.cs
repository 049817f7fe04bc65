using System.Text;
using Fts.Storage.Local;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local;

/// <summary>
/// A neighbour on the same machine exchanges a folder and a link out of the store, in one step each time, while clients use the path. The kernel must hold
/// however the two meet; the portable walk does not claim to.
/// </summary>
public sealed class FlipTests
{
    private const int Flips = 2000;
    private const uint RENAME_EXCHANGE = 2;

    private static readonly Escape s_escape = new("flip", "/way/secret", "/way", ("link", "../outside"));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void Without_confinement_the_exchange_leads_outside()
    {
        using var scene = new EscapeScene(s_escape);
        using var flipper = new Flipper(scene);
        Assert.Equal("inside", File.ReadAllText(scene.Real("/way/secret")));
        flipper.Flip();
        Assert.Equal(EscapeScene.Secret, File.ReadAllText(scene.Real("/way/secret")));
    }

    public static TheoryData<string> Attempts() => new(s_attempts.Keys);

    private static readonly Dictionary<string, Func<IFileStore, int, Task>> s_attempts = new()
    {
        ["find"] = async (store, _) => Assert.NotEqual(EscapeScene.Secret.Length, (await store.FindAsync(At("/way/secret"), Token))?.Length ?? 0),
        ["read"] = async (store, _) => Assert.NotEqual(EscapeScene.Secret, await store.GetAsync("/way/secret", Token)),
        ["list"] = async (store, _) => Assert.DoesNotContain(await store.ListAsync("/way", Token), entry => entry.Name == "empty" || entry.Length == EscapeScene.Secret.Length),
        ["write"] = (store, _) => store.PutAsync("/way/secret", "inside", Token),
        ["append"] = async (store, round) =>
        {
            await using IFileWriter writer = await store.OpenWriteAsync(At("/way/secret"), WriteStart.Append, Token);
            Assert.NotEqual(EscapeScene.Secret.Length, writer.Start);
        },
        ["make a folder and remove it"] = async (store, round) =>
        {
            await store.CreateFolderAsync(At("/way/empty"), Token);
            await store.DeleteFolderAsync(At("/way/empty"), Token);
        },
        ["remove a folder"] = async (store, _) => await store.DeleteFolderAsync(At("/way/empty"), Token),
        ["write and remove a file"] = async (store, round) =>
        {
            await store.PutAsync($"/way/file-{round}", "inside", Token);
            await store.DeleteFileAsync(At($"/way/file-{round}"), Token);
        },
        ["remove a file"] = async (store, _) =>
        {
            await store.DeleteFileAsync(At("/way/secret"), Token);
            await store.PutAsync("/way/secret", "inside", Token);
        },
        ["move out"] = async (store, _) =>
        {
            await store.PutAsync("/mine", "mine", Token);
            await store.RenameAsync(At("/mine"), At("/way/mine"), replace: true, Token);
        },
        ["move in"] = async (store, _) =>
        {
            await store.RenameAsync(At("/way/secret"), At("/got"), replace: true, Token);
            Assert.NotEqual(EscapeScene.Secret, await store.GetAsync("/got", Token));
        },
        ["set the mode"] = async (store, _) => await store.SetFactsAsync(At("/way/secret"), new FileFacts(UnixMode: UnixFileMode.UserRead | UnixFileMode.UserWrite), Token),
        ["set the time"] = async (store, _) => await store.SetFactsAsync(At("/way/secret"), new FileFacts(DateTime.UnixEpoch), Token),
    };

    [Theory]
    [MemberData(nameof(Attempts))]
    public async Task Nothing_outside_is_reached_while_a_folder_and_a_link_out_are_exchanged(string attempt)
    {
        using var scene = new EscapeScene(s_escape);
        using var flipper = new Flipper(scene);
        using var store = new LocalFileStore(scene.Inside);
        Assert.True(store.IsConfinedByKernel);

        Task flipping = Task.Run(() => flipper.Run(Flips), Token);
        int done = 0, refused = 0;
        for (int round = 0; !flipping.IsCompleted || done + refused < 100; round++)
        {
            try
            {
                await s_attempts[attempt](store, round);
                done++;
            }
            catch (StoreException)
            {
                // Refused, or half done before the exchange; what counts is what happened outside.
                refused++;
            }
        }

        await flipping;
        Assert.Equal(scene.Before, scene.Snapshot());
    }

    [Fact]
    public async Task A_folder_and_a_link_in_its_place_never_mix_contents()
    {
        using var scene = new EscapeScene(s_escape);
        using var flipper = new Flipper(scene);
        using var store = new LocalFileStore(scene.Inside);
        flipper.Flip();
        Assert.Equal(StoreError.Denied, await RefusalAsync(async () => await store.OpenReadAsync(At("/way/secret"), Token)));
        flipper.Flip();
        Assert.Equal("inside", Encoding.UTF8.GetString(await store.GetAsync(At("/way/secret"), Token)));
    }

    /// <summary>Exchanges the folder <c>way</c> and the link <c>link</c>.</summary>
    private sealed class Flipper : IDisposable
    {
        private readonly Microsoft.Win32.SafeHandles.SafeFileHandle _folder;

        public Flipper(EscapeScene scene)
        {
            Directory.CreateDirectory(scene.Real("/way"));
            File.WriteAllText(scene.Real("/way/secret"), "inside");
            _folder = new(LinuxCalls.Openat(LinuxCalls.AT_FDCWD, scene.Inside, LinuxCalls.O_PATH | LinuxCalls.O_CLOEXEC, 0), ownsHandle: true);
        }

        public void Flip() => Assert.Equal(0, LinuxCalls.Renameat2(_folder, "way", _folder, "link", RENAME_EXCHANGE));

        public void Run(int flips)
        {
            for (int flip = 0; flip < flips; flip++)
            {
                Flip();
                // Give the other side a chance to be anywhere in its call; without it one side may run alone on a small machine.
                Thread.Yield();
            }
        }

        public void Dispose() => _folder.Dispose();
    }
}
