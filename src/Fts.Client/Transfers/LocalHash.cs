using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Transfers;

/// <summary>SHA-256 of the first bytes of a local file, read back from it: what is compared is what is on the disk.</summary>
internal static class LocalHash
{
    private const int BufferLength = 256 * 1024;

    /// <exception cref="IOException">The file cannot be read, or has fewer bytes.</exception>
    public static Task<byte[]> ComputeAsync(SafeFileHandle handle, long length, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
            try
            {
                for (long offset = 0; offset < length;)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    int read = RandomAccess.Read(handle, buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - offset)), offset);
                    hash.AppendData(buffer, 0, read > 0 ? read : throw new EndOfStreamException("The local file became shorter while it was read."));
                    offset += read;
                }

                return hash.GetHashAndReset();
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        },
        cancellationToken);
}
