using Fts.Client.Listings;
using Fts.Client.Transfers;
using Fts.Protocol;

namespace Fts.Client.Downloads;

/// <summary>The result of a successful verification.</summary>
/// <param name="By">The proof that the content is correct.</param>
/// <param name="GrownLength">The length in bytes that the server reports now, if the remote file became longer during the download.</param>
internal readonly record struct VerifiedFile(FtpVerifiedBy By, long? GrownLength = null);

/// <summary>Whether the remote file changed during the download.</summary>
/// <param name="IsChanged">
/// Whether the length or last-modified time differs from the earlier metadata, or is missing although the caller requires it.
/// </param>
/// <param name="Length">The length in bytes that the server reports now; null if the server reports no length.</param>
internal readonly record struct SourceChange(bool IsChanged, long? Length);

/// <summary>Verifies that the downloaded bytes are the content of the remote file.</summary>
internal sealed class DownloadVerification(
    FtpConnection connection, string path, PartialDownloadFile file, FtpTransferOptions options, ProgressMeter meter)
{
    /// <summary>
    /// Verifies the content by hash if the options select this and the server reports a hash. If no hash is compared, requests the metadata
    /// again, because a download of a changing file may be a mixture of two versions. Omits the request for a small file of the expected
    /// length, unless the download was resumed or segmented.
    /// </summary>
    /// <remarks>
    /// Some files, such as logs, grow during a download. Growth is an error only if the download was resumed or segmented.
    /// </remarks>
    /// <exception cref="FtpIntegrityException">The content differs, the file changed, or a required hash cannot be compared.</exception>
    public async Task<VerifiedFile> VerifyAsync(DownloadState state, CancellationToken cancellationToken)
    {
        bool isResumed = state.ResumedBytes > 0;
        if (options.ShouldVerifyByHash(isResumed) && await CompareHashAsync(cancellationToken).ConfigureAwait(false))
        {
            return new VerifiedFile(FtpVerifiedBy.Hash);
        }

        bool isResumedOrSegmented = state.IsSegmented || isResumed;
        long received = file.PrefixLength;
        if (state.Metadata is not { Length: { } before, Kind: FtpEntryKind.File } metadata
            || (!isResumedOrSegmented && received < FileDownload.MinRecheckedLength && received == before))
        {
            return new VerifiedFile(state.VerifiedByReply);
        }

        SourceChange change = await CheckForChangeAsync(metadata, isProofRequired: state.IsSegmented, cancellationToken)
            .ConfigureAwait(false);
        if (received < before && !isResumedOrSegmented && !DownloadResumption.HasExactMetadata(metadata))
        {
            // The length is from LIST, which may count blocks or records. SIZE decides whether the file is complete.
            return change.Length == received
                ? new VerifiedFile(FtpVerifiedBy.Length)
                : throw new FtpIntegrityException(path, change.Length ?? before, received);
        }

        bool hasShrunk = change.Length < before;
        bool hasGrown = !hasShrunk && (received > before || change.Length > before);
        if (received < before || (change.IsChanged && (isResumedOrSegmented || !hasGrown)))
        {
            file.DiscardOnDispose();
            throw FtpIntegrityException.CreateSourceChanged(path, before, change.Length ?? 0);
        }

        return new VerifiedFile(state.VerifiedByReply, change.Length > before ? change.Length : null);
    }

    /// <summary>Requests the metadata again and compares it with the earlier metadata.</summary>
    /// <param name="metadata">The earlier metadata.</param>
    /// <param name="isProofRequired">True if missing metadata counts as a change; false if it counts as no change.</param>
    /// <param name="cancellationToken">Cancels the request.</param>
    public async Task<SourceChange> CheckForChangeAsync(FtpEntry metadata, bool isProofRequired, CancellationToken cancellationToken)
    {
        bool withTime = metadata.LastModified is not null;
        await connection.SendAheadAsync([.. RemoteMetadata.GetMetadataCommands(connection, path, withTime)], cancellationToken)
            .ConfigureAwait(false);
        FtpEntry? now = await RemoteMetadata.TryGetMetadataAsync(connection, path, withTime, cancellationToken).ConfigureAwait(false);
        if (now is null)
        {
            return new SourceChange(isProofRequired, null);
        }

        bool hasTimeChanged = false;
        if (metadata.LastModified is { } before && DownloadResumption.HasExactMetadata(metadata))
        {
            hasTimeChanged = now.LastModified is { } after ? !PrefixVerification.IsSameTime(before.UtcDateTime, after.UtcDateTime)
                : isProofRequired;
        }

        return new SourceChange(now.Length != metadata.Length || hasTimeChanged, now.Length);
    }

    /// <summary>
    /// Returns true if the hashes are equal. Returns false if the file is empty, or if the server reports no hash and the options require
    /// none.
    /// </summary>
    /// <exception cref="FtpIntegrityException">The hashes differ, or a required hash cannot be compared.</exception>
    private async Task<bool> CompareHashAsync(CancellationToken cancellationToken)
    {
        long length = file.PrefixLength;
        if (length == 0 || !RemoteHash.IsSupported(connection.Features))
        {
            return false;
        }

        meter.EnterStage(FtpTransferStage.Verifying);
        bool? isSame = await ContentComparison.CompareAsync(connection, path, file.Handle, length, isWhole: true, cancellationToken)
            .ConfigureAwait(false);
        if (isSame == false)
        {
            file.DiscardOnDispose();
            throw FtpIntegrityException.CreateContentMismatch(path, length);
        }

        if (isSame is null && options.IsHashRequired)
        {
            throw FtpIntegrityException.CreateHashUnavailable(path, length);
        }

        return isSame == true;
    }
}
