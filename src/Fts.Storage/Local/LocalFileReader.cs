using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Local;

/// <summary>An open file on disk. Owns its handle.</summary>
/// <remarks>Reads on the caller's thread, because a read from the page cache is faster than a change of threads.</remarks>
internal sealed class LocalFileReader(SafeFileHandle handle, long length) : IFileReader
{
    public long Length { get; } = length;

    public SafeFileHandle? Handle => handle;

    public ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<int>(cancellationToken);
        }

        try
        {
            return new(RandomAccess.Read(handle, buffer.Span, offset));
        }
        catch (Exception exception) when (SystemErrors.IsSystemError(exception))
        {
            return ValueTask.FromException<int>(SystemErrors.Translate(exception));
        }
    }

    public ValueTask DisposeAsync()
    {
        handle.Dispose();
        return default;
    }
}
