using System.Text;
using Fts.Client.Connections;
using Fts.Client.Tests.Support;
using Fts.Client.Transfers;

namespace Fts.Client.Tests.Transfers;

/// <summary>MODE Z: when the client uses it, and how a transfer that fails with it is repeated.</summary>
public sealed class CompressionTests : IDisposable
{
    private const string Epsv = "C: EPSV\nS: 229 ok (|||{port}|)\n";

    private static readonly string Offered = ScriptedPeer.Login("MODE Z", "SIZE");

    /// <summary>Large enough to measure the network speed, and well compressible.</summary>
    private static readonly string Text = string.Concat(Enumerable.Range(0, 60_000));

    private readonly FakeClock _clock = new();

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Always_compresses_files_and_nothing_else()
    {
        await using var peer = ScriptedPeer.Start(
            Offered + "C: MODE Z\nS: 200 ok\n" + Epsv + "C: STOR a\nS: 150 go\nZ< hello\nS: 226 done\nC: SIZE a\nS: 213 5\n" +
            "C: SIZE b\nS: 213 7\n" + Epsv + "C: RETR b\nS: 150 go (7 bytes)\nZ> goodbye\nD.\nS: 226 done\n" +
            "C: SYST\nS: 215 Windows_NT\nC: MODE S\nS: 200 ok\n" + Epsv + "C: LIST*\nS: 150 go\nD.\nS: 226 done");
        await using (var client = Client(peer, FtpCompression.Always))
        {
            Assert.Equal(5, (await client.UploadAsync(Source("hello"), "a", cancellationToken: Token)).Bytes);
            Assert.Equal("goodbye", await DownloadAsync(client, "b"));
            Assert.Empty(await client.ListAsync("", Token).ToListAsync(Token));
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task An_empty_file_may_be_sent_as_no_bytes()
    {
        await using var peer = ScriptedPeer.Start(
            Offered + "C: SIZE a\nS: 213 0\nC: MODE Z\nS: 200 ok\n" + Epsv + "C: RETR a\nS: 150 go (0 bytes)\nD.\nS: 226 done");
        await using (var client = Client(peer, FtpCompression.Always))
        {
            Assert.Equal("", await DownloadAsync(client, "a"));
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task MODE_Z_is_sent_once_to_a_server_that_rejects_it_and_the_data_is_not_compressed()
    {
        await using var peer = ScriptedPeer.Start(
            Offered + "C: MODE Z\nS: 504 no\n" + Epsv + "C: STOR a\nS: 150 go\nD< hello\nS: 226 done\nC: SIZE a\nS: 213 5\n" + Epsv
            + "C: STOR b\nS: 150 go\nD< hello\nS: 226 done\nC: SIZE b\nS: 213 5");
        await using (var client = Client(peer, FtpCompression.Always))
        {
            await client.UploadAsync(Source("hello"), "a", cancellationToken: Token);
            await client.UploadAsync(Source("hello"), "b", cancellationToken: Token);
        }

        await peer.WaitForScriptsAsync();
    }

    [Theory]
    [InlineData(FtpCompression.Off, "MODE Z")]
    [InlineData(FtpCompression.Auto, "MODE Z")]
    [InlineData(FtpCompression.Always, "MODE B")]
    [InlineData(FtpCompression.Always, "SIZE")]
    public async Task MODE_Z_is_not_sent_if_it_is_off_not_measured_or_not_announced(FtpCompression compression, string feature)
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(feature) + Epsv + "C: STOR a\nS: 150 go\nD< hello\nS: 226 done"
                + (feature == "SIZE" ? "\nC: SIZE a\nS: 213 5" : ""));
        await using (var client = Client(peer, compression))
        {
            await client.UploadAsync(Source("hello"), "a", cancellationToken: Token);
        }

        await peer.WaitForScriptsAsync();
    }

    [Theory]
    [InlineData("S: 226 done\nC: SIZE a\nS: 213 4\n")]
    [InlineData("S: 552 expands too far\n")]
    [InlineData("S: 451 damaged\n")]
    public async Task An_upload_that_fails_with_compression_is_sent_again_without_compression(string end)
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

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task An_upload_that_cannot_be_repeated_fails_if_the_size_differs()
    {
        await using var peer = ScriptedPeer.Start(
            Offered + "C: MODE Z\nS: 200 ok\n" + Epsv + "C: STOR a\nS: 150 go\nZ< hello\nS: 226 done\nC: SIZE a\nS: 213 4");
        await using (var client = Client(peer, FtpCompression.Always))
        {
            await using var pipe = new OnceStream(Source("hello"));
            await Assert.ThrowsAsync<FtpIntegrityException>(() => client.UploadAsync(pipe, "a", cancellationToken: Token));
        }

        await peer.WaitForScriptsAsync();
    }

    [Theory]
    [InlineData(@"D> x\x9c\x03\x00\x00\x00")] // truncated
    [InlineData("D> no zlib stream")]
    [InlineData(@"D> x\x9c\x03\x00\x00\x00\x00\x01rest")]
    public async Task A_damaged_download_fails_and_the_next_one_is_not_compressed(string data)
    {
        await using var peer = ScriptedPeer.Start(
            Offered + "C: SIZE a\nS: 213 5\nC: MODE Z\nS: 200 ok\n" + Epsv + $"C: RETR a\nS: 150 go\n{data}\nD.\nS: 226 done\n" +
            "C: SIZE a\nS: 213 5\nC: MODE S\nS: 200 ok\n" + Epsv + "C: RETR a\nS: 150 go\nD> hello\nD.\nS: 226 done");
        await using (var client = Client(peer, FtpCompression.Always))
        {
            await Assert.ThrowsAsync<FtpConnectionException>(() => DownloadAsync(client, "a"));
            Assert.Equal("hello", await DownloadAsync(client, "a"));
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task Auto_compresses_large_files_that_shrink_on_a_slow_network_only()
    {
        await using var peer = ScriptedPeer.Start(Offered);
        var profile = new ServerProfile(new FtpClientOptions { Host = "127.0.0.1" });
        FtpClientOptions options = peer.Options with { Compression = FtpCompression.Auto, TimeProvider = _clock };
        await using FtpConnection connection = await FtpConnection.ConnectAsync(options, profile, Token);
        await connection.LoginAsync(Token);
        byte[] noise = new byte[1_000_000], text = Encoding.ASCII.GetBytes(
            string.Concat(Enumerable.Range(0, 150_000).Select(i => $"{i}\n")));
        new Random(1).NextBytes(noise);

        Assert.False(Upload("a.log", text), "The network speed is unknown.");
        profile.DeflateMeasurements.NetworkSpeed = 1000;
        Assert.True(Upload("a.log", text));
        Assert.False(Upload("a.log", noise), "It does not shrink.");
        Assert.False(Upload("a.zip", text), "Its extension is that of a compressed format.");
        Assert.False(Upload("a.log", text[..60_000]), "It is too small.");
        profile.DeflateMeasurements.NetworkSpeed = 10_000_000_000;
        Assert.False(Upload("a.log", text), "The network is faster than any compression.");

        profile.DeflateMeasurements.NetworkSpeed = 1000;
        Assert.False(
            DeflateChoice.ShouldDeflateDownload(connection, "/a.csv", 1_000_000), "No file with this extension was downloaded before.");
        DeflateChoice.RecordTransfer(connection, "/b.csv", 1_000_000, TimeSpan.FromSeconds(100), text.AsSpan(0, 64 * 1024));
        Assert.Equal(10_000, profile.DeflateMeasurements.NetworkSpeed);
        Assert.True(DeflateChoice.ShouldDeflateDownload(connection, "/a.CSV", 1_000_000));
        Assert.False(DeflateChoice.ShouldDeflateDownload(connection, "/a.CSV", 10_000));
        profile.IsDeflateUnusable = true;
        Assert.False(DeflateChoice.ShouldDeflateDownload(connection, "/a.csv", 1_000_000));

        bool Upload(string name, byte[] content) => DeflateChoice.ShouldDeflateUpload(connection, name, content.Length, (offset, buffer) =>
        {
            ReadOnlySpan<byte> rest = content.AsSpan((int)offset);
            rest[..Math.Min(rest.Length, buffer.Length)].CopyTo(buffer.Span);
            return Math.Min(rest.Length, buffer.Length);
        });
    }

    [Fact]
    public async Task Auto_never_compresses_on_a_fast_network()
    {
        int[] rounds = [1, 2, 3];
        string trips = string.Concat(rounds.Select(round => Stored($"{round}.txt", "D") + Retrieved($"{round}.txt", "D")));
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("MODE Z") + trips);
        await using (FtpClient client = TimedClient(peer))
        {
            foreach (int round in rounds)
            {
                // About 290 MB/s.
                await UploadTextAsync(client, peer, $"{round}.txt", TimeSpan.FromMilliseconds(1));
                await DownloadTextAsync(client, $"{round}.txt", TimeSpan.FromMilliseconds(1));
            }
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task After_a_slow_upload_Auto_compresses_files_that_shrink()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("MODE Z") + Stored("a.txt", "D") + "C: MODE Z\nS: 200 ok\n" + Stored("b.txt", "Z")
                + Retrieved("c.txt", "Z"));
        await using (FtpClient client = TimedClient(peer))
        {
            await UploadTextAsync(client, peer, "a.txt", TimeSpan.FromSeconds(1));
            await UploadTextAsync(client, peer, "b.txt", TimeSpan.FromMilliseconds(1));
            await DownloadTextAsync(client, "c.txt", TimeSpan.FromMilliseconds(1));
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public async Task After_a_slow_download_Auto_compresses_files_with_the_same_extension()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("MODE Z") + Retrieved("a.txt", "D") + Retrieved("b.log", "D") + "C: MODE Z\nS: 200 ok\n"
                + Retrieved("c.txt", "Z"));
        await using (FtpClient client = TimedClient(peer))
        {
            await DownloadTextAsync(client, "a.txt", TimeSpan.FromSeconds(1));
            await DownloadTextAsync(client, "b.log", TimeSpan.FromSeconds(1));
            await DownloadTextAsync(client, "c.txt", TimeSpan.FromMilliseconds(1));
        }

        await peer.WaitForScriptsAsync();
    }

    [Fact]
    public void Compression_helps_only_if_this_machine_compresses_faster_than_the_network_transfers()
    {
        byte[] sample = Encoding.ASCII.GetBytes(Text);
        var measurements = new DeflateMeasurements { NetworkSpeed = 1_000_000 };
        measurements.RecordSample("a.txt", sample, new SteppingClock());
        Assert.Equal(sample.Length / 10, measurements.DeflateSpeed);
        Assert.False(measurements.ShouldDeflate("b.txt", 1_000_000));
        measurements.RecordSample("a.txt", sample, _clock);
        Assert.True(measurements.ShouldDeflate("b.txt", 1_000_000));
    }

    private static string Stored(string name, string way) =>
        Epsv + $"C: STOR {name}\nS: 150 go\n{way}< {Text}\n! sent {name}\n? timed {name}\nS: 226 done\n";

    private static string Retrieved(string name, string way) => Epsv + $"C: RETR {name}\nS: 150 go\n{way}> {Text}\nD.\nS: 226 done\n";

    private FtpClient TimedClient(ScriptedPeer peer) => new(peer.Options with { Compression = FtpCompression.Auto, TimeProvider = _clock });

    /// <summary>Uploads the text. The upload takes the duration by the test's clock.</summary>
    private async Task UploadTextAsync(FtpClient client, ScriptedPeer peer, string name, TimeSpan duration)
    {
        string local = Path.Combine(_folder.FullName, name);
        await File.WriteAllTextAsync(local, Text, Token);
        Task<FtpTransferResult> upload = client.UploadFileAsync(local, name, null, null, Token);
        await peer.WaitForSignalAsync($"sent {name}");
        _clock.Advance(duration);
        peer.Open($"timed {name}");
        Assert.Equal(Text.Length, (await upload).Bytes);
    }

    /// <summary>Downloads the text. The download takes the duration by the test's clock.</summary>
    private async Task DownloadTextAsync(FtpClient client, string name, TimeSpan duration)
    {
        using var target = new SlowTarget(_clock, duration);
        await client.DownloadAsync(target, name, cancellationToken: Token);
        Assert.Equal(Text, Encoding.UTF8.GetString(target.ToArray()));
    }

    private static FtpClient Client(ScriptedPeer peer, FtpCompression compression) => new(peer.Options with { Compression = compression });

    private static MemoryStream Source(string content) => new(Encoding.UTF8.GetBytes(content));

    private static async Task<string> DownloadAsync(FtpClient client, string path)
    {
        using var target = new MemoryStream();
        await client.DownloadAsync(target, path, cancellationToken: Token);
        return Encoding.UTF8.GetString(target.ToArray());
    }

    /// <summary>Advances the clock when the first bytes are written.</summary>
    private sealed class SlowTarget(FakeClock clock, TimeSpan duration) : MemoryStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Length == 0)
            {
                clock.Advance(duration);
            }

            return base.WriteAsync(buffer, cancellationToken);
        }
    }

    /// <summary>A stream that cannot seek, like a pipe.</summary>
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
