using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Peers;
using Fts.ProgramTests.Support;

namespace Fts.Interop.Tests.ClientInterop;

/// <summary>Transfers that are broken in the middle by whatever can happen, and gone on with by the next run of the program.</summary>
public sealed class ResumeTests
{
    private const int Interrupt = 2, Kill = 9;

    /// <summary>At no edge of anything.</summary>
    private const long Arrived = 20_000_003;

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    [InlineData(PeerKind.Fts)]
    public async Task A_download_goes_on_after_the_client_was_killed(PeerKind kind)
    {
        await using BrokenTransfer transfer = await DownloadAsync(kind);
        await using (RunningProgram client = await transfer.HoldAsync("get big.bin", Arrived))
        {
            await transfer.PartialHasAsync(Arrived);
            client.Signal(Kill);
            await client.ExitAsync();
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
    public async Task A_download_goes_on_after_the_server_was_killed(PeerKind kind)
    {
        await using BrokenTransfer transfer = await DownloadAsync(kind);
        await using (RunningProgram client = await transfer.HoldAsync("get big.bin", Arrived))
        {
            await transfer.PartialHasAsync(Arrived);
            await transfer.Peer.KillAsync();
            transfer.Drop();
            client.CloseInput();
            Assert.Equal(8, await client.ExitAsync());
            AssertSaid("38 % of it is kept", client.Messages);
            AssertSaid("try: get --resume big.bin", client.Messages);
        }

        await transfer.Peer.StartAsync();
        await AssertResumedAsync(transfer, "get --resume big.bin");
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.Fts)]
    public async Task A_download_stopped_by_ctrl_c_says_what_is_kept_and_goes_on(PeerKind kind)
    {
        await using BrokenTransfer transfer = await DownloadAsync(kind);
        await using (RunningProgram client = await transfer.HoldAsync("get big.bin", Arrived))
        {
            await transfer.PartialHasAsync(Arrived);
            client.Signal(Interrupt);
            Assert.Equal(130, await client.ExitAsync());
            AssertSaid("get big.bin: stopped; 38 % of it is kept\n  try: fts get --resume ftp://", client.Messages);
        }

        await AssertResumedAsync(transfer, "get big.bin");
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    [InlineData(PeerKind.Fts)]
    public async Task A_file_that_changed_on_the_server_is_fetched_anew(PeerKind kind)
    {
        await using BrokenTransfer transfer = await DownloadAsync(kind);
        await using (RunningProgram client = await transfer.HoldAsync("get big.bin", Arrived))
        {
            await transfer.PartialHasAsync(Arrived);
            client.Signal(Kill);
            await client.ExitAsync();
        }

        byte[] other = await File.ReadAllBytesAsync(transfer.RemoteFile, TestContext.Current.CancellationToken);
        Array.Reverse(other);
        await File.WriteAllBytesAsync(transfer.RemoteFile, other, TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(transfer.RemoteFile, new DateTime(2026, 3, 4, 5, 6, 7, DateTimeKind.Utc));

        (int code, string messages) = await transfer.RunAsync("get big.bin");

        Assert.True(code == 0, messages);
        AssertSaid("big.bin changed on the server after its download began: the partial file is discarded, and the whole file is fetched", messages);
        Snapshot.AssertSameFile(transfer.RemoteFile, transfer.LocalFile);
        Assert.Equal([BrokenTransfer.Name], transfer.Local.Names);
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    [InlineData(PeerKind.Fts)]
    public async Task An_upload_goes_on_after_the_client_was_killed(PeerKind kind)
    {
        await using BrokenTransfer transfer = await BrokenTransfer.StartAsync(kind);
        File.Copy(TestTree.Big, transfer.LocalFile);
        await using (RunningProgram client = await transfer.HoldAsync("put big.bin", Arrived))
        {
            client.Signal(Kill);
            await client.ExitAsync();
        }

        await AssertUploadResumedAsync(kind, transfer);
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    [InlineData(PeerKind.Fts)]
    public async Task An_upload_stopped_by_ctrl_c_says_how_it_goes_on(PeerKind kind)
    {
        await using BrokenTransfer transfer = await BrokenTransfer.StartAsync(kind);
        File.Copy(TestTree.Big, transfer.LocalFile);
        await using (RunningProgram client = await transfer.HoldAsync("put big.bin", Arrived))
        {
            client.Signal(Interrupt);
            Assert.Equal(130, await client.ExitAsync());
            AssertSaid($"put big.bin: stopped\n  try: fts put --resume {transfer.LocalFile} ftp://", client.Messages);
        }

        await AssertUploadResumedAsync(kind, transfer);
    }

    private static void AssertSaid(string text, string messages) => Assert.True(messages.Contains(text, StringComparison.Ordinal), $"not said: {text}\n{messages}");

    private static async Task<BrokenTransfer> DownloadAsync(PeerKind kind)
    {
        BrokenTransfer transfer = await BrokenTransfer.StartAsync(kind);
        File.Copy(TestTree.Big, transfer.RemoteFile);
        File.SetLastWriteTimeUtc(transfer.RemoteFile, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc));
        return transfer;
    }

    private static async Task AssertResumedAsync(BrokenTransfer transfer, string command)
    {
        (int code, string messages) = await transfer.RunAsync(command);

        Assert.True(code == 0, messages);
        AssertSaid("resuming big.bin at 38 %", messages);
        AssertSaid($"downloaded big.bin ({BrokenTransfer.Total - Arrived} bytes after the {Arrived} bytes from before", messages);
        Assert.Equal(BrokenTransfer.Total - Arrived, transfer.Travelled);
        Snapshot.AssertSameFile(TestTree.Big, transfer.LocalFile);
        Assert.Equal([BrokenTransfer.Name], transfer.Local.Names);
    }

    private static async Task AssertUploadResumedAsync(PeerKind kind, BrokenTransfer transfer)
    {
        // The server notices in its own time that nobody is there any more.
        transfer.Drop();
        (int code, string messages) = await transfer.RunAsync("put --resume big.bin");

        Assert.True(code == 0, messages);
        Snapshot.AssertSameFile(TestTree.Big, transfer.RemoteFile);
        Assert.SkipWhen(kind == PeerKind.Fts && !messages.Contains("resuming", StringComparison.Ordinal), "The server keeps nothing of an upload that broke off.");
        AssertSaid("resuming big.bin at ", messages);
        Assert.InRange(transfer.Travelled, 1, BrokenTransfer.Total - 1);
    }
}
