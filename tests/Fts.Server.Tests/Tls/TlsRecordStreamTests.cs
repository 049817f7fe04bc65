using Fts.Server.Tests.Support;
using Fts.Server.Tls;

namespace Fts.Server.Tests.Tls;

/// <summary>
/// Held and gathered writes are sent in order, even if the buffer is too small for all of them. Reads return the bytes of the connection in
/// order, however they are divided.
/// </summary>
public sealed class TlsRecordStreamTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(16, 0, 1)]
    [InlineData(12, 0, 1)]
    [InlineData(7, 2, 3)]
    [InlineData(0, 3, 3)]
    public async Task Gathered_writes_are_sent_in_order(int room, int before, int after)
    {
        var wire = new CountingStream();
        await using var tap = new TlsRecordStream(wire);
        tap.Gather(new byte[room]);
        for (byte i = 1; i <= 3; i++)
        {
            await tap.WriteAsync(new byte[] { i, i, i, i }, Token);
        }

        Assert.Equal(before, wire.Writes);
        await tap.SendGatheredAsync(Token);
        Assert.Equal(after, wire.Writes);
        Assert.Equal([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3], wire.ToArray());

        tap.Gather(null);
        await tap.WriteAsync(new byte[] { 4 }, Token);
        Assert.Equal(after + 1, wire.Writes);
    }

    [Fact]
    public async Task Held_writes_are_sent_before_a_read_and_the_last_ones_with_the_next_write()
    {
        var wire = new CountingStream();
        await using var tap = new TlsRecordStream(wire);
        tap.HoldWrites();
        await tap.WriteAsync(new byte[] { 1 }, Token);
        await tap.WriteAsync(new byte[] { 2 }, Token);
        Assert.Equal(0, wire.Writes);

        Assert.Equal(0, await tap.ReadAsync(new byte[1], Token));
        Assert.Equal([1, 2], wire.ToArray());
        Assert.Equal(1, wire.Writes);

        await tap.WriteAsync(new byte[] { 3 }, Token);
        tap.StopHolding();
        Assert.Equal(0, await tap.ReadAsync(new byte[1], Token));
        Assert.Equal([1, 2], wire.ToArray());

        await tap.WriteAsync(new byte[] { 4 }, Token);
        Assert.Equal([1, 2, 3, 4], wire.ToArray());
        Assert.Equal(2, wire.Writes);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(1)]
    public async Task Held_writes_are_sent_before_gathered_writes(int room)
    {
        var wire = new CountingStream();
        await using var tap = new TlsRecordStream(wire);
        tap.HoldWrites();
        await tap.WriteAsync(new byte[] { 1, 2 }, Token);
        tap.StopHolding();
        tap.Gather(new byte[room]);
        await tap.WriteAsync(new byte[] { 3 }, Token);
        await tap.SendGatheredAsync(Token);
        Assert.Equal([1, 2, 3], wire.ToArray());
        Assert.Equal(1, wire.Writes);
    }

    /// <summary>Plain text after the last record stays in the connection, for every size of reads.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(100)]
    public async Task A_read_returns_no_bytes_beyond_its_record(int size)
    {
        byte[] records = [21, 3, 3, 0, 2, 1, 0, 23, 3, 3, 0, 0, 21, 3, 3, 1, 0, .. new byte[256]];
        var wire = new CountingStream();
        wire.Write([.. records, .. "NOOP\r\n"u8]);
        wire.Position = 0;
        await using var tap = new TlsRecordStream(wire, stopsAtRecords: true);
        var taken = new List<byte>();
        byte[] buffer = new byte[size];
        while (taken.Count < records.Length)
        {
            taken.AddRange(buffer.AsSpan(0, await tap.ReadAsync(buffer, Token)));
        }

        Assert.Equal(records, taken);
        Assert.Equal(records.Length, wire.Position);
    }

    /// <summary>The reads of the connection and those of SslStream may have any size, and records may be empty.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 32 * 1024)]
    [InlineData(3, 7)]
    [InlineData(4096, 100)]
    [InlineData(100_000, 4)]
    [InlineData(100_000, 32 * 1024)]
    [InlineData(1_000_000, 17_000)]
    public async Task Bytes_read_ahead_are_returned_in_order(int segment, int size)
    {
        byte[] group = [.. CreateRecord(0), .. CreateRecord(1), .. CreateRecord(16_401), .. CreateRecord(0), .. CreateRecord(1171)];
        byte[] records = [.. Enumerable.Repeat(group, 20).SelectMany(bytes => bytes)];
        var wire = new SegmentStream();
        foreach (byte[] bytes in records.Chunk(segment))
        {
            wire.Deliver(bytes);
        }

        wire.Complete();
        await using var tap = new TlsRecordStream(wire);
        var taken = new List<byte>();
        byte[] buffer = new byte[size];
        int read;
        while ((read = await tap.ReadAsync(buffer, Token)) > 0)
        {
            Assert.False(tap.HasEnded);
            taken.AddRange(buffer.AsSpan(0, read));
        }

        Assert.Equal(records, taken);
        Assert.True(tap.HasEnded);
    }

    [Fact]
    public async Task A_read_returns_whole_records_before_the_start_of_the_next_one()
    {
        byte[] first = CreateRecord(10), second = CreateRecord(1000), third = CreateRecord(500);
        var wire = new SegmentStream();
        wire.Deliver([.. first, .. second, .. third.AsSpan(0, 3)]);
        await using var tap = new TlsRecordStream(wire);
        byte[] buffer = new byte[32 * 1024];
        Assert.Equal(first.Length, await tap.ReadAsync(buffer.AsMemory(0, 100), Token));
        Assert.True(tap.HasBufferedRecord);
        Assert.Equal(second.Length, await tap.ReadAsync(buffer, Token));
        Assert.False(tap.HasBufferedRecord);
        Assert.Equal(3, await tap.ReadAsync(buffer, Token));

        wire.Deliver([.. third.AsSpan(3), .. first]);
        Assert.Equal(third.Length - 3, await tap.ReadAsync(buffer.AsMemory(0, third.Length), Token));
        Assert.True(tap.HasBufferedRecord);
        Assert.Equal(0, await tap.ReadAsync(Memory<byte>.Empty, Token));
        Assert.Equal(first.Length, await tap.ReadAsync(buffer, Token));
    }

    /// <summary>A connection whose peer sends nothing must not hold a buffer, also within a record.</summary>
    [Fact]
    public async Task A_read_waits_without_a_buffer()
    {
        byte[] record = CreateRecord(50);
        var wire = new SegmentStream();
        await using var tap = new TlsRecordStream(wire);
        byte[] buffer = new byte[32 * 1024];
        ValueTask<int> waiting = tap.ReadAsync(Memory<byte>.Empty, Token);
        Assert.False(waiting.IsCompleted);
        wire.Deliver(record[..20]);
        Assert.Equal(0, await waiting);
        Assert.Equal(20, await tap.ReadAsync(buffer, Token));

        ValueTask<int> rest = tap.ReadAsync(buffer, Token);
        Assert.False(rest.IsCompleted);
        wire.Deliver(record[20..]);
        Assert.Equal(record.Length - 20, await rest);
        Assert.Equal(0, wire.LargestWait);
    }

    private static byte[] CreateRecord(int length)
    {
        byte[] record = new byte[5 + length];
        new Random(length).NextBytes(record);
        byte[] header = [23, 3, 3, (byte)(length >> 8), (byte)length];
        header.CopyTo(record, 0);
        return record;
    }

    private sealed class CountingStream : MemoryStream
    {
        public int Writes { get; private set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes++;
            return base.WriteAsync(buffer, cancellationToken);
        }
    }
}
