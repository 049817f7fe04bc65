using Fts.Client.Listings;
using Fts.Client.Transfers;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Uploads;

/// <summary>The beginning of the local file that the server already has.</summary>
/// <param name="Length">The length in bytes; 0 for none.</param>
/// <param name="CompletenessProof">
/// The proof that the server has the whole file; null if bytes are missing, or if the bytes are a partial upload that is not committed yet.
/// </param>
internal readonly record struct RemotePrefix(long Length, FtpVerifiedBy? CompletenessProof = null);

/// <summary>
/// Finds the restart offset of an upload. The server has either a file at the path, or a partial upload, which is hidden until it is
/// complete. If the server reports a hash of the file, the hash must prove that this file is the beginning of the local file. The server
/// reports no hash of a partial upload. A partial upload is therefore verified after it has been resumed, as part of the stored file.
/// </summary>
internal sealed class UploadResumption(FtpConnection connection, string path, SafeFileHandle source, long length, ProgressMeter meter)
{
    /// <summary>Returns whether SIZE reported the length of a partial upload, which is hidden from all other commands.</summary>
    /// <remarks>
    /// HASH and MLST report the existing file at the path, not the partial upload. Therefore, a file length from MLST that differs from
    /// SIZE reveals a partial upload. The same applies if MLST finds no file.
    /// </remarks>
    public static async Task<bool> IsPartialUploadAsync(
        FtpConnection connection, string path, long size, CancellationToken cancellationToken)
    {
        if (!RemoteMetadata.CanUseMlst(connection))
        {
            return false;
        }

        FtpEntry? committed = await RemoteMetadata.TryGetMetadataAsync(connection, path, withTime: false, cancellationToken)
            .ConfigureAwait(false);
        return RemoteMetadata.CanUseMlst(connection) && committed?.Length != size;
    }

    /// <summary>Returns the beginning of the local file that the server already has.</summary>
    /// <exception cref="FtpTargetExistsException">The file on the server is not the beginning of the local file.</exception>
    public async Task<RemotePrefix> FindPrefixAsync(CancellationToken cancellationToken)
    {
        if (await RemoteMetadata.GetSizeAsync(connection, path, cancellationToken).ConfigureAwait(false) is not ({ } size and > 0))
        {
            return new RemotePrefix(0);
        }

        if (size > length)
        {
            throw new FtpTargetExistsException(path, $"it has {size} bytes on the server, more than the {length} bytes of the local file");
        }

        if ((size == length || RemoteHash.IsSupportedForPrefix(connection))
            && await IsPartialUploadAsync(connection, path, size, cancellationToken).ConfigureAwait(false))
        {
            // Only an upload of the remaining bytes, possibly none, commits a partial upload. The stored file is verified afterwards.
            return new RemotePrefix(size);
        }

        FtpVerifiedBy proof = await VerifyPrefixAsync(size, cancellationToken).ConfigureAwait(false);
        return new RemotePrefix(size, size == length ? proof : null);
    }

    /// <summary>
    /// Verifies that the first <paramref name="size"/> bytes of both files are equal. Returns <see cref="FtpVerifiedBy.Length"/> if the
    /// server reports no hash.
    /// </summary>
    /// <exception cref="FtpTargetExistsException">The hashes differ.</exception>
    private async Task<FtpVerifiedBy> VerifyPrefixAsync(long size, CancellationToken cancellationToken)
    {
        bool isHashSupported = size == length
            ? RemoteHash.IsSupported(connection.Features)
            : RemoteHash.IsSupportedForPrefix(connection);
        if (!isHashSupported)
        {
            return FtpVerifiedBy.Length;
        }

        meter.EnterStage(FtpTransferStage.Verifying);
        return await ContentComparison.CompareAsync(connection, path, source, size, size == length, cancellationToken)
            .ConfigureAwait(false) switch
        {
            true => FtpVerifiedBy.Hash,
            null => FtpVerifiedBy.Length,
            false => throw new FtpTargetExistsException(path, "it is not the beginning of the local file"),
        };
    }
}
