using Fts.Client.Pool;
using Fts.Client.Segments;
using Fts.Client.Transfers;
using Fts.Protocol;
using Fts.Protocol.Deflate;

namespace Fts.Client.Downloads;

/// <summary>
/// Downloads one file into a local file. Each method executes one step and returns the state after that step. <see cref="DownloadState"/>
/// contains the steps and all transitions.
/// </summary>
/// <remarks>Does not own <paramref name="file"/>.</remarks>
internal sealed class FileDownload(
    ConnectionPool pool, string path, string target, PartialDownloadFile file, FtpTransferOptions options, ProgressMeter meter)
{
    /// <summary>
    /// The minimum length in bytes of files whose metadata is requested again: before the download if the caller's entry is not exact, and
    /// after the download if no hash was compared. For such files, a request adds no noticeable time.
    /// </summary>
    internal const long MinRecheckedLength = 1024 * 1024;

    /// <summary>Executes the steps until the download is complete.</summary>
    public async Task<FtpTransferResult> RunAsync(CancellationToken cancellationToken)
    {
        var state = new DownloadState();
        while (state.Step != DownloadStep.Completed)
        {
            DownloadState current = state;
            state = current.Step switch
            {
                DownloadStep.RetrieveSegments => await RetrieveSegmentsAsync(current, cancellationToken).ConfigureAwait(false),
                DownloadStep.VerifyAgain => await VerifyAgainAsync(current, cancellationToken).ConfigureAwait(false),
                DownloadStep.Commit => Commit(current),
                _ => await pool.RunAsync(
                    (connection, token) => RunOnConnectionAsync(connection, current, token), cancellationToken,
                    isTransferNext: current.Step != DownloadStep.Verify).ConfigureAwait(false),
            };
        }

        return new FtpTransferResult(
            path, meter.Bytes, meter.Elapsed, state.FinalReply, state.Metadata?.LastModified, state.ResumedBytes, state.VerifiedBy)
        {
            Warning = state.Warning, ReportedLength = state.ReportedLength,
        };
    }

    /// <summary>Executes steps until the next step needs several connections, another connection, or no connection.</summary>
    private async Task<DownloadState> RunOnConnectionAsync(
        FtpConnection connection, DownloadState state, CancellationToken cancellationToken)
    {
        while (state.UsesOneConnection)
        {
            state = state.Step switch
            {
                DownloadStep.Prepare => await PrepareAsync(connection, state, cancellationToken).ConfigureAwait(false),
                DownloadStep.Retrieve => await RetrieveAsync(connection, state, cancellationToken).ConfigureAwait(false),
                DownloadStep.Verify => await VerifyAsync(connection, state, cancellationToken).ConfigureAwait(false),
                _ => throw new InvalidOperationException($"{state.Step} does not use one connection."),
            };
        }

        return state;
    }

    /// <summary>Verifies existing local bytes, and determines how to retrieve the missing bytes.</summary>
    private async Task<DownloadState> PrepareAsync(FtpConnection connection, DownloadState state, CancellationToken cancellationToken)
    {
        if (options.IsHashRequired && !RemoteHash.IsSupported(connection.Features))
        {
            throw FtpIntegrityException.CreateHashUnavailable(path, 0);
        }

        bool canUseTarget = options.Resume == FtpResume.PartialOrTarget && File.Exists(target);
        FtpEntry? metadata = await GetMetadataAsync(connection, canUseTarget, cancellationToken).ConfigureAwait(false);
        var resumption = new DownloadResumption(connection, path, metadata, meter);
        if (canUseTarget && await resumption.VerifyCompleteTargetAsync(target, cancellationToken).ConfigureAwait(false) is { } proof)
        {
            if (options.IsHashRequired && proof != FtpVerifiedBy.Hash)
            {
                throw FtpIntegrityException.CreateHashUnavailable(path, metadata!.Length!.Value);
            }

            file.DiscardOnDispose();
            return state.TargetComplete(metadata!, proof);
        }

        ResumePoint start = await resumption.FindResumePointAsync(file, cancellationToken).ConfigureAwait(false);
        if (start.Offset == 0 && canUseTarget)
        {
            start = start with { Offset = await resumption.CopyTargetAsync(target, file, cancellationToken).ConfigureAwait(false) };
        }

        bool hasGaps = start.Offset > 0 && file.CanHaveGaps;
        int segments = CountSegments(connection, metadata, resumption.Record, start.Offset == 0 ? 0 : file.PresentBytes);
        if (segments > 1 && start.Offset == 0)
        {
            file.CreateOrTruncate(resumption.Record);
        }

        // A file with gaps is completed by segments, even over one connection.
        return hasGaps || (segments > 1 && file.TryAllowGaps())
            ? state.PreparedForSegments(metadata!, resumption.Record, start, segments)
            : state.Prepared(metadata, resumption.Record, start);
    }

    /// <summary>
    /// Retrieves the missing bytes over one connection. Creates or truncates the local file only after the server accepts RETR, so that a
    /// missing remote file leaves no local file.
    /// </summary>
    private async Task<DownloadState> RetrieveAsync(FtpConnection connection, DownloadState state, CancellationToken cancellationToken)
    {
        meter.StartTransfer(state.ResumedBytes, state.RestartReason);
        if (state.ResumedBytes > 0 && state.ResumedBytes == state.Metadata?.Length)
        {
            // All bytes exist locally, so RETR is not needed. Some servers reject a restart offset at the end of the file.
            meter.SetFileLength(state.ResumedBytes);
            return state.NothingMissing();
        }

        try
        {
            var transfer = new FileRetrieval(connection, path, state.Metadata, state.ResumedBytes, meter);
            FtpDataStream data = await transfer.OpenAsync(cancellationToken).ConfigureAwait(false);
            await using (data.ConfigureAwait(false))
            {
                if (state.ResumedBytes == 0)
                {
                    file.CreateOrTruncate(state.Record);
                }

                return state.Retrieved(await transfer.ReceiveAsync(data, file.WriteAsync, cancellationToken).ConfigureAwait(false));
            }
        }
        catch (FtpReplyException e) when (state.ResumedBytes > 0 && RestCommand.IsRejection(e))
        {
            return state.RestartRejected();
        }
        catch (FtpIntegrityException e) when (e.Actual > e.Expected)
        {
            // The existing bytes may belong to another file.
            file.DiscardOnDispose();
            if (state.ResumedBytes > 0 && connection.IsUsable)
            {
                return state.ResumedFileTooLong();
            }

            throw;
        }
        catch (FtpException e) when (e.InnerException is DeflateException)
        {
            // The offset of the first wrong byte is unknown, so all bytes are discarded.
            file.DiscardOnDispose();
            throw;
        }
    }

    /// <summary>Retrieves the missing bytes over several connections.</summary>
    private async Task<DownloadState> RetrieveSegmentsAsync(DownloadState state, CancellationToken cancellationToken)
    {
        FtpEntry metadata = state.Metadata!;
        long present = file.PresentBytes;
        meter.StartTransfer(present, state.RestartReason);
        meter.SetFileLength(metadata.Length);
        try
        {
            var segments = new SegmentedDownload(pool, path, file, metadata.Length!.Value, meter);
            return state.SegmentsRetrieved(present, await segments.RunAsync(state.SegmentCount, cancellationToken).ConfigureAwait(false));
        }
        catch (FtpReplyException e) when (RestCommand.IsRejection(e))
        {
            file.TruncateToPrefix();
            return state.SegmentRestartRejected(file.PrefixLength);
        }
        catch (FtpException e) when (e is FtpReplyException or FtpIntegrityException)
        {
            // A change of the file explains the failure better than the error of one segment.
            SourceChange change = await pool.RunAsync(
                (connection, token) => CreateVerification(connection).CheckForChangeAsync(metadata, isProofRequired: false, token),
                cancellationToken).ConfigureAwait(false);
            if (change.IsChanged)
            {
                file.DiscardOnDispose();
                throw FtpIntegrityException.CreateSourceChanged(path, metadata.Length ?? 0, change.Length ?? 0);
            }

            if (e is not FtpIntegrityException longer || longer.Actual <= longer.Expected)
            {
                throw;
            }

            // The server sent more bytes than it reported, and still reports the same length. The reported length is wrong.
            file.DiscardOnDispose();
            return state.SegmentsExceedLength();
        }
    }

    /// <summary>
    /// Verifies the content over the given connection. If the connection is lost, the content is verified over another connection later.
    /// </summary>
    private async Task<DownloadState> VerifyAsync(FtpConnection connection, DownloadState state, CancellationToken cancellationToken)
    {
        try
        {
            return state.Verified(await CreateVerification(connection).VerifyAsync(state, cancellationToken).ConfigureAwait(false));
        }
        catch (FtpConnectionException e) when (state.CanVerifyAgain && e is not FtpTimeoutException && !connection.IsUsable)
        {
            // A 421 or a close after the final reply concerns the next command, not the download.
            return state.VerificationInterrupted();
        }
    }

    /// <summary>
    /// Verifies the content over another connection. If that connection cannot be opened or is lost, the length or the final reply is
    /// sufficient. A required comparison of hashes is never skipped.
    /// </summary>
    private async Task<DownloadState> VerifyAgainAsync(DownloadState state, CancellationToken cancellationToken)
    {
        try
        {
            return state.Verified(await pool.RunAsync(
                (connection, token) => CreateVerification(connection).VerifyAsync(state, token), cancellationToken).ConfigureAwait(false));
        }
        catch (FtpException e) when (e.IsConnectionFailure() && !options.IsHashRequired)
        {
            return state.Verified(new VerifiedFile(state.VerifiedByReply));
        }
    }

    /// <summary>Renames the partial file to the target.</summary>
    private DownloadState Commit(DownloadState state)
    {
        meter.EnterStage(FtpTransferStage.Committing);
        file.Commit(options.PreserveLastModified ? state.Metadata?.LastModified?.UtcDateTime : null, options.Overwrite);
        return state.Committed();
    }

    /// <summary>
    /// Returns the caller's <see cref="FtpTransferOptions.SourceEntry"/> if it is sufficient; otherwise requests the metadata. A resumable
    /// download needs an exact last-modified time. A small file needs no exact time, because it is retrieved again instead of resumed.
    /// </summary>
    private async Task<FtpEntry?> GetMetadataAsync(FtpConnection connection, bool canUseTarget, CancellationToken cancellationToken)
    {
        if (options.SourceEntry is { } known && (options.Resume == FtpResume.Never || DownloadResumption.HasExactMetadata(known)
            || (known.Length < MinRecheckedLength && !canUseTarget)))
        {
            return known;
        }

        bool withTime = options.PreserveLastModified || options.Resume != FtpResume.Never;
        return await Download.RequestMetadataAsync(connection, path, options, withTime, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Returns the number of segments; 1 to retrieve the file over one connection. Segments require a last-modified time that changes with
    /// every later change of the file, because without such a time, segments of two versions of the file could be combined.
    /// </summary>
    private int CountSegments(FtpConnection connection, FtpEntry? metadata, PartialDownloadRecord? record, long presentBytes)
    {
        if (record is null || metadata is not { Kind: FtpEntryKind.File } || !PrefixVerification.IsTimeSettled(record)
            || !connection.Features.CanRestart || DeflateChoice.ShouldDeflateDownload(connection, path, record.Length))
        {
            return 1;
        }

        return SegmentPlan.GetSegmentCount(
            options.Segments, connection.Options.MaxConnections, record.Length - presentBytes, connection.ServerProfile.RoundTripTime);
    }

    private DownloadVerification CreateVerification(FtpConnection connection) => new(connection, path, file, options, meter);
}
