using System.Text;
using Fts.Client.Tests.Support;
using Fts.Client.Transfers;

namespace Fts.Client.Tests.Transfers;

/// <summary>Transfers in ASCII mode: TYPE A before and TYPE I after each of them, and the conversion of line endings.</summary>
public sealed class AsciiModeTests : IDisposable
{
    private const string Passive = "C: EPSV\nS: 229 ok (|||{port}|)\n";
    private const string TypeA = "C: TYPE A\nS: 200 text\n", TypeI = "C: TYPE I\nS: 200 binary\n";

    private static readonly FtpTransferOptions Ascii = new() { Type = FtpTransferType.Ascii };

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Target => Path.Combine(_folder.FullName, "a.txt");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("one\\r\\ntwo\\r\\n", "one\ntwo\n")]
    [InlineData("one\\rtwo\\r", "one\rtwo\r")]
    [InlineData("one\\ntwo", "one\ntwo")]
    [InlineData("", "")]
    public async Task A_download_has_the_line_endings_of_this_system(string wire, string text)
    {
        string sent = wire.Length == 0 ? "" : $"D> {wire}\n";
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE") + "C: SIZE a.txt\nS: 213 99\n" + TypeA + Passive
                + $"C: RETR a.txt\nS: 150 go (99 bytes)\n{sent}D.\nS: 226 done\n" + TypeI + "C: NOOP\nS: 200 ok");
        await using (FtpClient client = CreateClient(peer))
        {
            FtpTransferResult result = await client.DownloadFileAsync(Target, "a.txt", Ascii, null, Token);
            Assert.Equal((FtpVerifiedBy.Reply, FtpTransferWarning.None), (result.VerifiedBy, result.Warning));
            Assert.True((await client.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.PlayedAsync();
        Assert.Equal(text.Replace("\n", Environment.NewLine, StringComparison.Ordinal), await File.ReadAllTextAsync(Target, Token));
        Assert.Single(_folder.EnumerateFiles());
    }

    [Theory]
    [InlineData("one\ntwo\n", "one\\r\\ntwo\\r\\n")]
    [InlineData("one\r\ntwo", "one\\r\\ntwo")]
    [InlineData("", "")]
    public async Task An_upload_is_sent_with_CRLF_and_its_length_is_not_compared(string text, string wire)
    {
        await File.WriteAllTextAsync(Target, text, Token);
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("SIZE", "ALLO") + TypeA + Passive + $"C: STOR a.txt\nS: 150 go\nD< {wire}\nS: 226 done\n" + TypeI
                + "C: NOOP\nS: 200 ok");
        await using (FtpClient client = CreateClient(peer))
        {
            FtpTransferResult result = await client.UploadFileAsync(Target, "a.txt", Ascii, null, Token);
            Assert.Equal((text.Length, FtpVerifiedBy.Reply), (result.Bytes, result.VerifiedBy));
            Assert.True((await client.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Streams_are_converted_as_well()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("X") + TypeA + Passive + "C: RETR a\nS: 150 go\nD> x\\r\\n\nD.\nS: 226 done\n" + TypeI
            + TypeA + Passive + "C: STOR a\nS: 150 go\nD< x\\r\\n\nS: 226 done\n" + TypeI);
        await using (FtpClient client = CreateClient(peer))
        {
            using var target = new MemoryStream();
            await client.DownloadAsync(target, "a", Ascii, null, Token);
            Assert.Equal("x" + Environment.NewLine, Encoding.UTF8.GetString(target.ToArray()));
            using var source = new MemoryStream("x\n"u8.ToArray());
            await client.UploadAsync(source, "a", Ascii, null, Token);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("C: TYPE A\nS: 504 never\nC: NOOP\nS: 200 ok", "TYPE A: 504 never")]
    [InlineData(TypeA + Passive + "C: RETR a.txt\nS: 550 none\n" + TypeI + "C: NOOP\nS: 200 ok", "RETR a.txt: 550 none")]
    [InlineData(
        TypeA + Passive + "C: RETR a.txt\nS: 150 go\nD> hel\nD.\nS: 451 broke\n" + TypeI + "C: NOOP\nS: 200 ok", "RETR a.txt: 451 broke")]
    public async Task After_a_negative_reply_TYPE_I_is_restored_and_no_file_is_left(string script, string message)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("X") + script);
        await using (FtpClient client = CreateClient(peer))
        {
            var e = await Assert.ThrowsAsync<FtpReplyException>(() => client.DownloadFileAsync(Target, "a.txt", Ascii, null, Token));
            Assert.Equal(message, e.Message);
            Assert.True((await client.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.PlayedAsync();
        Assert.Empty(_folder.EnumerateFiles());
    }

    [Fact]
    public async Task A_connection_whose_TYPE_I_cannot_be_restored_is_closed()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("X") + TypeA + Passive + "C: RETR a.txt\nS: 150 go\nD> x\nD.\nS: 226 done\nC: TYPE I\nS: 451 not now",
            ScriptedPeer.Login("X") + "C: NOOP\nS: 200 ok");
        await using (FtpClient client = CreateClient(peer))
        {
            await client.DownloadFileAsync(Target, "a.txt", Ascii, null, Token);
            Assert.True((await client.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_cancellation_after_the_transfer_does_not_leave_the_connection_in_ASCII_mode()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + TypeA + TypeI + TypeA + TypeI);
        await using (FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options, Token))
        {
            await connection.LoginAsync(Token);
            using var first = new CancellationTokenSource();
            Assert.Equal(1, await AsciiMode.RunInAsciiAsync(connection, () => CancelAsync(first, null), first.Token));
            using var second = new CancellationTokenSource();
            var rejection = new FtpReplyException(new Fts.Protocol.FtpReply(Fts.Protocol.FtpReplyCode.FileUnavailable, "no"), "RETR a");
            var e = await Assert.ThrowsAsync<FtpReplyException>(
                () => AsciiMode.RunInAsciiAsync(connection, () => CancelAsync(second, rejection), second.Token));
            Assert.Same(rejection, e);
            Assert.True(connection.IsUsable);
            await connection.QuitAsync(Token);
        }

        await peer.PlayedAsync();

        static async Task<int> CancelAsync(CancellationTokenSource source, Exception? failure)
        {
            await source.CancelAsync();
            return failure is null ? 1 : throw failure;
        }
    }

    [Fact]
    public async Task Options_that_ASCII_mode_does_not_support_throw_before_a_command_is_sent()
    {
        await using var peer = ScriptedPeer.Start();
        await using FtpClient client = CreateClient(peer);
        await File.WriteAllTextAsync(Target, "x", Token);
        FtpTransferOptions[] unsupported =
            [Ascii with { Resume = FtpResume.PartialOrTarget }, Ascii with { Verification = FtpVerification.ByHash }];
        foreach (FtpTransferOptions options in unsupported)
        {
            await Assert.ThrowsAsync<ArgumentException>(() => client.DownloadFileAsync(Target, "a.txt", options, null, Token));
            await Assert.ThrowsAsync<ArgumentException>(() => client.UploadFileAsync(Target, "a.txt", options, null, Token));
        }
    }

    [Fact]
    public async Task A_target_that_must_not_be_replaced_is_not_changed()
    {
        await File.WriteAllTextAsync(Target, "old", Token);
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("SIZE") + "C: SIZE a.txt\nS: 213 5");
        await using (FtpClient client = CreateClient(peer))
        {
            FtpTransferOptions options = Ascii with { Overwrite = false };
            await Assert.ThrowsAsync<FtpTargetExistsException>(() => client.DownloadFileAsync(Target, "a.txt", options, null, Token));
            await Assert.ThrowsAsync<FtpTargetExistsException>(() => client.UploadFileAsync(Target, "a.txt", options, null, Token));
        }

        await peer.PlayedAsync();
        Assert.Equal("old", await File.ReadAllTextAsync(Target, Token));
    }

    [Fact]
    public async Task A_long_text_survives_an_upload_and_a_download()
    {
        string text = string.Concat(Enumerable.Range(0, 50_000).Select(number => number % 7 == 0 ? "\n" : $"line {number}\n"));
        await using var files = new RelayedTestServer();
        await using FtpClient client = files.CreateClient();
        string source = Path.Combine(_folder.FullName, "source");
        await File.WriteAllTextAsync(source, text, Token);
        await client.UploadManyAsync([new FtpBatchFile(source, "a"), new FtpBatchFile(source, "b")], Ascii, null, Token);
        await client.DownloadFileAsync(Target, "b", Ascii, null, Token);
        Assert.Equal(text, await File.ReadAllTextAsync(Target, Token));
        await client.DownloadFileAsync(Target, "a", null, null, Token);
        Assert.Equal(text, await File.ReadAllTextAsync(Target, Token));
    }

    private static FtpClient CreateClient(ScriptedPeer peer) => new(peer.Options with { MaxConnections = 1 });
}
