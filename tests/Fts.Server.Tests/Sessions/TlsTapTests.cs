using Fts.Server.Tls;

namespace Fts.Server.Tests.Sessions;

/// <summary>What is gathered leaves at once and in its order, also where there is not room for all.</summary>
public sealed class TlsTapTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(16, 0, 1)]
    [InlineData(12, 0, 1)]
    [InlineData(7, 2, 3)]
    [InlineData(0, 3, 3)]
    public async Task What_is_gathered_leaves_in_its_order(int room, int before, int after)
    {
        var wire = new CountingStream();
        await using var tap = new TlsTap(wire);
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
