using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Memory;

/// <summary>An open file in memory. Its content is committed and does not change.</summary>
internal sealed class MemoryFileReader(MemoryContent content) : IFileReader
{
    public long Length => content.Length;

    public SafeFileHandle? Handle => null;

    public async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return content.Read(offset, buffer.Span);
    }

    public ValueTask DisposeAsync() => default;
}
