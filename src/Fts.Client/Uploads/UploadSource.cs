using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Uploads;

/// <summary>The source of an upload: a file, a pipe, a device or a stream.</summary>
/// <param name="Length">The length in bytes; null if the source cannot seek, such as a pipe or device.</param>
/// <param name="ReadAsync">Reads the next bytes and returns their number; 0 at the end.</param>
/// <param name="Seek">Sets the offset of the next read, counted from the initial position; null if the source cannot seek.</param>
/// <param name="File">The local file; null for a stream, a pipe or a device. The caller disposes it.</param>
internal sealed record UploadSource(
    long? Length, Func<Memory<byte>, CancellationToken, ValueTask<int>> ReadAsync, Action<long>? Seek, SafeFileHandle? File)
{
    /// <summary>
    /// A function that reads at an offset without changing the position, and returns the number of bytes. The property is null if the
    /// source is not a file.
    /// </summary>
    public Func<long, Memory<byte>, int>? ReadAt =>
        File is { } file ? (offset, buffer) => RandomAccess.Read(file, buffer.Span, offset) : null;

    /// <summary>Creates a source that reads a local file from its beginning.</summary>
    public static UploadSource Create(SafeFileHandle handle)
    {
        // Only FileStream reports whether the handle can seek. A pipe or device has no length and no position.
        var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        long position = 0;
        return stream.CanSeek
            ? new UploadSource(stream.Length, ReadAsync, offset => position = offset, handle)
            : new UploadSource(null, stream.ReadAsync, null, null);

        ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
        {
            int read = RandomAccess.Read(handle, buffer.Span, position);
            position += read;
            return new ValueTask<int>(read);
        }
    }

    /// <summary>Creates a source that reads a stream from its current position.</summary>
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
