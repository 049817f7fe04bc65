using Microsoft.Win32.SafeHandles;

namespace Fts.Storage;

/// <summary>A file that is open for reading. The caller that opened it disposes it.</summary>
public interface IFileReader : IAsyncDisposable
{
    /// <summary>The size in bytes at the time of opening.</summary>
    long Length { get; }

    /// <summary>
    /// The operating system's handle of a regular file, for copying in the kernel, or null if the store has none. The reader closes the
    /// handle.
    /// </summary>
    SafeFileHandle? Handle { get; }

    /// <summary>Reads bytes at an offset. Returns the number of bytes read, or 0 at the end of the file.</summary>
    /// <exception cref="StoreException">The file cannot be read.</exception>
    /// <remarks>If the call is cancelled, the store may still write to the buffer. The caller must not use the buffer again.</remarks>
    ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken);
}
