using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Peers;
using Fts.ProgramTests.Support;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>Transfers that are interrupted by a signal or a killed server and resumed by the next run of the program.</summary>
public sealed class ResumeTests
{
    private const int Interrupt = 2, Kill = 9;

    /// <summary>The bytes transferred before the interruption. The number is not a multiple of any buffer size.</summary>
    private const long ReceivedBytes = 20_000_003;

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    [InlineData(PeerKind.Fts)]
    public async Task A_download_is_resumed_after_the_client_was_killed(PeerKind kind)
    {
        await using InterruptedTransfer transfer = await DownloadAsync(kind);
        await using (RunningProgram client = await transfer.StartAndPauseAsync("get big.bin", ReceivedBytes))
        {
            await transfer.WaitForPartialAsync(ReceivedBytes);
            client.SendSignal(Kill);
            await client.WaitForExitAsync();
        }

        Assert.False(File.Exists(transfer.LocalFile));
        await AssertResumedAsync(transfer, "get big.bin");
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    [InlineData(PeerKind.Fts)]
    public async Task A_download_is_resumed_after_the_server_was_killed(PeerKind kind)
    {
        await using InterruptedTransfer transfer = await DownloadAsync(kind);
        await using (RunningProgram client = await transfer.StartAndPauseAsync("get big.bin", ReceivedBytes))
        {
            await transfer.WaitForPartialAsync(ReceivedBytes);
            await transfer.Peer.KillAsync();
            transfer.ResetConnections();
            client.CloseInput();
            Assert.Equal(8, await client.WaitForExitAsync());
            AssertContains("kept 38 % for resuming", client.Messages);
            AssertContains("try: get --resume big.bin", client.Messages);
        }

        await transfer.Peer.StartAsync();
        await AssertResumedAsync(transfer, "get --resume big.bin");
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.Fts)]
    public async Task A_download_stopped_by_Ctrl_C_reports_the_kept_bytes_and_is_resumed(PeerKind kind)
    {
        await using InterruptedTransfer transfer = await DownloadAsync(kind);
        await using (RunningProgram client = await transfer.StartAndPauseAsync("get big.bin", ReceivedBytes))
        {
            await transfer.WaitForPartialAsync(ReceivedBytes);
            client.SendSignal(Interrupt);
            Assert.Equal(130, await client.WaitForExitAsync());
            AssertContains("get big.bin: stopped; kept 38 % for resuming\n  try: fts get --resume ftp://", client.Messages);
        }

        await AssertResumedAsync(transfer, "get big.bin");
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    [InlineData(PeerKind.Fts)]
    public async Task A_file_that_changed_on_the_server_is_downloaded_from_the_beginning(PeerKind kind)
    {
        await using InterruptedTransfer transfer = await DownloadAsync(kind);
        await using (RunningProgram client = await transfer.StartAndPauseAsync("get big.bin", ReceivedBytes))
        {
            await transfer.WaitForPartialAsync(ReceivedBytes);
            client.SendSignal(Kill);
            await client.WaitForExitAsync();
        }

        byte[] other = await File.ReadAllBytesAsync(transfer.RemoteFile, TestContext.Current.CancellationToken);
        Array.Reverse(other);
        await File.WriteAllBytesAsync(transfer.RemoteFile, other, TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(transfer.RemoteFile, new DateTime(2026, 3, 4, 5, 6, 7, DateTimeKind.Utc));

        (int code, string messages) = await transfer.RunAsync("get big.bin");

        Assert.True(code == 0, messages);
        AssertContains("big.bin changed on the server: discarding the partial file and transferring the whole file", messages);
        TreeSnapshot.AssertSameFile(transfer.RemoteFile, transfer.LocalFile);
        Assert.Equal([InterruptedTransfer.Name], transfer.Local.Names);
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    [InlineData(PeerKind.Fts)]
    public async Task An_upload_is_resumed_after_the_client_was_killed(PeerKind kind)
    {
        await using InterruptedTransfer transfer = await InterruptedTransfer.StartAsync(kind);
        File.Copy(TestTree.LargeFile, transfer.LocalFile);
        await using (RunningProgram client = await transfer.StartAndPauseAsync("put big.bin", ReceivedBytes))
        {
            client.SendSignal(Kill);
            await client.WaitForExitAsync();
        }

        await AssertUploadResumedAsync(kind, transfer);
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    [InlineData(PeerKind.Fts)]
    public async Task An_upload_stopped_by_Ctrl_C_reports_how_to_resume_it(PeerKind kind)
    {
        await using InterruptedTransfer transfer = await InterruptedTransfer.StartAsync(kind);
        File.Copy(TestTree.LargeFile, transfer.LocalFile);
        await using (RunningProgram client = await transfer.StartAndPauseAsync("put big.bin", ReceivedBytes))
        {
            client.SendSignal(Interrupt);
            Assert.Equal(130, await client.WaitForExitAsync());
            AssertContains($"put big.bin: stopped\n  try: fts put --resume {transfer.LocalFile} ftp://", client.Messages);
        }

        await AssertUploadResumedAsync(kind, transfer);
    }

    private static void AssertContains(string text, string messages) =>
        Assert.True(messages.Contains(text, StringComparison.Ordinal), $"not found: {text}\n{messages}");

    private static async Task<InterruptedTransfer> DownloadAsync(PeerKind kind)
    {
        InterruptedTransfer transfer = await InterruptedTransfer.StartAsync(kind);
        File.Copy(TestTree.LargeFile, transfer.RemoteFile);
        File.SetLastWriteTimeUtc(transfer.RemoteFile, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        return transfer;
    }

    private static async Task AssertResumedAsync(InterruptedTransfer transfer, string command)
    {
        (int code, string messages) = await transfer.RunAsync(command);

        Assert.True(code == 0, messages);
        AssertContains("resuming big.bin at 38 %", messages);
        AssertContains($"downloaded big.bin ({InterruptedTransfer.Total - ReceivedBytes} bytes", messages);
        AssertContains($", resumed after {ReceivedBytes} bytes", messages);
        Assert.Equal(InterruptedTransfer.Total - ReceivedBytes, transfer.TransferredBytes);
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, transfer.LocalFile);
        Assert.Equal([InterruptedTransfer.Name], transfer.Local.Names);
    }

    private static async Task AssertUploadResumedAsync(PeerKind kind, InterruptedTransfer transfer)
    {
        // The reset lets the server notice that the client has disconnected.
        transfer.ResetConnections();
        (int code, string messages) = await transfer.RunAsync("put --resume big.bin");

        Assert.True(code == 0, messages);
        TreeSnapshot.AssertSameFile(TestTree.LargeFile, transfer.RemoteFile);
        Assert.SkipWhen(
            kind == PeerKind.Fts && !messages.Contains("resuming", StringComparison.Ordinal),
            "The server kept no bytes of the interrupted upload.");
        AssertContains("resuming big.bin at ", messages);
        Assert.InRange(transfer.TransferredBytes, 1, InterruptedTransfer.Total - 1);
    }
}
