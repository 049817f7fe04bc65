namespace Fts.FuzzTests.Engine;

/// <summary>Bytes that come in pieces whose sizes follow from the bytes, never waiting. Counts what is asked of it.</summary>
internal sealed class ChunkedStream(ReadOnlySpan<byte> bytes) : MemoryStream(bytes.ToArray(), writable: false)
{
    private FuzzRandom _dice = new((ulong)bytes.Length);

    /// <summary>How often it was read.</summary>
    public int Reads { get; private set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Reads++;
        return new(Read(buffer.Span[..Math.Min(buffer.Length, 1 + _dice.Next(100))]));
    }
}
