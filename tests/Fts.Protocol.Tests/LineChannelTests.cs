using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Fts.Protocol.Tests;

public sealed class LineChannelTests
{
    private const int Limit = 32;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Returns all lines that a channel reads from bytes that arrive in pieces. A line over the limit is "(too long)".</summary>
    private static async Task<List<string>> ReadAllAsync(byte[] bytes, int pieceLength, int limit = Limit)
    {
        await using var channel = new LineChannel(new PieceStream(bytes, pieceLength), limit);
        var lines = new List<string>();
        while (await channel.ReadLineAsync(Token) is { Status: not LineStatus.Closed } read)
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
    public async Task Lines_are_read_independently_of_packet_boundaries(string sent, string expected)
    {
        for (int piece = 1; piece <= sent.Length; piece++)
        {
            Assert.Equal(expected, string.Join('|', await ReadAllAsync(Encoding.Latin1.GetBytes(sent), piece)));
        }
    }

    [Fact]
    public async Task A_line_of_megabytes_is_discarded_and_the_next_line_is_read()
    {
        byte[] bytes = [.. new byte[5_000_000], .. "\r\nNOOP\r\n"u8];
        Assert.Equal(["(too long)", "NOOP"], await ReadAllAsync(bytes, 4096));
    }

    [Fact]
    public void Any_bytes_are_read_the_same_in_any_pieces() => Prop.ForAll<byte[], PositiveInt>((noise, piece) =>
    {
        byte[] bytes = [.. noise.SelectMany<byte, byte>(b => b % 7 == 0 ? [(byte)'\n'] : b % 11 == 0 ? [(byte)'\r', (byte)'\n'] : [b])];
        Assert.Equal(ReadAllAsync(bytes, Math.Max(1, bytes.Length), 8).GetAwaiter().GetResult(),
            ReadAllAsync(bytes, piece.Get, 8).GetAwaiter().GetResult());
    }).QuickCheckThrowOnFailure();

    [Fact]
    public async Task Queued_bytes_are_sent_in_order_before_the_reader_waits()
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
    public async Task A_wait_sends_the_queued_bytes_and_ends_when_input_arrives()
    {
        var stream = new PieceStream("one\r\ntwo\r\n"u8.ToArray(), 100) { WaitsAtEnd = true };
        await using var channel = new LineChannel(stream, Limit);
        await channel.ReadLineAsync(Token);
        Assert.True(channel.WaitForInputAsync(Token).AsTask().IsCompletedSuccessfully); // "two" has already been received
        await channel.ReadLineAsync(Token);

        channel.Queue("200 done\r\n"u8);
        using var source = new CancellationTokenSource();
        ValueTask<int> waiting = channel.WaitForInputAsync(source.Token);
        Assert.Equal("200 done\r\n", Encoding.ASCII.GetString(stream.Written.ToArray()));
        Assert.False(waiting.IsCompleted);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await waiting);
    }

    [Fact]
    public async Task Input_received_before_the_stream_is_replaced_is_reported()
    {
        await using var channel = new LineChannel(new PieceStream("AUTH TLS\r\nUSER x\r\n"u8.ToArray(), 100), Limit);
        await channel.ReadLineAsync(Token);
        Assert.True(channel.HasUnreadInput);
        Assert.Throws<InvalidOperationException>(() => channel.ReplaceStream(Stream.Null));
    }

    [Fact]
    public async Task A_cancelled_read_loses_no_bytes()
    {
        var stream = new PieceStream("half"u8.ToArray(), 100) { WaitsAtEnd = true };
        await using var channel = new LineChannel(stream, Limit);
        using var source = new CancellationTokenSource();
        ValueTask<LineReadResult> reading = channel.ReadLineAsync(source.Token);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reading);
        stream.Continue(" and half\r\n"u8.ToArray());
        Assert.Equal("half and half", Encoding.ASCII.GetString((await channel.ReadLineAsync(Token)).Bytes.Span));
    }

    [Fact]
    public async Task Replies_to_pipelined_lines_are_flushed_at_64_KiB()
    {
        var stream = new PieceStream(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("HELP\r\n", 1000))), 6000);
        await using var channel = new LineChannel(stream, 4096);
        byte[] reply = new byte[1024];
        for (int i = 0; i < 1000; i++)
        {
            await channel.ReadLineAsync(Token);
            channel.Queue(reply);
        }

        await channel.FlushAsync(Token);
        Assert.Equal(1000 * 1024, stream.Written.Length);
        Assert.Equal(64 * 1024, stream.LargestWrite);
    }

    [Fact]
    public async Task A_flush_that_is_cancelled_before_it_starts_keeps_the_queued_bytes()
    {
        var stream = new PieceStream([], 100);
        await using var channel = new LineChannel(stream, Limit);
        channel.Queue("226 done\r\n"u8);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await channel.FlushAsync(new CancellationToken(canceled: true)));
        await channel.FlushAsync(Token);
        Assert.Equal("226 done\r\n", Encoding.ASCII.GetString(stream.Written.ToArray()));
    }

    [Fact]
    public async Task Cancelling_a_flush_does_not_interrupt_the_write_and_the_next_write_follows_it()
    {
        var stream = new PieceStream([], 100) { WriteCompletion = new TaskCompletionSource() };
        await using var channel = new LineChannel(stream, Limit);
        using var source = new CancellationTokenSource();
        channel.Queue("150 opening\r\n"u8);
        Assert.Equal(0, channel.WriteStartedAt);
        ValueTask flushing = channel.FlushAsync(source.Token);
        Assert.NotEqual(0, channel.WriteStartedAt);
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await flushing);
        channel.Queue("426 aborted\r\n"u8);
        ValueTask following = channel.FlushAsync(Token);
        Assert.False(following.IsCompleted);
        stream.WriteCompletion.SetResult();
        await following;
        Assert.Equal("150 opening\r\n426 aborted\r\n", Encoding.ASCII.GetString(stream.Written.ToArray()));
        Assert.Equal(0, channel.WriteStartedAt);
    }

    [Fact]
    public async Task After_a_failed_write_reads_and_writes_throw()
    {
        var stream = new PieceStream("NOOP\r\n"u8.ToArray(), 100) { WriteCompletion = new TaskCompletionSource() };
        await using var channel = new LineChannel(stream, Limit);
        channel.Queue("200 done\r\n"u8);
        ValueTask flushing = channel.FlushAsync(Token);
        stream.WriteCompletion.SetException(new IOException("reset"));
        await Assert.ThrowsAsync<IOException>(async () => await flushing);
        Assert.True(channel.IsBroken);
        channel.Queue("421 closing\r\n"u8);
        await Assert.ThrowsAsync<IOException>(async () => await channel.FlushAsync(Token));
        await Assert.ThrowsAsync<IOException>(async () => await channel.ReadLineAsync(Token));
    }

    [Theory]
    [InlineData("\u0016\u0003\u0001\u0002\u0000", LineStatus.Binary)]
    [InlineData("\u0000\r\n", LineStatus.Binary)]
    [InlineData("\u0080\r\n", LineStatus.Binary)]
    [InlineData("\u00ff\u00f4NOOP\r\n", LineStatus.Line)]
    [InlineData("\r\n", LineStatus.Line)]
    [InlineData("\tNOOP\r\n", LineStatus.Line)]
    [InlineData("NOOP\u0016\r\n", LineStatus.Line)]
    public async Task A_connection_that_does_not_start_with_text_is_binary_before_its_first_line_ends(string sent, object expected)
    {
        await using var channel = new LineChannel(new PieceStream(Encoding.Latin1.GetBytes(sent), 100), Limit, refusesBinary: true);
        Assert.Equal(expected, (await channel.ReadLineAsync(Token)).Status);
    }

    /// <summary>A stream that returns bytes in pieces and records written bytes.</summary>
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

        public TaskCompletionSource? WriteCompletion { get; init; }

        public int LargestWrite { get; private set; }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await (WriteCompletion?.Task ?? Task.CompletedTask);
            LargestWrite = Math.Max(LargestWrite, buffer.Length);
            Written.Write(buffer.Span);
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
