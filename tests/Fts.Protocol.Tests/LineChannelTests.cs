using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Fts.Protocol.Tests;

public sealed class LineChannelTests
{
    private const int Limit = 32;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Everything a channel reads from bytes that arrive in pieces of a size; a line too long shows as "(too long)".</summary>
    private static async Task<List<string>> ReadAllAsync(byte[] bytes, int pieceLength, int limit = Limit)
    {
        await using var channel = new LineChannel(new PieceStream(bytes, pieceLength), limit);
        var lines = new List<string>();
        while (await channel.ReadLineAsync(Token) is { Status: not LineStatus.End } read)
        {
            lines.Add(read.Status == LineStatus.TooLong ? "(too long)" : Encoding.Latin1.GetString(read.Bytes.Span));
        }

        return lines;
    }

    [Theory]
    [InlineData("a\r\nb\nc\r\n", "a|b|c")]
    [InlineData("\r\n\n", "|")]
    [InlineData("a\rb\r\n", "a\rb")]
    [InlineData("a\r\nunfinished", "a")]
    [InlineData("12345678901234567890123456789012\r\nok\n", "12345678901234567890123456789012|ok")]
    [InlineData("123456789012345678901234567890123\r\nok\n", "(too long)|ok")]
    [InlineData("a\u00ff\u00ffb\r\n", "a\u00ffb")]
    [InlineData("a\u00ff\u00f4\u00ff\u00f2b\r\n", "ab")]
    [InlineData("a\u00ff\u00fbxb\r\n", "ab")]
    [InlineData("a\u00ff\r\n", "a")]
    public async Task Lines_come_out_the_same_however_they_arrive(string sent, string expected)
    {
        for (int piece = 1; piece <= sent.Length; piece++)
        {
            Assert.Equal(expected, string.Join('|', await ReadAllAsync(Encoding.Latin1.GetBytes(sent), piece)));
        }
    }

    [Fact]
    public async Task A_line_of_megabytes_is_dropped_and_the_next_one_read()
    {
        byte[] bytes = [.. new byte[5_000_000], .. "\r\nNOOP\r\n"u8];
        Assert.Equal(["(too long)", "NOOP"], await ReadAllAsync(bytes, 4096));
    }

    [Fact]
    public void Any_bytes_in_any_pieces_read_the_same() => Prop.ForAll<byte[], PositiveInt>((noise, piece) =>
    {
        byte[] bytes = [.. noise.SelectMany<byte, byte>(b => b % 7 == 0 ? [(byte)'\n'] : b % 11 == 0 ? [(byte)'\r', (byte)'\n'] : [b])];
        Assert.Equal(ReadAllAsync(bytes, Math.Max(1, bytes.Length), 8).GetAwaiter().GetResult(), ReadAllAsync(bytes, piece.Get, 8).GetAwaiter().GetResult());
    }).QuickCheckThrowOnFailure();

    [Fact]
    public async Task What_is_queued_leaves_before_the_reader_waits_and_in_order()
    {
        var stream = new PieceStream("x\r\n"u8.ToArray(), 10);
        await using var channel = new LineChannel(stream, Limit);
        channel.Queue("220 a\r\n"u8);
        channel.Queue("220 b\r\n"u8);
        Assert.Empty(stream.Written.ToArray());
        await channel.ReadLineAsync(Token);
        Assert.Equal("220 a\r\n220 b\r\n", Encoding.ASCII.GetString(stream.Written.ToArray()));
    }

    [Fact]
    public async Task A_wait_sends_what_is_queued_and_ends_when_there_is_something_to_read()
    {
        var stream = new PieceStream("one\r\ntwo\r\n"u8.ToArray(), 100) { WaitsAtEnd = true };
        await using var channel = new LineChannel(stream, Limit);
        await channel.ReadLineAsync(Token);
        Assert.True(channel.WaitAsync(Token).AsTask().IsCompletedSuccessfully); // "two" is here already
        await channel.ReadLineAsync(Token);

        channel.Queue("200 done\r\n"u8);
        using var source = new CancellationTokenSource();
        ValueTask<int> waiting = channel.WaitAsync(source.Token);
        Assert.Equal("200 done\r\n", Encoding.ASCII.GetString(stream.Written.ToArray()));
        Assert.False(waiting.IsCompleted);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
    }

    [Fact]
    public async Task What_was_received_before_a_switch_is_seen()
    {
        await using var channel = new LineChannel(new PieceStream("AUTH TLS\r\nUSER x\r\n"u8.ToArray(), 100), Limit);
        await channel.ReadLineAsync(Token);
        Assert.True(channel.HasUnreadInput);
        Assert.Throws<InvalidOperationException>(() => channel.ReplaceStream(Stream.Null));
    }

    [Fact]
    public async Task A_read_that_was_cancelled_loses_nothing()
    {
        var stream = new PieceStream("half"u8.ToArray(), 100) { WaitsAtEnd = true };
        await using var channel = new LineChannel(stream, Limit);
        using var source = new CancellationTokenSource();
        ValueTask<LineRead> reading = channel.ReadLineAsync(source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reading);
        stream.Continue(" and half\r\n"u8.ToArray());
        Assert.Equal("half and half", Encoding.ASCII.GetString((await channel.ReadLineAsync(Token)).Bytes.Span));
    }

    /// <summary>Gives bytes in pieces, takes what is written.</summary>
    private sealed class PieceStream(byte[] bytes, int pieceLength) : Stream
    {
        private byte[] _bytes = bytes;
        private int _position;

        public MemoryStream Written { get; } = new();

        public bool WaitsAtEnd { get; init; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public void Continue(byte[] more) => (_bytes, _position) = (more, 0);

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_position == _bytes.Length && WaitsAtEnd)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            int length = Math.Min(Math.Min(buffer.Length, pieceLength), _bytes.Length - _position);
            _bytes.AsMemory(_position, length).CopyTo(buffer);
            _position += length;
            return length;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => Written.WriteAsync(buffer, cancellationToken);

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
