using System.IO.Compression;
using Fts.Protocol.Deflate;

namespace Fts.Protocol.Tests.Deflate;

/// <summary>MODE Z: content survives the round trip, and truncated or changed streams are detected.</summary>
public sealed class DeflateTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(9)]
    public async Task Content_survives_the_round_trip_in_any_pieces(int level)
    {
        var random = new Random(level);
        foreach (int length in new[] { 0, 1, 5552, 65_521, 300_000 })
        {
            byte[] content = new byte[length];
            random.NextBytes(content.AsSpan(0, length / 2));
            byte[] stream = await DeflateAsync(content, level, 7777);
            Assert.Equal(content, await InflateAsync(stream, 1 + random.Next(50_000)));
            using var zlib = new ZLibStream(new MemoryStream(stream), CompressionMode.Decompress);
            using var known = new MemoryStream();
            await zlib.CopyToAsync(known, Token);
            Assert.Equal(content, known.ToArray());
        }
    }

    [Fact]
    public async Task A_truncated_stream_is_detected()
    {
        byte[] stream = await DeflateAsync("hello, hello, hello, hello"u8.ToArray(), 6, 100);
        for (int length = 0; length < stream.Length; length++)
        {
            Assert.Equal(DeflateFault.Truncated, await FaultAsync(stream[..length]));
        }

        Assert.Equal(DeflateFault.Corrupt, await FaultAsync([.. stream, .. stream[^4..], 1]));
        Assert.Empty(await InflateAsync([], 100, acceptsNoBytes: true));
        Assert.Equal(DeflateFault.Truncated, await FaultAsync(stream[..1], acceptsNoBytes: true));
    }

    [Fact]
    public async Task A_changed_bit_is_detected()
    {
        byte[] content = "hello, hello, hello, hello"u8.ToArray(), stream = await DeflateAsync(content, 6, 100);
        for (int bit = 0; bit < stream.Length * 8; bit++)
        {
            byte[] changed = [.. stream];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            try
            {
                Assert.Equal(content, await InflateAsync(changed, 3));
            }
            catch (DeflateException)
            {
                // The change was detected.
            }
        }
    }

    [Fact]
    public async Task An_unfinished_stream_is_truncated()
    {
        var sent = new MemoryStream();
        using (var writer = new DeflateWriter((bytes, token) => sent.WriteAsync(bytes, token), 6))
        {
            await writer.WriteAsync(new byte[1_000_000], Token);
        }

        Assert.Equal(DeflateFault.Truncated, await FaultAsync(sent.ToArray()));
    }

    [Fact]
    public async Task Expansion_beyond_the_limit_is_rejected()
    {
        byte[] stream = await DeflateAsync(new byte[1_000_000], 9, 100_000);
        Assert.Equal(1_000_000, (await InflateAsync(stream, 4096, limit: new InflateLimit(1_000_000, 1))).Length);
        Assert.Equal(1_000_000, (await InflateAsync(stream, 4096, limit: new InflateLimit(0, 1_000_000))).Length);
        Assert.Equal(DeflateFault.ExpansionLimitExceeded, await FaultAsync(stream, limit: new InflateLimit(100_000, 100)));
    }

    private static async Task<byte[]> DeflateAsync(byte[] content, int level, int part)
    {
        var sent = new MemoryStream();
        using var writer = new DeflateWriter((bytes, token) => sent.WriteAsync(bytes, token), level);
        foreach (byte[] piece in content.Chunk(part))
        {
            await writer.WriteAsync(piece, Token);
        }

        await writer.FinishAsync(Token);
        return sent.ToArray();
    }

    private static async Task<byte[]> InflateAsync(byte[] stream, int part, bool acceptsNoBytes = false, InflateLimit? limit = null)
    {
        int at = 0;
        using var reader = new InflateReader(
            (buffer, _) =>
            {
                int length = Math.Min(Math.Min(part, buffer.Length), stream.Length - at);
                stream.AsSpan(at, length).CopyTo(buffer.Span);
                at += length;
                return new ValueTask<int>(length);
            },
            limit ?? InflateLimit.None,
            acceptsNoBytes);
        var content = new MemoryStream();
        byte[] bytes = new byte[10_000];
        for (int read; (read = await reader.ReadAsync(bytes, Token)) > 0;)
        {
            content.Write(bytes, 0, read);
        }

        Assert.Equal(0, await reader.ReadAsync(bytes, Token));
        return content.ToArray();
    }

    private static async Task<DeflateFault> FaultAsync(byte[] stream, bool acceptsNoBytes = false, InflateLimit? limit = null) =>
        (await Assert.ThrowsAsync<DeflateException>(() => InflateAsync(stream, 5, acceptsNoBytes, limit))).Fault;
}
