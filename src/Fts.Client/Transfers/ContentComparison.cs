using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Transfers;

/// <summary>
/// Compares a local file, or its beginning, with the file on the server by SHA-256. The client and the server compute their hashes at the
/// same time.
/// </summary>
internal static class ContentComparison
{
    private const int BufferLength = 256 * 1024;

    /// <summary>Returns whether the contents are equal; null if the server does not report a hash.</summary>
    /// <param name="connection">The control connection.</param>
    /// <param name="path">The remote path.</param>
    /// <param name="handle">The local file.</param>
    /// <param name="length">The number of bytes to compare, from the beginning of both files.</param>
    /// <param name="isWhole">
    /// True to request the hash of the whole remote file, in which case <paramref name="length"/> is the length of that file; false to
    /// request the hash of its first bytes.
    /// </param>
    /// <param name="cancellationToken">Cancels the comparison. The connection cannot be used afterwards.</param>
    /// <exception cref="IOException">The local file cannot be read, or is shorter than <paramref name="length"/>.</exception>
    public static async Task<bool?> CompareAsync(
        FtpConnection connection, string path, SafeFileHandle handle, long length, bool isWhole, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var local = Task.Run(() => ComputeLocalHash(handle, length, stop.Token), stop.Token);
        try
        {
            byte[]? remote = await RemoteHash.RequestAsync(connection, path, length, isWhole, cancellationToken).ConfigureAwait(false);
            return remote is null ? null : (await local.ConfigureAwait(false)).AsSpan().SequenceEqual(remote);
        }
        finally
        {
            // The hash task must end before this method returns, because the caller may then close the file.
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)local).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Reads the first <paramref name="length"/> bytes of the file, and returns their SHA-256.</summary>
    private static byte[] ComputeLocalHash(SafeFileHandle handle, long length, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            for (long offset = 0; offset < length;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int read = RandomAccess.Read(handle, buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - offset)), offset);
                if (read == 0)
                {
                    throw new EndOfStreamException("The local file became shorter while it was read.");
                }

                hash.AppendData(buffer, 0, read);
                offset += read;
            }

            return hash.GetHashAndReset();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
