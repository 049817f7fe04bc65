using System.Text;
using Fts.Native;
using Fts.Storage.Local;
using Microsoft.Win32.SafeHandles;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local.Confinement;

/// <summary>
/// A second process exchanges a folder and a link out of the store while a client goes that way, 100,000 times during every operation of the one table. The kernel
/// must hold however the two meet. The portable walk looks before it goes, and does not claim to hold: for that, <see cref="EscapeTests"/> is all.
/// </summary>
public sealed class SwappedPathTests
{
    private const int Flips = 100_000;

    private static readonly EscapeCase s_escape = new("flip", "/way/secret", "/way", ("link", "../outside")) { MissingPath = "/way/new" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Attempts => [.. EscapeAttempt.All.Select(attempt => attempt.Name)];

    [Fact]
    public async Task Without_confinement_the_exchange_leads_outside()
    {
        using var scene = new EscapeFixture(s_escape);
        using var folder = new FlippedFolder(scene);
        using var flipper = new PathSwapper(scene.Inside, "way", "link");
        Assert.Equal("inside", File.ReadAllText(scene.Real("/way/secret")));
        await flipper.FlipAsync(1, Token);
        Assert.Equal(EscapeFixture.Secret, File.ReadAllText(scene.Real("/way/secret")));
    }

    [Theory]
    [MemberData(nameof(Attempts))]
    public async Task Nothing_outside_is_reached_while_a_folder_and_a_link_out_are_exchanged(string attemptName)
    {
        EscapeAttempt attempt = EscapeAttempt.All.Single(row => row.Name == attemptName);
        StorePath path = At(s_escape.PathTo(attempt.End)!);
        using var scene = new EscapeFixture(s_escape);
        using var folder = new FlippedFolder(scene);
        using var flipper = new PathSwapper(scene.Inside, "way", "link");
        using var store = new LocalFileStore(scene.Inside);
        Assert.True(store.IsConfinedByKernel);
        string[] leaks = [EscapeFixture.Secret, "theirs", $"Length = {EscapeFixture.Secret.Length},", $"written at {EscapeFixture.Secret.Length}", .. await IdsAsync(scene.Outside)];

        int done = 0, refused = 0;
        Task flipping = flipper.FlipAsync(Flips, Token);
        while (!flipping.IsCompleted)
        {
            folder.Refill();
            try
            {
                string learned = await attempt.Confined(store, path) ?? "";
                Assert.All(leaks, leak => Assert.DoesNotContain(leak, learned, StringComparison.Ordinal));
                // What is found where the link stands is the link, of which the attempt learns nothing.
                (done, refused) = learned == "" ? (done, refused + 1) : (done + 1, refused);
            }
            catch (StoreException)
            {
                // Refused, or half done before the exchange; what counts is what happened outside.
                refused++;
            }
        }

        await flipping;
        Assert.Equal(scene.Before, scene.SnapshotOutside());
        // Else the two did not meet.
        Assert.True(done > 0 && refused > 0, $"{done} done, {refused} refused");
    }

    [Fact]
    public async Task A_folder_and_a_link_in_its_place_never_mix_contents()
    {
        using var scene = new EscapeFixture(s_escape);
        using var folder = new FlippedFolder(scene);
        using var flipper = new PathSwapper(scene.Inside, "way", "link");
        using var store = new LocalFileStore(scene.Inside);
        await flipper.FlipAsync(1, Token);
        Assert.Equal(StoreError.Denied, await GetStoreErrorAsync(async () => await store.OpenReadAsync(At("/way/secret"), Token)));
        await flipper.FlipAsync(1, Token);
        Assert.Equal("inside", Encoding.UTF8.GetString(await store.GetAsync(At("/way/secret"), Token)));
    }

    /// <summary>What would tell that an entry is that folder outside, or lies in it.</summary>
    private static async Task<string[]> IdsAsync(string outside)
    {
        using var store = new LocalFileStore(outside);
        var ids = new List<string>();
        foreach (string path in (string[])["/", "/secret", "/theirs", "/empty"])
        {
            ids.Add($"Id = {Assert.NotNull(await store.GetEntryAsync(At(path), Token)).Id},");
        }

        return [.. ids];
    }

    /// <summary>The folder inside, by whatever name it goes just now, with all that the attempts look for.</summary>
    private sealed class FlippedFolder : IDisposable
    {
        private readonly string _inside;
        private readonly SafeFileHandle _handle;
        private readonly string _real;

        public FlippedFolder(EscapeFixture scene)
        {
            _inside = scene.Inside;
            Directory.CreateDirectory(scene.Real("/way"));
            _handle = new(DirectoryCalls.Openat(DirectoryCalls.AT_FDCWD, scene.Real("/way"), FileCalls.O_PATH | FileCalls.O_CLOEXEC, 0), ownsHandle: true);
            _real = $"/proc/self/fd/{_handle.DangerousGetHandle()}";
            Refill();
        }

        public void Refill()
        {
            File.WriteAllText(_real + "/secret", "inside");
            File.WriteAllText(_inside + "/mine", "mine");
            Directory.CreateDirectory(_real + "/empty");
            foreach (string name in (string[])[_real + "/new", _inside + "/new", _inside + "/got"])
            {
                if (Directory.Exists(name) && new FileInfo(name).LinkTarget is null)
                {
                    Directory.Delete(name);
                }
                else
                {
                    File.Delete(name);
                }
            }
        }

        public void Dispose() => _handle.Dispose();
    }
}
