using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Uploads;

/// <summary>What is uploaded, and what can be done with it besides reading on.</summary>
/// <param name="Length">Bytes there are; null for a pipe or device.</param>
/// <param name="ReadAsync">Reads on; 0 at the end.</param>
/// <param name="Seek">Goes to an offset from where it began; null for what cannot.</param>
/// <param name="File">The local file; null for a stream, a pipe or a device. Whoever opened it closes it.</param>
internal sealed record UploadSource(long? Length, Func<Memory<byte>, CancellationToken, ValueTask<int>> ReadAsync, Action<long>? Seek, SafeFileHandle? File)
{
    /// <summary>Reads at an offset without going there; null for what cannot.</summary>
    public Func<long, Memory<byte>, int>? ReadAt => File is { } file ? (offset, buffer) => RandomAccess.Read(file, buffer.Span, offset) : null;

    public static UploadSource Create(SafeFileHandle handle)
    {
        // A pipe or device has no length and no positions; only a FileStream asks the handle which it is.
        var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        long position = 0;
        return stream.CanSeek ? new UploadSource(stream.Length, ReadAsync, offset => position = offset, handle) : new UploadSource(null, stream.ReadAsync, null, null);

        ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            int read = RandomAccess.Read(handle, buffer.Span, position);
            position += read;
            return new ValueTask<int>(read);
        }
    }

    public static UploadSource Create(Stream stream)
    {
        if (!stream.CanSeek)
        {
            return new UploadSource(null, stream.ReadAsync, null, null);
        }

        long start = stream.Position;
        return new UploadSource(stream.Length - start, stream.ReadAsync, offset => stream.Position = start + offset, null);
    }
}
