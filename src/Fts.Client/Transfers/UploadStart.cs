using Microsoft.Win32.SafeHandles;

namespace Fts.Client;

/// <summary>Where an upload that is to be resumed begins: after what the server has of the file, proven to be its beginning where the server can prove it.</summary>
internal sealed class UploadStart(FtpConnection connection, string path, SafeFileHandle source, long length, ProgressMeter meter)
{
    /// <summary>The offset to go on from, and, when nothing is left to do, how that showed.</summary>
    /// <exception cref="FtpTargetExistsException">What the server has is not the beginning of the file here.</exception>
    public async Task<(long Offset, FtpVerified? Done)> FindAsync(CancellationToken cancellationToken)
    {
        if (await RemoteFacts.SizeAsync(connection, path, cancellationToken).ConfigureAwait(false) is not ({ } there and > 0))
        {
            return (0, null);
        }

        if (there > length)
        {
            throw new FtpTargetExistsException(path, $"has {there} bytes on the server, which is more than the {length} here");
        }

        if ((there == length || RemoteHash.IsOfferedForParts(connection)) && await IsPendingAsync(there, cancellationToken).ConfigureAwait(false))
        {
            // Nothing but the rest proves or commits it, be it no byte at all.
            return (there, null);
        }

        FtpVerified proof = await ProveAsync(there, cancellationToken).ConfigureAwait(false);
        return (there, there == length ? proof : null);
    }

    /// <summary>
    /// Whether SIZE told of an upload that waits to be resumed, hidden from all else: then a hash would be that of the file which stands there meanwhile.
    /// MLST shows that one, or none.
    /// </summary>
    public async Task<bool> IsPendingAsync(long there, CancellationToken cancellationToken)
    {
        if (!RemoteFacts.CanAskForFacts(connection))
        {
            return false;
        }

        FtpEntry? committed = await RemoteFacts.LookAsync(connection, path, withTime: false, cancellationToken).ConfigureAwait(false);
        return RemoteFacts.CanAskForFacts(connection) && committed?.Length != there;
    }

    private async Task<FtpVerified> ProveAsync(long there, CancellationToken cancellationToken)
    {
        if (!(there == length ? RemoteHash.IsOffered(connection.Features) : RemoteHash.IsOfferedForParts(connection)))
        {
            return FtpVerified.Length;
        }

        meter.Enter(FtpPhase.Verifying);
        return await ContentProof.CompareAsync(connection, path, source, there, there == length, cancellationToken).ConfigureAwait(false) switch
        {
            true => FtpVerified.Hash,
            null => FtpVerified.Length,
            false => throw new FtpTargetExistsException(path, "what the server has of it is not its beginning"),
        };
    }
}
