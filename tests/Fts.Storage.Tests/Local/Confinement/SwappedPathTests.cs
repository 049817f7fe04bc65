using System.Text;
using Fts.Native;
using Fts.Storage.Local;
using Microsoft.Win32.SafeHandles;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local.Confinement;

/// <summary>
/// A second process swaps a directory and a link that points outside, 100,000 times during each operation. The confined store must never
/// access an entry outside. The portable store does not guarantee this, and is tested by <see cref="EscapeTests"/> only.
/// </summary>
public sealed class SwappedPathTests
{
    private const int Swaps = 100_000;

    private static readonly EscapeCase s_escape = new("swap", "/way/secret", "/way", ("link", "../outside")) { MissingPath = "/way/new" };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Attempts => [.. EscapeAttempt.All.Select(attempt => attempt.Name)];

    [Fact]
    public async Task Without_confinement_a_swapped_link_leads_outside()
    {
        using var fixture = new EscapeFixture(s_escape);
        using var folder = new SwappedDirectory(fixture);
        using var swapper = new PathSwapper(fixture.Inside, "way", "link");
        Assert.Equal("inside", File.ReadAllText(fixture.GetRealPath("/way/secret")));
        await swapper.SwapAsync(1, Token);
        Assert.Equal(EscapeFixture.Secret, File.ReadAllText(fixture.GetRealPath("/way/secret")));
    }

    [Theory]
    [MemberData(nameof(Attempts))]
    public async Task Nothing_outside_is_reached_while_a_directory_and_a_link_are_swapped(string attemptName)
    {
        EscapeAttempt attempt = EscapeAttempt.All.Single(row => row.Name == attemptName);
        StorePath path = At(s_escape.GetPath(attempt.End)!);
        using var fixture = new EscapeFixture(s_escape);
        using var folder = new SwappedDirectory(fixture);
        using var swapper = new PathSwapper(fixture.Inside, "way", "link");
        using var store = new LocalFileStore(fixture.Inside);
        Assert.True(store.IsConfinedByKernel);
        string[] leaks =
        [
            EscapeFixture.Secret,
            "theirs",
            $"Length = {EscapeFixture.Secret.Length},",
            $"written at {EscapeFixture.Secret.Length}",
            .. await GetIdsAsync(fixture.Outside),
        ];

        int done = 0, refused = 0;
        Task swapping = swapper.SwapAsync(Swaps, Token);
        while (!swapping.IsCompleted)
        {
            folder.CreateEntries();
            try
            {
                string result = await attempt.Confined(store, path) ?? "";
                Assert.All(leaks, leak => Assert.DoesNotContain(leak, result, StringComparison.Ordinal));
                // The attempt found the link itself, and read nothing.
                (done, refused) = result == "" ? (done, refused + 1) : (done + 1, refused);
            }
            catch (StoreException)
            {
                // The operation was refused or interrupted by a swap. Only the state outside matters.
                refused++;
            }
        }

        await swapping;
        Assert.Equal(fixture.Before, fixture.SnapshotOutside());
        // Otherwise no swap happened during an operation.
        Assert.True(done > 0 && refused > 0, $"{done} operations succeeded, {refused} were refused");
    }

    [Fact]
    public async Task A_swapped_directory_and_link_never_mix_their_contents()
    {
        using var fixture = new EscapeFixture(s_escape);
        using var folder = new SwappedDirectory(fixture);
        using var swapper = new PathSwapper(fixture.Inside, "way", "link");
        using var store = new LocalFileStore(fixture.Inside);
        await swapper.SwapAsync(1, Token);
        Assert.Equal(StoreError.Denied, await GetStoreErrorAsync(async () => await store.OpenReadAsync(At("/way/secret"), Token)));
        await swapper.SwapAsync(1, Token);
        Assert.Equal("inside", Encoding.UTF8.GetString(await store.ReadFileAsync(At("/way/secret"), Token)));
    }

    /// <summary>Returns the ids of the directory outside and of its entries, as an attempt would report them.</summary>
    private static async Task<string[]> GetIdsAsync(string outside)
    {
        using var store = new LocalFileStore(outside);
        var ids = new List<string>();
        foreach (string path in (string[])["/", "/secret", "/theirs", "/empty"])
        {
            ids.Add($"Id = {Assert.NotNull(await store.GetEntryAsync(At(path), Token)).Id},");
        }

        return [.. ids];
    }

    /// <summary>The directory inside, under its current name, with all entries that the attempts need.</summary>
    private sealed class SwappedDirectory : IDisposable
    {
        private readonly string _inside;
        private readonly SafeFileHandle _handle;
        private readonly string _real;

        public SwappedDirectory(EscapeFixture fixture)
        {
            _inside = fixture.Inside;
            Directory.CreateDirectory(fixture.GetRealPath("/way"));
            _handle = new(
                DirectoryCalls.Openat(DirectoryCalls.AT_FDCWD, fixture.GetRealPath("/way"), FileCalls.O_PATH | FileCalls.O_CLOEXEC, 0),
                ownsHandle: true);
            _real = $"/proc/self/fd/{_handle.DangerousGetHandle()}";
            CreateEntries();
        }

        public void CreateEntries()
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
