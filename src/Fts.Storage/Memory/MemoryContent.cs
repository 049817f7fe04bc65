namespace Fts.Storage.Memory;

/// <summary>
/// The bytes of one file, in chunks, so that appending never moves what is there. A copy shares the chunks until one is written, so that appending to a file
/// again and again does not copy it again and again. Written by one caller at a time; once committed, never written again and read by any number.
/// </summary>
internal sealed class MemoryContent
{
    private const int ChunkSize = 64 * 1024;

    // A chunk may be shorter than ChunkSize, and is null where nothing was written; what it lacks reads as zeros.
    private readonly List<byte[]?> _chunks = [];
    private readonly List<bool> _isOwned = [];

    /// <summary>Size in bytes.</summary>
    public long Length { get; private set; }

    public MemoryContent Clone()
    {
        var copy = new MemoryContent { Length = Length };
        copy._chunks.AddRange(_chunks);
        copy._isOwned.AddRange(Enumerable.Repeat(false, _chunks.Count));
        return copy;
    }

    public int Read(long offset, Span<byte> buffer)
    {
        int total = (int)Math.Min(buffer.Length, Math.Max(0, Length - offset));
        for (int done = 0; done < total;)
        {
            (long chunk, long at) = Math.DivRem(offset + done, ChunkSize);
            Span<byte> part = buffer.Slice(done, (int)Math.Min(total - done, ChunkSize - at));
            ReadOnlySpan<byte> bytes = chunk < _chunks.Count ? _chunks[(int)chunk] : [];
            ReadOnlySpan<byte> there = at < bytes.Length ? bytes[(int)at..Math.Min(bytes.Length, (int)at + part.Length)] : [];
            there.CopyTo(part);
            part[there.Length..].Clear();
            done += part.Length;
        }

        return total;
    }

    public void Write(long offset, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            (long chunk, long at) = Math.DivRem(offset, ChunkSize);
            int length = (int)Math.Min(bytes.Length, ChunkSize - at);
            bytes[..length].CopyTo(GetWritableChunk((int)chunk, (int)at + length).AsSpan((int)at));
            bytes = bytes[length..];
            offset += length;
            Length = Math.Max(Length, offset);
        }
    }

    /// <summary>Gives up what lies beyond a length.</summary>
    public void Truncate(long length)
    {
        if (length >= Length)
        {
            return;
        }

        (long chunk, long at) = Math.DivRem(length, ChunkSize);
        int keep = (int)chunk + (at > 0 ? 1 : 0);
        if (keep < _chunks.Count)
        {
            _chunks.RemoveRange(keep, _chunks.Count - keep);
            _isOwned.RemoveRange(keep, _isOwned.Count - keep);
        }

        if (at > 0 && chunk < _chunks.Count && _chunks[(int)chunk] is { } last && last.Length > at)
        {
            GetWritableChunk((int)chunk, (int)at).AsSpan((int)at).Clear(); // a gap left later must read as zeros
        }

        Length = length;
    }

    private byte[] GetWritableChunk(int index, int needed)
    {
        while (_chunks.Count <= index)
        {
            _chunks.Add(null);
            _isOwned.Add(true);
        }

        byte[]? chunk = _chunks[index];
        if (chunk is null || !_isOwned[index] || chunk.Length < needed)
        {
            // Small files take little; a growing one doubles until its chunk is full.
            int size = Math.Max(chunk?.Length ?? 0, needed <= ChunkSize / 2 ? (int)uint.Max(256, System.Numerics.BitOperations.RoundUpToPowerOf2((uint)needed)) : ChunkSize);
            byte[] own = new byte[size];
            chunk?.CopyTo(own, 0);
            (_chunks[index], _isOwned[index]) = (own, true);
            return own;
        }

        return chunk;
    }
}
