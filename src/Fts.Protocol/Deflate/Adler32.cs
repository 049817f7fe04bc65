namespace Fts.Protocol.Deflate;

/// <summary>The checksum that ends a zlib stream (RFC 1950 §8.2).</summary>
internal struct Adler32
{
    private const uint Modulus = 65521;

    /// <summary>As many bytes as can be summed before the sums must be reduced.</summary>
    private const int MaxUnreducedBytes = 5552;

    private uint _first = 1, _second;

    public Adler32()
    {
    }

    public readonly uint Value => (_second << 16) | _first;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            ReadOnlySpan<byte> part = bytes[..Math.Min(bytes.Length, MaxUnreducedBytes)];
            foreach (byte b in part)
            {
                _first += b;
                _second += _first;
            }

            (_first, _second) = (_first % Modulus, _second % Modulus);
            bytes = bytes[part.Length..];
        }
    }
}
