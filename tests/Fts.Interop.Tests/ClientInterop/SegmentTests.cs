using Fts.Client;
using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Peers;
using Fts.ProgramTests.Support;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>One file over four connections: in segments by REST, or RANG where a server ends them itself, and in parts where it joins them.</summary>
public sealed class SegmentTests
{
    private static readonly FtpTransferOptions FourSegments = new() { Segments = 4 };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

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
            kind, "127.0.0.1", options => AddTrace(options, trace => Interlocked.Add(ref retrievals, trace is { IsSent: true, Line: ['R', 'E', 'T', 'R', ..] } ? 1 : 0)), encrypted);
        OnServer(Path.Combine(session.WritableFolder, "big.bin"));

        for (int round = 0; round < 2; round++)
        {
            FtpTransferResult result = await session.Client.DownloadFileAsync(session.Local["back.bin"], Peer.WritablePath + "/big.bin", FourSegments, null, Token);
            Assert.Equal(new FileInfo(TestTree.LargeFile).Length, result.Bytes);
            TreeSnapshot.AssertSameFile(TestTree.LargeFile, session.Local["back.bin"]);
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
            kind, "127.0.0.1", options => AddTrace(options, trace => isJoined |= trace is { IsSent: true, Line: ['C', 'O', 'M', 'B', ..] }));

        await session.Client.UploadFileAsync(TestTree.LargeFile, Peer.WritablePath + "/up.bin", FourSegments, null, Token);
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, Path.Combine(session.WritableFolder, "up.bin"));
        Assert.Equal(["up.bin"], Directory.EnumerateFileSystemEntries(session.WritableFolder).Select(Path.GetFileName));
        Assert.Equal(kind == PeerKind.Fts, isJoined);
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    public async Task One_that_is_cancelled_goes_on_from_what_is_here(PeerKind kind)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        bool isMoving = false;
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1", options => AddTrace(options, trace =>
        {
            isMoving |= trace is { IsSent: true, Line: ['R', 'E', 'T', 'R', ..] };
            if (isMoving && trace is { IsSent: false, Line: ['2' or '4', '2', '6', ..] })
            {
                // One segment is here.
                stop.Cancel();
            }
        }));
        OnServer(Path.Combine(session.WritableFolder, "big.bin"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => session.Client.DownloadFileAsync(session.Local["back.bin"], Peer.WritablePath + "/big.bin", FourSegments, null, stop.Token));
        long kept = FtpPartialDownload.Find(session.Local["back.bin"])?.Length ?? 0;

        FtpTransferResult result = await session.Client.DownloadFileAsync(session.Local["back.bin"], Peer.WritablePath + "/big.bin", FourSegments, null, Token);
        Assert.Equal((kept, new FileInfo(TestTree.LargeFile).Length - kept), (result.ResumedBytes, result.Bytes));
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, session.Local["back.bin"]);
    }

    [Fact]
    public async Task After_the_client_was_killed_no_gap_is_taken_for_content()
    {
        await using InterruptedTransfer transfer = await InterruptedTransfer.StartAsync(PeerKind.Fts, "--segments", "4");
        OnServer(transfer.RemoteFile);
        await using (RunningProgram client = await transfer.StartAndPauseAsync("get big.bin", 20_000_003))
        {
            await transfer.WaitForPartialAsync((InterruptedTransfer.Total / 4) + 1);
            client.SendSignal(9);
            await client.WaitForExitAsync();
        }

        Assert.False(File.Exists(transfer.LocalFile));
        (int code, string messages) = await transfer.RunAsync("get big.bin");
        Assert.True(code == 0, messages);
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, transfer.LocalFile);
        Assert.Equal([InterruptedTransfer.Name], transfer.Local.Names);
    }

    [Fact]
    public async Task After_ctrl_c_it_says_what_is_kept_and_goes_on_from_there()
    {
        await using InterruptedTransfer transfer = await InterruptedTransfer.StartAsync(PeerKind.Fts, "--segments", "4");
        OnServer(transfer.RemoteFile);
        await using (RunningProgram client = await transfer.StartAndPauseAsync("get big.bin", 20_000_003))
        {
            await transfer.WaitForPartialAsync((InterruptedTransfer.Total / 4) + 1);
            client.SendSignal(2);
            Assert.Equal(130, await client.WaitForExitAsync());
            Assert.Contains(" % for resuming\n  try: fts get --resume ftp://", client.Messages, StringComparison.Ordinal);
        }

        (int code, string messages) = await transfer.RunAsync("get --resume big.bin");
        Assert.True(code == 0, messages);
        Assert.Contains("resuming big.bin at ", messages, StringComparison.Ordinal);
        Assert.InRange(transfer.TransferredBytes, 30_000_000, 52_000_000);
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, transfer.LocalFile);
    }

    private static FtpClientOptions AddTrace(FtpClientOptions options, Action<FtpTrace> watch) => options with
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
        File.Copy(TestTree.LargeFile, path);
        File.SetLastWriteTimeUtc(path, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
    }
}
