using System.Security.Cryptography;
using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Sync;

/// <summary>Syncs of random trees: afterwards both sides are equal, also after interruptions.</summary>
public sealed class SyncTests : IDisposable
{
    private static readonly FtpSyncOptions Delete = new() { Delete = true, MaxDeletePercent = 100 };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-sync-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 12)];

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task With_delete_both_sides_are_equal_after_interrupted_syncs(int seed)
    {
        var random = new Random(seed);
        await using var server = new RelayedTestServer();
        await using FtpClient client = server.Client();
        string before = CreateTree("before", random), source = CreateTree("source", random), back = CreateTree("back", random);
        await RunAsync(client, before, FtpMirrorDirection.Upload);

        await InterruptAsync(client, source, FtpMirrorDirection.Upload, random);
        await RunAsync(client, source, FtpMirrorDirection.Upload);
        await InterruptAsync(client, back, FtpMirrorDirection.Download, random);
        await RunAsync(client, back, FtpMirrorDirection.Download);

        Assert.Equal(ListTree(source), ListTree(back));
        Assert.True((await client.PlanSyncAsync(source, "top", FtpMirrorDirection.Upload, Delete, Token)).IsEmpty);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Without_delete_the_target_keeps_what_only_it_has(int seed)
    {
        var random = new Random(seed);
        await using var server = new RelayedTestServer();
        await using FtpClient client = server.Client();
        string source = CreateTree("source", random), back = CreateTree("back", random);
        string[] kept = [.. ListTree(back).Where(line => !Path.Exists(Path.Combine(source, line.Split('=')[0])))];
        await RunAsync(client, source, FtpMirrorDirection.Upload);

        FtpSyncPlan plan = await client.PlanSyncAsync(back, "top", FtpMirrorDirection.Download, null, Token);
        FtpSyncResult result = await client.SyncAsync(plan, cancellationToken: Token);

        Assert.All(result.Entries, entry => Assert.Null(entry.Exception));
        Assert.Equal(ListTree(source).Concat(kept).Order(StringComparer.Ordinal), ListTree(back));
    }

    [Fact]
    public async Task A_file_that_vanishes_after_the_plan_is_no_failure_and_does_not_postpone_deletions()
    {
        await using var server = new RelayedTestServer();
        await using FtpClient client = server.Client();
        await server.PutAsync("extra", [1, 2, 3]);
        string source = _folder.CreateSubdirectory("source").FullName;
        await File.WriteAllTextAsync(Path.Combine(source, "stays"), "stays", Token);
        await File.WriteAllTextAsync(Path.Combine(source, "vanishes"), "vanishes", Token);
        FtpSyncPlan plan = await client.PlanSyncAsync(source, "", FtpMirrorDirection.Upload, Delete, Token);
        File.Delete(Path.Combine(source, "vanishes"));

        FtpSyncResult result = await client.SyncAsync(plan, cancellationToken: Token);

        Assert.Equal("vanishes", Assert.Single(result.Entries, entry => entry.HasVanished).Entry.RemotePath);
        Assert.All(result.Entries, entry => Assert.True(entry is { Exception: null, IsPostponed: false }));
        Assert.Equal("stays", Assert.Single(await client.ListAsync("", Token).ToListAsync(Token)).Name);
    }

    private static async Task RunAsync(FtpClient client, string local, FtpMirrorDirection direction)
    {
        FtpSyncPlan plan = await client.PlanSyncAsync(local, "top", direction, Delete, Token);
        Assert.Empty(plan.Failures);
        FtpSyncResult result = await client.SyncAsync(plan, cancellationToken: Token);
        Assert.All(result.Entries, entry => Assert.True(entry is { Exception: null, IsPostponed: false }));
    }

    /// <summary>Cancels a sync after a random number of finished transfers.</summary>
    private static async Task InterruptAsync(FtpClient client, string local, FtpMirrorDirection direction, Random random)
    {
        FtpSyncPlan plan = await client.PlanSyncAsync(local, "top", direction, Delete, Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        try
        {
            await client.SyncAsync(
                plan, progress: new StoppingProgress(random.Next(1, 6), stop), cancellationToken: stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The next sync continues.
        }
    }

    private string CreateTree(string name, Random random)
    {
        string root = _folder.CreateSubdirectory(name).FullName;
        for (int i = 0; i < 25; i++)
        {
            // Few names, so that trees have files in common, and folders of the same name at several levels. The first character is
            // different for folders and files, because a sync does not replace one by the other.
            string folder = string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => $"d{random.Next(3)}/"));
            string path = Path.Combine(root, folder, $"f{random.Next(8)} ü");
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            byte[] content = new byte[random.Next(4) == 0 ? random.Next(300_000) : random.Next(4)];
            random.NextBytes(content);
            File.WriteAllBytes(path, content);
            File.SetLastWriteTimeUtc(path, new DateTime(2020, 1, 1, 0, 0, i, DateTimeKind.Utc));
        }

        return root;
    }

    private static string[] ListTree(string root) =>
    [
        .. Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(root, path)
                + (File.Exists(path) ? "=" + Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path))) : ""))
            .Order(StringComparer.Ordinal),
    ];

    private sealed class StoppingProgress(int limit, CancellationTokenSource stop) : IProgress<FtpBatchResult>
    {
        private int _count;

        public void Report(FtpBatchResult value)
        {
            if (Interlocked.Increment(ref _count) == limit)
            {
                stop.Cancel();
            }
        }
    }
}
