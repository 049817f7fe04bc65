using Fts.Client;
using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Peers;
using Fts.ProgramTests.Support;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>
/// One file over four connections. Downloads use REST, or RANG if the server supports it. Uploads use COMB if the server supports it.
/// </summary>
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
    public async Task A_file_is_downloaded_completely_over_four_connections(PeerKind kind, bool encrypted)
    {
        int retrCount = 0;
        await using PeerSession session = await PeerSession.StartAsync(
            kind, "127.0.0.1",
            options => AddTrace(
                options, trace => Interlocked.Add(ref retrCount, trace is { IsSent: true, Line: ['R', 'E', 'T', 'R', ..] } ? 1 : 0)),
            encrypted);
        CopyToServer(Path.Combine(session.WritableFolder, "big.bin"));

        for (int i = 0; i < 2; i++)
        {
            FtpTransferResult result = await session.Client.DownloadFileAsync(
                session.Local["back.bin"], Peer.WritablePath + "/big.bin", FourSegments, null, Token);
            Assert.Equal(new FileInfo(TestTree.LargeFile).Length, result.Bytes);
            TreeSnapshot.AssertSameFile(TestTree.LargeFile, session.Local["back.bin"]);
        }

        Assert.InRange(retrCount, 8, 16);
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    [InlineData(PeerKind.Fts)]
    public async Task A_file_is_uploaded_in_segments_only_to_a_server_that_supports_COMB(PeerKind kind)
    {
        bool sentComb = false;
        await using PeerSession session = await PeerSession.StartAsync(
            kind, "127.0.0.1",
            options => AddTrace(options, trace => sentComb |= trace is { IsSent: true, Line: ['C', 'O', 'M', 'B', ..] }));

        await session.Client.UploadFileAsync(TestTree.LargeFile, Peer.WritablePath + "/up.bin", FourSegments, null, Token);
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, Path.Combine(session.WritableFolder, "up.bin"));
        Assert.Equal(["up.bin"], Directory.EnumerateFileSystemEntries(session.WritableFolder).Select(Path.GetFileName));
        Assert.Equal(kind == PeerKind.Fts, sentComb);
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    public async Task A_cancelled_download_resumes_after_the_received_bytes(PeerKind kind)
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Token);
        bool isRetrieving = false;
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1", options => AddTrace(options, trace =>
        {
            isRetrieving |= trace is { IsSent: true, Line: ['R', 'E', 'T', 'R', ..] };
            if (isRetrieving && trace is { IsSent: false, Line: ['2' or '4', '2', '6', ..] })
            {
                // One segment is complete.
                cancellation.Cancel();
            }
        }));
        CopyToServer(Path.Combine(session.WritableFolder, "big.bin"));
        string local = session.Local["back.bin"], remote = Peer.WritablePath + "/big.bin";
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => session.Client.DownloadFileAsync(local, remote, FourSegments, null, cancellation.Token));
        long kept = FtpPartialDownload.Find(local)?.Length ?? 0;

        FtpTransferResult result = await session.Client.DownloadFileAsync(local, remote, FourSegments, null, Token);
        Assert.Equal((kept, new FileInfo(TestTree.LargeFile).Length - kept), (result.ResumedBytes, result.Bytes));
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, local);
    }

    [Fact]
    public async Task After_the_client_was_killed_no_gap_between_segments_is_treated_as_content()
    {
        await using InterruptedTransfer transfer = await InterruptedTransfer.StartAsync(PeerKind.Fts, "--segments", "4");
        CopyToServer(transfer.RemoteFile);
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
    public async Task A_download_stopped_by_Ctrl_C_reports_the_kept_bytes_and_is_resumed()
    {
        await using InterruptedTransfer transfer = await InterruptedTransfer.StartAsync(PeerKind.Fts, "--segments", "4");
        CopyToServer(transfer.RemoteFile);
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

    /// <summary>
    /// Copies the large file to the server with an old last-modified time. A recent time would not reveal another change of the file.
    /// </summary>
    private static void CopyToServer(string path)
    {
        File.Copy(TestTree.LargeFile, path);
        File.SetLastWriteTimeUtc(path, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
    }
}
