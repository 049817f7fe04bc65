using Fts.Client;
using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Trees;
using Fts.ProgramTests.Running;

namespace Fts.Interop.Tests.OurClient;

/// <summary>One file over four connections: in segments by REST, or RANG where a server ends them itself, and in parts where it joins them.</summary>
public sealed class SegmentTests
{
    private static readonly FtpTransferOptions Four = new() { Segments = 4 };

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(PeerKind.Vsftpd, false)]
    [InlineData(PeerKind.Vsftpd, true)]
    [InlineData(PeerKind.ProFtpd, false)]
    [InlineData(PeerKind.ProFtpd, true)]
    [InlineData(PeerKind.PureFtpd, false)]
    [InlineData(PeerKind.Pyftpdlib, false)]
    [InlineData(PeerKind.Fts, false)]
    public async Task A_file_comes_whole_over_four_connections(PeerKind kind, bool encrypted)
    {
        int retrievals = 0;
        await using PeerSession session = await PeerSession.StartAsync(
            kind, "127.0.0.1", options => Watching(options, trace => Interlocked.Add(ref retrievals, trace is { IsSent: true, Line: ['R', 'E', 'T', 'R', ..] } ? 1 : 0)), encrypted);
        OnServer(Path.Combine(session.BoxFolder, "big.bin"));

        for (int round = 0; round < 2; round++)
        {
            FtpTransferResult result = await session.Client.DownloadFileAsync(session.Local["back.bin"], Peer.Box + "/big.bin", Four, null, Cancelled);
            Assert.Equal(new FileInfo(TestTree.Big).Length, result.Bytes);
            Snapshot.AssertSameFile(TestTree.Big, session.Local["back.bin"]);
        }

        Assert.InRange(retrievals, 8, 16);
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    [InlineData(PeerKind.Fts)]
    public async Task A_file_goes_up_in_parts_or_plainly(PeerKind kind)
    {
        bool isJoined = false;
        await using PeerSession session = await PeerSession.StartAsync(
            kind, "127.0.0.1", options => Watching(options, trace => isJoined |= trace is { IsSent: true, Line: ['C', 'O', 'M', 'B', ..] }));

        await session.Client.UploadFileAsync(TestTree.Big, Peer.Box + "/up.bin", Four, null, Cancelled);
        Snapshot.AssertSameFile(TestTree.Big, Path.Combine(session.BoxFolder, "up.bin"));
        Assert.Equal(["up.bin"], Directory.EnumerateFileSystemEntries(session.BoxFolder).Select(Path.GetFileName));
        Assert.Equal(kind == PeerKind.Fts, isJoined);
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    public async Task One_that_is_cancelled_goes_on_from_what_is_here(PeerKind kind)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        bool isMoving = false;
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1", options => Watching(options, trace =>
        {
            isMoving |= trace is { IsSent: true, Line: ['R', 'E', 'T', 'R', ..] };
            if (isMoving && trace is { IsSent: false, Line: ['2' or '4', '2', '6', ..] })
            {
                // One segment is here.
                stop.Cancel();
            }
        }));
        OnServer(Path.Combine(session.BoxFolder, "big.bin"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => session.Client.DownloadFileAsync(session.Local["back.bin"], Peer.Box + "/big.bin", Four, null, stop.Token));
        long kept = FtpPartialDownload.Find(session.Local["back.bin"])?.Length ?? 0;

        FtpTransferResult result = await session.Client.DownloadFileAsync(session.Local["back.bin"], Peer.Box + "/big.bin", Four, null, Cancelled);
        Assert.Equal((kept, new FileInfo(TestTree.Big).Length - kept), (result.ResumedBytes, result.Bytes));
        Snapshot.AssertSameFile(TestTree.Big, session.Local["back.bin"]);
    }

    [Fact]
    public async Task After_the_client_was_killed_no_gap_is_taken_for_content()
    {
        await using BrokenTransfer transfer = await BrokenTransfer.StartAsync(PeerKind.Fts, "--segments", "4");
        OnServer(transfer.RemoteFile);
        await using (RunningProgram client = await transfer.HoldAsync("get big.bin", 20_000_003))
        {
            await transfer.PartialHasAsync((BrokenTransfer.Total / 4) + 1);
            client.Signal(9);
            await client.ExitAsync();
        }

        Assert.False(File.Exists(transfer.LocalFile));
        (int code, string messages) = await transfer.RunAsync("get big.bin");
        Assert.True(code == 0, messages);
        Snapshot.AssertSameFile(TestTree.Big, transfer.LocalFile);
        Assert.Equal([BrokenTransfer.Name], transfer.Local.Names);
    }

    [Fact]
    public async Task After_ctrl_c_it_says_what_is_kept_and_goes_on_from_there()
    {
        await using BrokenTransfer transfer = await BrokenTransfer.StartAsync(PeerKind.Fts, "--segments", "4");
        OnServer(transfer.RemoteFile);
        await using (RunningProgram client = await transfer.HoldAsync("get big.bin", 20_000_003))
        {
            await transfer.PartialHasAsync((BrokenTransfer.Total / 4) + 1);
            client.Signal(2);
            Assert.Equal(130, await client.ExitAsync());
            Assert.Contains("% of it is kept\n  try: fts get --resume ftp://", client.Messages, StringComparison.Ordinal);
        }

        (int code, string messages) = await transfer.RunAsync("get --resume big.bin");
        Assert.True(code == 0, messages);
        Assert.Contains("resuming big.bin at ", messages, StringComparison.Ordinal);
        Assert.InRange(transfer.Travelled, 30_000_000, 52_000_000);
        Snapshot.AssertSameFile(TestTree.Big, transfer.LocalFile);
    }

    private static FtpClientOptions Watching(FtpClientOptions options, Action<FtpTrace> watch) => options with
    {
        MaxConnections = 4,
        Trace = trace =>
        {
            options.Trace?.Invoke(trace);
            watch(trace);
        },
    };

    /// <summary>From long ago: of a file that changed just now, no time would tell whether it changes once more.</summary>
    private static void OnServer(string path)
    {
        File.Copy(TestTree.Big, path);
        File.SetLastWriteTimeUtc(path, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
    }
}
