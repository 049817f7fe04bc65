using System.Text;

namespace Fts.Client.Tests;

/// <summary>MODE Z: when it is asked for, and what becomes of a transfer that it spoils.</summary>
public sealed class CompressionTests
{
    private const string Epsv = "C: EPSV\nS: 229 ok (|||{port}|)\n";

    private static readonly string Offered = ScriptedPeer.SignIn("MODE Z", "SIZE");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Always_compresses_files_and_nothing_else()
    {
        await using var peer = ScriptedPeer.Start(
            Offered + "C: MODE Z\nS: 200 ok\n" + Epsv + "C: STOR a\nS: 150 go\nZ< hello\nS: 226 done\nC: SIZE a\nS: 213 5\n" +
            "C: SIZE b\nS: 213 7\n" + Epsv + "C: RETR b\nS: 150 go (7 bytes)\nZ> goodbye\nD.\nS: 226 done\n" +
            "C: MODE S\nS: 200 ok\n" + Epsv + "C: LIST*\nS: 150 go\nD.\nS: 226 done");
        await using (var client = Client(peer, FtpCompression.Always))
        {
            Assert.Equal(5, (await client.UploadAsync(Source("hello"), "a", cancellationToken: Token)).Bytes);
            Assert.Equal("goodbye", await DownloadAsync(client, "b"));
            Assert.Empty(await client.ListAsync("", Token).ToListAsync(Token));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task An_empty_file_may_come_as_nothing_at_all()
    {
        await using var peer = ScriptedPeer.Start(
            Offered + "C: SIZE a\nS: 213 0\nC: MODE Z\nS: 200 ok\n" + Epsv + "C: RETR a\nS: 150 go (0 bytes)\nD.\nS: 226 done");
        await using (var client = Client(peer, FtpCompression.Always))
        {
            Assert.Equal("", await DownloadAsync(client, "a"));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_server_that_refuses_is_asked_once_and_gets_the_data_as_it_is()
    {
        await using var peer = ScriptedPeer.Start(
            Offered + "C: MODE Z\nS: 504 no\n" + Epsv + "C: STOR a\nS: 150 go\nD< hello\nS: 226 done\nC: SIZE a\nS: 213 5\n" + Epsv
            + "C: STOR b\nS: 150 go\nD< hello\nS: 226 done\nC: SIZE b\nS: 213 5");
        await using (var client = Client(peer, FtpCompression.Always))
        {
            await client.UploadAsync(Source("hello"), "a", cancellationToken: Token);
            await client.UploadAsync(Source("hello"), "b", cancellationToken: Token);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData(FtpCompression.Off, "MODE Z")]
    [InlineData(FtpCompression.Auto, "MODE Z")]
    [InlineData(FtpCompression.Always, "MODE B")]
    [InlineData(FtpCompression.Always, "SIZE")]
    public async Task It_is_not_asked_for_where_it_is_not_wanted_not_known_to_pay_or_not_announced(FtpCompression compression, string feature)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.SignIn(feature) + Epsv + "C: STOR a\nS: 150 go\nD< hello\nS: 226 done" + (feature == "SIZE" ? "\nC: SIZE a\nS: 213 5" : ""));
        await using (var client = Client(peer, compression))
        {
            await client.UploadAsync(Source("hello"), "a", cancellationToken: Token);
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("S: 226 done\nC: SIZE a\nS: 213 4\n")]
    [InlineData("S: 552 expands too far\n")]
    [InlineData("S: 451 damaged\n")]
    public async Task What_compression_spoilt_is_sent_again_as_it_is(string end)
    {
        await using var peer = ScriptedPeer.Start(
            Offered + "C: MODE Z\nS: 200 ok\n" + Epsv + "C: STOR a\nS: 150 go\nZ< llo\n" + end + "C: MODE S\nS: 200 ok\n" + Epsv
            + "C: STOR a\nS: 150 go\nD< llo\nS: 226 done\nC: SIZE a\nS: 213 3");
        await using (var client = Client(peer, FtpCompression.Always))
        {
            MemoryStream source = Source("hello");
            source.Position = 2;
            Assert.Equal(3, (await client.UploadAsync(source, "a", cancellationToken: Token)).Bytes);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task An_upload_that_cannot_be_repeated_fails_when_the_server_has_another_size()
    {
        await using var peer = ScriptedPeer.Start(Offered + "C: MODE Z\nS: 200 ok\n" + Epsv + "C: STOR a\nS: 150 go\nZ< hello\nS: 226 done\nC: SIZE a\nS: 213 4");
        await using (var client = Client(peer, FtpCompression.Always))
        {
            await using var pipe = new OnceStream(Source("hello"));
            await Assert.ThrowsAsync<FtpIntegrityException>(() => client.UploadAsync(pipe, "a", cancellationToken: Token));
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData(@"D> x\x9c\x03\x00\x00\x00")] // cut off
    [InlineData("D> no zlib stream")]
    [InlineData(@"D> x\x9c\x03\x00\x00\x00\x00\x01rest")]
    public async Task A_download_that_came_damaged_fails_and_the_next_comes_as_it_is(string data)
    {
        await using var peer = ScriptedPeer.Start(
            Offered + "C: SIZE a\nS: 213 5\nC: MODE Z\nS: 200 ok\n" + Epsv + $"C: RETR a\nS: 150 go\n{data}\nD.\nS: 226 done\n" +
            "C: SIZE a\nS: 213 5\nC: MODE S\nS: 200 ok\n" + Epsv + "C: RETR a\nS: 150 go\nD> hello\nD.\nS: 226 done");
        await using (var client = Client(peer, FtpCompression.Always))
        {
            await Assert.ThrowsAsync<FtpConnectionException>(() => DownloadAsync(client, "a"));
            Assert.Equal("hello", await DownloadAsync(client, "a"));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Automatic_means_a_slow_link_a_large_file_of_a_kind_that_shrinks_and_nothing_less()
    {
        await using var peer = ScriptedPeer.Start(Offered);
        var memory = new ServerMemory();
        await using FtpConnection connection = await FtpConnection.ConnectAsync(peer.Options with { Compression = FtpCompression.Auto }, memory, Token);
        await connection.SignInAsync(Token);
        byte[] noise = new byte[1_000_000], text = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 150_000).Select(i => $"{i}\n")));
        new Random(1).NextBytes(noise);

        Assert.False(Upload("a.log", text), "Nobody knows how fast the link is.");
        memory.Deflate.LinkSpeed = 1000;
        Assert.True(Upload("a.log", text));
        Assert.False(Upload("a.log", noise), "It does not shrink.");
        Assert.False(Upload("a.zip", text), "Its name says that it does not shrink.");
        Assert.False(Upload("a.log", text[..60_000]), "It is too small.");
        memory.Deflate.LinkSpeed = 10_000_000_000;
        Assert.False(Upload("a.log", text), "The link is faster than any deflation.");

        memory.Deflate.LinkSpeed = 1000;
        Assert.False(DeflateChoice.ForDownload(connection, "/a.csv", 1_000_000), "None of its kind has come before.");
        DeflateChoice.Learn(connection, "/b.csv", 1_000_000, TimeSpan.FromSeconds(100), text.AsSpan(0, 64 * 1024));
        Assert.Equal(10_000, memory.Deflate.LinkSpeed);
        Assert.True(DeflateChoice.ForDownload(connection, "/a.CSV", 1_000_000));
        Assert.False(DeflateChoice.ForDownload(connection, "/a.CSV", 10_000));
        memory.RefusesDeflate = true;
        Assert.False(DeflateChoice.ForDownload(connection, "/a.csv", 1_000_000));

        bool Upload(string name, byte[] content) => DeflateChoice.ForUpload(connection, name, content.Length, (offset, buffer) =>
        {
            ReadOnlySpan<byte> rest = content.AsSpan((int)offset);
            rest[..Math.Min(rest.Length, buffer.Length)].CopyTo(buffer.Span);
            return Math.Min(rest.Length, buffer.Length);
        });
    }

    private static FtpClient Client(ScriptedPeer peer, FtpCompression compression) => new(peer.Options with { Compression = compression });

    private static MemoryStream Source(string content) => new(Encoding.UTF8.GetBytes(content));

    private static async Task<string> DownloadAsync(FtpClient client, string path)
    {
        using var target = new MemoryStream();
        await client.DownloadAsync(path, target, cancellationToken: Token);
        return Encoding.UTF8.GetString(target.ToArray());
    }

    /// <summary>Read once, as a pipe is.</summary>
    private sealed class OnceStream(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
