using Fts.Storage;
using Microsoft.Win32.SafeHandles;

namespace Fts.Server.Data.Copy;

/// <summary>A file that ends early, for RANG: the engines send to its end. Does not own the file.</summary>
internal sealed class FileRange(IFileReader file, long end) : IFileReader
{
    public long Length { get; } = Math.Min(file.Length, end);

    public SafeFileHandle? Handle => file.Handle;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken) =>
        file.ReadAsync(offset, buffer[..(int)Math.Clamp(Length - offset, 0, buffer.Length)], cancellationToken);

    public ValueTask DisposeAsync() => default;
}
