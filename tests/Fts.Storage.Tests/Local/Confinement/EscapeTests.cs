using Fts.Storage.Local;
using static Fts.Storage.Tests.StoreActions;

namespace Fts.Storage.Tests.Local.Confinement;

/// <summary>
/// Every way out with every operation, on the confined and the portable store. The same operation with plain file functions must reach an
/// entry outside. Otherwise the case would prove nothing.
/// </summary>
public sealed class EscapeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, bool> Rows()
    {
        var rows = new TheoryData<string, string, bool>();
        foreach (bool portable in new[] { false, true })
        {
            foreach (EscapeCase escape in EscapeCase.All)
            {
                foreach (EscapeAttempt attempt in EscapeAttempt.All.Where(attempt => escape.GetPath(attempt.End) is not null))
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
        EscapeCase escape = EscapeCase.All.Single(row => row.Name == escapeName);
        EscapeAttempt attempt = EscapeAttempt.All.Single(row => row.Name == attemptName);
        string path = escape.GetPath(attempt.End)!;

        using var fixture = new EscapeFixture(escape);
        using (var store = new LocalFileStore(fixture.Inside, portable))
        {
            Assert.Equal(!portable, store.IsConfinedByKernel);
            string result = "";
            try
            {
                result = await attempt.Confined(store, At(fixture.ReplaceOutside(path))) ?? "";
            }
            catch (StoreException exception)
            {
                Assert.True(exception.Error is StoreError.Denied or StoreError.NotFound, exception.ToString());
            }

            Assert.Equal("", result);
            Assert.Equal(fixture.Before, fixture.SnapshotOutside());
            Assert.Equal(fixture.NamesBefore, fixture.ListNamesInside());
            Assert.Equal("mine", File.ReadAllText(fixture.GetRealPath("/mine")));
        }

        string? unconfinedResult = attempt.Unconfined(fixture, fixture.GetRealPath(path));
        Assert.True(
            !string.IsNullOrEmpty(unconfinedResult) || fixture.Before != fixture.SnapshotOutside(),
            "The plain file functions did not get out either.");
    }

    [Theory]
    [MemberData(nameof(Links))]
    public async Task A_link_that_points_outside_can_be_listed_renamed_and_deleted(string escapeName, bool portable)
    {
        EscapeCase escape = EscapeCase.All.Single(row => row.Name == escapeName);
        using var fixture = new EscapeFixture(escape);
        using var store = new LocalFileStore(fixture.Inside, portable);
        (string link, _) = escape.Links[^1];
        StorePath path = At(link);

        Assert.Equal(
            (path.Name, EntryKind.Other, 0L),
            await store.GetEntryAsync(path, Token) is { } entry ? (entry.Name, entry.Kind, entry.Length) : default);
        Assert.Contains(
            await store.ListEntriesAsync(path.Parent, Token),
            listed => listed.Name == path.Name && listed.Kind == EntryKind.Other && listed.Length == 0);
        Assert.Equal(StoreError.NotADirectory, await GetStoreErrorAsync(async () => await store.DeleteDirectoryAsync(path, Token)));
        Assert.Equal(StoreError.Exists, await GetStoreErrorAsync(async () => await store.OpenWriteAsync(path, WriteStart.Create, Token)));
        Assert.Equal(StoreError.Exists, await GetStoreErrorAsync(async () => await store.CreateDirectoryAsync(path, Token)));
        await store.RenameAsync(path, At("/moved"), replace: false, Token);
        Assert.Equal(EntryKind.Other, (await store.GetEntryAsync(At("/moved"), Token))?.Kind);
        await store.RenameAsync(At("/mine"), At("/moved"), replace: true, Token);
        Assert.Equal("mine", await store.ReadFileAsync("/moved", Token));
        await store.DeleteFileAsync(At("/moved"), Token);
        Assert.Equal(fixture.Before, fixture.SnapshotOutside());
    }

    public static TheoryData<string, bool> Links()
    {
        var rows = new TheoryData<string, bool>();
        foreach (EscapeCase escape in EscapeCase.All.Where(escape => escape.Links.Length > 0))
        {
            rows.Add(escape.Name, false);
            rows.Add(escape.Name, true);
        }

        return rows;
    }

    /// <summary>
    /// These links of the kernel are not resolved by their text. They refer directly to a file or directory that a process has open.
    /// </summary>
    [Theory]
    [InlineData("/root/{outside}/secret", false)]
    [InlineData("/root/{outside}/secret", true)]
    [InlineData("/fd/{handle}", false)]
    [InlineData("/fd/{handle}", true)]
    [InlineData("/task/{process}/fd/{handle}", false)]
    [InlineData("/task/{process}/fd/{handle}", true)]
    public async Task The_links_of_proc_are_not_followed(string path, bool portable)
    {
        using var fixture = new EscapeFixture(EscapeCase.All[0]);
        using FileStream open = File.OpenRead(Path.Combine(fixture.Outside, "secret"));
        string virtualPath = fixture.ReplaceOutside(path)
            .Replace("{handle}", $"{open.SafeFileHandle.DangerousGetHandle()}", StringComparison.Ordinal)
            .Replace("{process}", $"{Environment.ProcessId}", StringComparison.Ordinal);
        using var store = new LocalFileStore("/proc/self", portable);
        Assert.Equal(StoreError.Denied, await GetStoreErrorAsync(async () => await store.OpenReadAsync(At(virtualPath), Token)));
        Assert.Equal(
            StoreError.Denied,
            await GetStoreErrorAsync(async () => await store.OpenWriteAsync(At(virtualPath), WriteStart.Append, Token)));
        Assert.Equal(EscapeFixture.Secret, File.ReadAllText("/proc/self" + virtualPath));
    }
}
