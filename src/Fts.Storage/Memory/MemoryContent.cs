using System.Numerics;

namespace Fts.Storage.Memory;

/// <summary>
/// The bytes of one file, stored in chunks, so that appending does not move existing bytes. A clone shares the chunks, and copies a chunk
/// before the clone first writes to it.
/// </summary>
/// <remarks>One caller at a time may write. Committed content is never written again, and any number of callers can read it.</remarks>
internal sealed class MemoryContent
{
    private const int ChunkSize = 64 * 1024; // bytes

    // A chunk is null if nothing was written to it. A chunk can be shorter than ChunkSize. Missing bytes read as zeros.
    private readonly List<byte[]?> _chunks = [];
    // Whether each chunk belongs to this content alone.
    private readonly List<bool> _isOwned = [];

    /// <summary>The size in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Returns a copy, which shares each chunk until the copy writes to it.</summary>
    public MemoryContent Clone()
    {
        var copy = new MemoryContent { Length = Length };
        copy._chunks.AddRange(_chunks);
        copy._isOwned.AddRange(Enumerable.Repeat(false, _chunks.Count));
        return copy;
    }

    /// <summary>Reads bytes at an offset. Returns the number of bytes read, or 0 at the end.</summary>
    public int Read(long offset, Span<byte> buffer)
    {
        int total = (int)Math.Min(buffer.Length, Math.Max(0, Length - offset));
        for (int done = 0; done < total;)
        {
            (long chunk, long at) = Math.DivRem(offset + done, ChunkSize);
            Span<byte> part = buffer.Slice(done, (int)Math.Min(total - done, ChunkSize - at));
            ReadOnlySpan<byte> bytes = chunk < _chunks.Count ? _chunks[(int)chunk] : [];
            ReadOnlySpan<byte> stored = at < bytes.Length ? bytes[(int)at..Math.Min(bytes.Length, (int)at + part.Length)] : [];
            stored.CopyTo(part);
            part[stored.Length..].Clear();
            done += part.Length;
        }

        return total;
    }

    /// <summary>Writes bytes at an offset. If the offset is past the end, the bytes between the end and the offset read as zeros.</summary>
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

    /// <summary>Adds the bytes of another content at the end.</summary>
    public void Append(MemoryContent other)
    {
        byte[] buffer = new byte[Math.Min(ChunkSize, other.Length)];
        int read;
        for (long at = 0; (read = other.Read(at, buffer)) > 0; at += read)
        {
            Write(Length, buffer.AsSpan(0, read));
        }
    }

    /// <summary>Truncates the content to a length in bytes. Does nothing if the content is not longer.</summary>
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
            // After a later write past the new end, the bytes between the end and the written bytes must read as zeros.
            GetWritableChunk((int)chunk, (int)at).AsSpan((int)at).Clear();
        }

        Length = length;
    }

    /// <summary>Returns a chunk that belongs to this content alone and has at least <paramref name="needed"/> bytes.</summary>
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
            // The size doubles up to a full chunk, so that small files use little memory.
            int minimum = needed <= ChunkSize / 2 ? (int)uint.Max(256, BitOperations.RoundUpToPowerOf2((uint)needed)) : ChunkSize;
            byte[] copy = new byte[Math.Max(chunk?.Length ?? 0, minimum)];
            chunk?.CopyTo(copy, 0);
            (_chunks[index], _isOwned[index]) = (copy, true);
            return copy;
        }

        return chunk;
    }
}
