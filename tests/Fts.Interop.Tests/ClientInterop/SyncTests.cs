using Fts.Client;
using Fts.Interop.Tests.Peers;

namespace Fts.Interop.Tests.ClientInterop;

public sealed class SyncTests
{
    private static readonly FtpSyncOptions Delete = new() { Delete = true, MaxDeletePercent = 100 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<PeerKind> Peers => [.. Enum.GetValues<PeerKind>()];

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task A_sync_with_delete_makes_both_sides_equal_in_both_directions(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        const string Target = Peer.WritablePath + "/tree";
        DirectoryInfo local = Directory.CreateTempSubdirectory("fts-sync-");
        try
        {
            string source = local.CreateSubdirectory("source").FullName, back = local.CreateSubdirectory("back").FullName;
            Write(source, "a", "first");
            Write(source, "gone/deep/b", "b");
            Write(source, "sub ü/.hidden", "hidden");
            await SyncAsync(session.Client, source, Target, FtpMirrorDirection.Upload);
            Directory.Delete(Path.Combine(source, "gone"), recursive: true);
            Write(source, "a", "another length");
            Write(source, "new/c", "c");
            Write(back, "extra/d", "d");

            await SyncAsync(session.Client, source, Target, FtpMirrorDirection.Upload);
            await SyncAsync(session.Client, back, Target, FtpMirrorDirection.Download);

            Assert.Equal(["a=another length", "new/c=c", "sub ü/.hidden=hidden"], ListTree(back));
            Assert.Equal(["new", "sub ü"], Directory.GetDirectories(back).Select(path => Path.GetFileName(path)).Order());
            Assert.True((await session.Client.PlanSyncAsync(back, Target, FtpMirrorDirection.Download, Delete, Token)).IsEmpty);
        }
        finally
        {
            local.Delete(recursive: true);
        }
    }

    private static async Task SyncAsync(FtpClient client, string local, string remote, FtpMirrorDirection direction)
    {
        FtpSyncPlan plan = await client.PlanSyncAsync(local, remote, direction, Delete, Token);
        Assert.Null(plan.BlockedDeletionReason);
        FtpSyncResult result = await client.SyncAsync(plan, cancellationToken: Token);
        Assert.All(result.Entries, entry => Assert.True(entry is { Exception: null, IsPostponed: false }));
    }

    private static void Write(string folder, string name, string content)
    {
        string path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
    }

    private static IEnumerable<string> ListTree(string root) =>
        Directory.EnumerateFiles(root, "*", new EnumerationOptions { AttributesToSkip = 0, RecurseSubdirectories = true })
            .Select(path => $"{Path.GetRelativePath(root, path)}={File.ReadAllText(path)}")
            .Order(StringComparer.Ordinal);
}
