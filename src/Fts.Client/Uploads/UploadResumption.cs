using Fts.Client.Listings;
using Fts.Client.Transfers;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Uploads;

/// <summary>Where an upload that is to be resumed begins: after what the server has of the file, proven to be its beginning where the server can prove it.</summary>
internal sealed class UploadResumption(FtpConnection connection, string path, SafeFileHandle source, long length, ProgressMeter meter)
{
    /// <summary>The offset to go on from, and, when nothing is left to do, how that showed.</summary>
    /// <exception cref="FtpTargetExistsException">What the server has is not the beginning of the file here.</exception>
    public async Task<(long Offset, FtpVerifiedBy? Done)> FindOffsetAsync(CancellationToken cancellationToken)
    {
        if (await RemoteMetadata.GetSizeAsync(connection, path, cancellationToken).ConfigureAwait(false) is not ({ } there and > 0))
        {
            return (0, null);
        }

        if (there > length)
        {
            throw new FtpTargetExistsException(path, $"has {there} bytes on the server, which is more than the {length} here");
        }

        if ((there == length || RemoteHash.IsSupportedForPrefix(connection)) && await IsPartialUploadAsync(there, cancellationToken).ConfigureAwait(false))
        {
            // Nothing but the rest proves or commits it, be it no byte at all.
            return (there, null);
        }

        FtpVerifiedBy proof = await VerifyPrefixAsync(there, cancellationToken).ConfigureAwait(false);
        return (there, there == length ? proof : null);
    }

    /// <summary>
    /// Whether SIZE told of an upload that waits to be resumed, hidden from all else: then a hash would be that of the file which stands there meanwhile.
    /// MLST shows that one, or none.
    /// </summary>
    public async Task<bool> IsPartialUploadAsync(long there, CancellationToken cancellationToken)
    {
        if (!RemoteMetadata.CanUseMlst(connection))
        {
            return false;
        }

        FtpEntry? committed = await RemoteMetadata.TryGetMetadataAsync(connection, path, withTime: false, cancellationToken).ConfigureAwait(false);
        return RemoteMetadata.CanUseMlst(connection) && committed?.Length != there;
    }

    private async Task<FtpVerifiedBy> VerifyPrefixAsync(long there, CancellationToken cancellationToken)
    {
        if (!(there == length ? RemoteHash.IsSupported(connection.Features) : RemoteHash.IsSupportedForPrefix(connection)))
        {
            return FtpVerifiedBy.Length;
        }

        meter.EnterStage(FtpTransferStage.Verifying);
        return await ContentComparison.CompareAsync(connection, path, source, there, there == length, cancellationToken).ConfigureAwait(false) switch
        {
            true => FtpVerifiedBy.Hash,
            null => FtpVerifiedBy.Length,
            false => throw new FtpTargetExistsException(path, "what the server has of it is not its beginning"),
        };
    }
}
