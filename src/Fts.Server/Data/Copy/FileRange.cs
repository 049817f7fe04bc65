using Fts.Storage;
using Microsoft.Win32.SafeHandles;

namespace Fts.Server.Data.Copy;

/// <summary>Limits a file to the bytes before an end offset, for the download of a byte range (RANG).</summary>
/// <param name="file">The whole file. The caller disposes it.</param>
/// <param name="end">The offset after the last byte of the range.</param>
internal sealed class FileRange(IFileReader file, long end) : IFileReader
{
    public long Length { get; } = Math.Min(file.Length, end);

    public SafeFileHandle? Handle => file.Handle;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        file.ReadAsync(offset, buffer[..(int)Math.Clamp(Length - offset, 0, buffer.Length)], cancellationToken);

    public ValueTask DisposeAsync() => default;
}
