using Fts.Client.Tests.Downloads;
using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Uploads;

public sealed class UploadTests : IDisposable
{
    private const string Stor = """
        C: EPSV
        S: 229 ok (|||{port}|)
        C: STOR b.txt

        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    private string LocalFile(string content)
    {
        string path = Path.Combine(_folder.FullName, "a.txt");
        File.WriteAllText(path, content);
        return path;
    }

    [Fact]
    public async Task A_local_file_is_sent_and_confirmed()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + Stor + "S: 150 go\nD< hello\nS: 226 done");
        await using (var client = new FtpClient(peer.Options))
        {
            var steps = new Steps();
            FtpTransferResult result = await client.UploadFileAsync(LocalFile("hello"), "b.txt", null, steps, Token);
            Assert.Equal((5, "done"), (result.Bytes, result.Reply?.Text));
            Assert.Equal([FtpTransferStage.Connecting, FtpTransferStage.Transferring, FtpTransferStage.AwaitingReply], steps.Phases);
            Assert.Equal((5, 5), (steps.Last.Bytes, steps.Last.TotalBytes));
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task A_stream_is_sent_from_its_position_and_stays_open()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + Stor + "S: 150 go\nD< llo\nS: 226 done");
        await using (var client = new FtpClient(peer.Options))
        {
            using var source = new MemoryStream("hello"u8.ToArray()) { Position = 2 };
            Assert.Equal(3, (await client.UploadAsync(source, "b.txt", null, null, Token)).Bytes);
            Assert.True(source.CanRead);
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task A_missing_local_file_or_a_directory_fails_before_a_connection_is_opened()
    {
        await using var peer = ScriptedPeer.Start();
        await using var client = new FtpClient(peer.Options);
        await Assert.ThrowsAsync<FileNotFoundException>(
            () => client.UploadFileAsync(Path.Combine(_folder.FullName, "none"), "b", null, null, Token));
        await Assert.ThrowsAsync<IOException>(() => client.UploadFileAsync(_folder.FullName, "b", null, null, Token));
    }

    [Theory]
    [InlineData("S: 553 not here", "STOR b.txt: 553 not here")]
    [InlineData("S: 150 go\nD<*\nS: 452 disk full", "STOR b.txt: 452 disk full")]
    public async Task The_reply_explains_a_failed_upload_and_the_connection_stays_usable(string ending, string message)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + Stor + ending + "\nC: NOOP\nS: 200 ok");
        await using (var client = new FtpClient(peer.Options))
        {
            var e = await Assert.ThrowsAsync<FtpReplyException>(
                () => client.UploadFileAsync(LocalFile("hello"), "b.txt", null, null, Token));
            Assert.Equal(message, e.Message);
            Assert.True((await client.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task After_a_reset_data_connection_the_reply_is_reported_and_the_connection_stays_usable()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + Stor + "S: 150 go\nD!\nS: 552 over quota\nC: NOOP\nS: 200 ok");
        await using (var client = new FtpClient(peer.Options))
        {
            var e = await Assert.ThrowsAsync<FtpReplyException>(() => client.UploadAsync(new EndlessStream(), "b.txt", null, null, Token));
            Assert.Equal("over quota", e.Reply.Text);
            Assert.NotNull(e.InnerException);
            Assert.True((await client.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task A_reset_data_connection_is_an_error_despite_226()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + Stor + "S: 150 go\nD!\nS: 226 all fine");
        await using var client = new FtpClient(peer.Options);
        var e = await Assert.ThrowsAsync<FtpConnectionException>(() => client.UploadAsync(new EndlessStream(), "b.txt", null, null, Token));
        Assert.Equal(FtpOperationPhase.Transfer, e.Phase);
    }

    [Fact]
    public async Task A_source_that_cannot_be_read_resets_the_data_connection_and_aborts()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login() + Stor + "S: 150 go\nD< hello(reset)\nC: ABOR\nS: 426 aborted\nS: 226 abor done\nC: NOOP\nS: 200 ok");
        await using (var client = new FtpClient(peer.Options))
        {
            var e = await Assert.ThrowsAsync<InvalidDataException>(
                () => client.UploadAsync(new FailingStream("hello"u8.ToArray()), "b.txt", null, null, Token));
            Assert.Equal("bad sector", e.Message);
            Assert.True((await client.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task A_226_before_the_bytes_are_sent_is_a_protocol_error()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + Stor + "S: 226 done already");
        await using var client = new FtpClient(peer.Options);
        await Assert.ThrowsAsync<FtpProtocolException>(() => client.UploadFileAsync(LocalFile("hello"), "b.txt", null, null, Token));
    }

    [Fact]
    public async Task A_target_that_must_not_be_replaced_is_checked_before_the_upload()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("MLST") + "C: MLST b.txt\nS: 250-x\nS:  type=file; b.txt\nS: 250 End");
        await using (var client = new FtpClient(peer.Options))
        {
            var options = new FtpTransferOptions { Overwrite = false };
            var e = await Assert.ThrowsAsync<FtpTargetExistsException>(
                () => client.UploadFileAsync(LocalFile("x"), "b.txt", options, null, Token));
            Assert.Equal("b.txt", e.Path);
        }

        await peer.WaitForScriptsAsync();
    }

    /// <summary>Returns zeros endlessly, for uploads that the server interrupts.</summary>
    private sealed class EndlessStream : SourceStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(buffer.Length);
    }

    /// <summary>Returns some bytes once, then throws.</summary>
    private sealed class FailingStream(byte[] bytes) : SourceStream
    {
        private bool _read;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_read)
            {
                throw new InvalidDataException("bad sector");
            }

            _read = true;
            bytes.CopyTo(buffer);
            return new ValueTask<int>(bytes.Length);
        }
    }

    private abstract class SourceStream : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
