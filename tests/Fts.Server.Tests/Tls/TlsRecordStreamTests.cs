using Fts.Server.Tls;

namespace Fts.Server.Tests.Tls;

/// <summary>Held and gathered writes are sent in order, even if the buffer is too small for all of them.</summary>
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
