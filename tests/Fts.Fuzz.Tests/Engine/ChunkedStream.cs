namespace Fts.FuzzTests.Engine;

/// <summary>
/// A stream that returns bytes in pieces without waiting, and counts the reads. The piece lengths depend only on the number of bytes.
/// </summary>
internal sealed class ChunkedStream(ReadOnlySpan<byte> bytes) : MemoryStream(bytes.ToArray(), writable: false)
{
    private FuzzRandom _dice = new((ulong)bytes.Length);

    /// <summary>The number of reads.</summary>
    public int Reads { get; private set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Reads++;
        return new(Read(buffer.Span[..Math.Min(buffer.Length, 1 + _dice.Next(100))]));
    }
}
