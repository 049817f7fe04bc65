using Fts.Client.Listings;
using Fts.Client.Pool;
using Fts.Client.Segments;
using Fts.Client.Transfers;
using Fts.Protocol;
using Fts.Protocol.Deflate;

namespace Fts.Client.Downloads;

/// <summary>
/// Fetches one file: the facts, what is here of it already, what is missing (<see cref="DownloadTransfer"/>, or over several connections <see cref="SegmentedDownload"/>), and
/// the proof that it is whole.
/// </summary>
internal sealed class Download(ConnectionPool pool, string path, FtpTransferOptions options, IProgress<FtpProgress>? progress)
{
    /// <summary>From here on it does not count to ask twice for a file's facts.</summary>
    private const long MinRecheckedLength = 1024 * 1024;

    private readonly ProgressMeter _meter = new(progress, path);
    private FtpTransferWarning _warning;
    private long? _reportedLength; // the one that the warning refers to

    public Task<FtpTransferResult> DownloadToStreamAsync(Stream target, CancellationToken cancellationToken)
    {
        if (options.Type == FtpTransferType.Ascii)
        {
            return new AsciiDownload(pool, path, options, _meter).DownloadToStreamAsync(target, cancellationToken);
        }

        _meter.EnterStage(FtpTransferStage.Connecting);
        return pool.RunAsync(
            async (connection, token) =>
            {
                FtpEntry? metadata = options.SourceEntry ?? await GetMetadataAsync(connection, withTime: false, token).ConfigureAwait(false);
                var retrieval = new DownloadTransfer(connection, path, metadata, _meter);
                FtpDataStream data = await retrieval.OpenAsync(token).ConfigureAwait(false);
                await using (data.ConfigureAwait(false))
                {
                    FtpReply reply = await retrieval.ReceiveAsync(data, target.WriteAsync, token).ConfigureAwait(false);
                    NoteExceededLength(retrieval);
                    await ThrowIfTruncatedAsync(connection, metadata, token).ConfigureAwait(false);
                    return CreateResult(reply, metadata, _meter.TotalBytes is null ? FtpVerifiedBy.Reply : FtpVerifiedBy.Length);
                }
            },
            cancellationToken);
    }

    /// <summary>
    /// Throws if fewer bytes were received than the server reported before. The length is requested again. If the file changed meanwhile, the
    /// new length matches the received bytes. If a RANG on the connection shortened the transfer, it does not match, although the 150 reply
    /// announced the short length.
    /// </summary>
    private async Task ThrowIfTruncatedAsync(FtpConnection connection, FtpEntry? metadata, CancellationToken cancellationToken)
    {
        if (metadata is not { Kind: FtpEntryKind.File, Length: { } before } || _meter.Bytes >= before)
        {
            return;
        }

        long? now = await RemoteMetadata.GetStoredLengthAsync(connection, path, cancellationToken).ConfigureAwait(false);
        if (now != _meter.Bytes)
        {
            throw new FtpIntegrityException(path, now ?? before, _meter.Bytes);
        }
    }

    private void NoteExceededLength(DownloadTransfer retrieval)
    {
        _reportedLength = retrieval.ExceededLength;
        _warning = _reportedLength is null ? FtpTransferWarning.None : FtpTransferWarning.LongerThanReported;
    }

    public async Task<FtpTransferResult> DownloadToFileAsync(string target, CancellationToken cancellationToken)
    {
        if (options.Type == FtpTransferType.Ascii)
        {
            return await new AsciiDownload(pool, path, options, _meter).DownloadToFileAsync(target, cancellationToken).ConfigureAwait(false);
        }

        new LocalTargetCheck().Check(target);
        if (!options.Overwrite && File.Exists(target))
        {
            throw new FtpTargetExistsException(target);
        }

        _meter.EnterStage(FtpTransferStage.Connecting);
        using PartialDownloadFile file = options.Resume == FtpResume.Never ? PartialDownloadFile.CreateTemporary(target) : PartialDownloadFile.Open(target);
        file.RestrictMode();
        Outcome outcome = await pool.RunAsync((connection, token) => DownloadToFileAsync(connection, target, file, token), cancellationToken).ConfigureAwait(false);
        return outcome.Segments > 0
            ? await DownloadInSegmentsAsync(file, outcome.Metadata!, outcome.Segments, cancellationToken).ConfigureAwait(false)
            : outcome.Result ?? await VerifyOnAnotherConnectionAsync(file, outcome.Metadata, outcome.FinalReply!, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The whole transfer on one connection; or no result yet, when the rest is to travel over so many: then this one goes back to the pool and is the first of them.</summary>
    private async Task<Outcome> DownloadToFileAsync(FtpConnection connection, string target, PartialDownloadFile file, CancellationToken cancellationToken)
    {
        if (options.IsHashRequired && !RemoteHash.IsSupported(connection.Features))
        {
            throw FtpIntegrityException.CreateHashUnavailable(path, 0);
        }

        bool goesOnFromTarget = options.Resume == FtpResume.PartialOrTarget && File.Exists(target);
        bool withTime = options.PreserveLastModified || options.Resume != FtpResume.Never;
        FtpEntry? metadata = IsSourceEntrySufficient(options.SourceEntry, goesOnFromTarget) ? options.SourceEntry : await GetMetadataAsync(connection, withTime, cancellationToken).ConfigureAwait(false);
        var start = new DownloadResumption(connection, path, metadata, _meter);
        if (goesOnFromTarget && await start.VerifyCompleteTargetAsync(target, cancellationToken).ConfigureAwait(false) is { } proof)
        {
            if (options.IsHashRequired && proof != FtpVerifiedBy.Hash)
            {
                throw FtpIntegrityException.CreateHashUnavailable(path, metadata!.Length!.Value);
            }

            file.DiscardOnDispose();
            _meter.ResumedBytes = metadata!.Length!.Value;
            return new Outcome(CreateResult(null, metadata, proof), metadata);
        }

        long offset = await start.FindOffsetAsync(file, cancellationToken).ConfigureAwait(false);
        if (offset == 0 && goesOnFromTarget)
        {
            offset = await start.CopyTargetAsync(target, file, cancellationToken).ConfigureAwait(false);
        }

        bool hasGaps = offset > 0 && file.CanHaveGaps;
        int segments = CountSegments(connection, metadata, start.Record, offset == 0 ? 0 : file.PresentBytes);
        if (segments > 1 && offset == 0)
        {
            file.CreateOrTruncate(start.Record);
        }

        if (hasGaps || (segments > 1 && file.TryAllowGaps()))
        {
            return new Outcome(null, metadata, segments);
        }

        FtpReply? reply = await RetrieveAsync(connection, file, metadata, offset, start.Record, cancellationToken).ConfigureAwait(false);
        try
        {
            return new Outcome(await VerifyAndCommitAsync(connection, file, metadata, reply, isSegmented: false, cancellationToken).ConfigureAwait(false), metadata);
        }
        catch (FtpConnectionException e) when (reply is not null && e is not FtpTimeoutException && !connection.IsUsable)
        {
            // A 421 or a close after the final reply concerns the next command, not the download.
            return new Outcome(null, metadata, FinalReply: reply);
        }
    }

    /// <summary>
    /// Verifies on another connection a download that the server confirmed just before the first one ended. If no other connection can be
    /// opened, the length and the server's final reply are sufficient, as for a small file. A required comparison of hashes is never
    /// skipped.
    /// </summary>
    private async Task<FtpTransferResult> VerifyOnAnotherConnectionAsync(PartialDownloadFile file, FtpEntry? metadata, FtpReply reply, CancellationToken cancellationToken)
    {
        try
        {
            return await pool.RunAsync((connection, token) => VerifyAndCommitAsync(connection, file, metadata, reply, isSegmented: false, token), cancellationToken).ConfigureAwait(false);
        }
        catch (FtpException e) when (e.IsConnectionFailure() && !options.IsHashRequired)
        {
            return Commit(file, metadata, reply, _meter.TotalBytes is null ? FtpVerifiedBy.Reply : FtpVerifiedBy.Length);
        }
    }

    /// <summary>Whatever proves that the segments are of one file must be there beforehand: a time of change that would count any change from now on.</summary>
    private int CountSegments(FtpConnection connection, FtpEntry? metadata, PartialDownloadRecord? record, long kept) =>
        record is not null && PrefixVerification.IsTimeSettled(record) && connection.Features.CanRestart && !DeflateChoice.ShouldDeflateDownload(connection, path, record.Length)
            && metadata!.Kind == FtpEntryKind.File
            ? SegmentPlan.GetSegmentCount(options.Segments, connection.Options.MaxConnections, record.Length - kept, connection.ServerProfile.RoundTripTime)
            : 1;

    private async Task<FtpTransferResult> DownloadInSegmentsAsync(PartialDownloadFile file, FtpEntry metadata, int segments, CancellationToken cancellationToken)
    {
        FtpReply? reply;
        try
        {
            reply = await new SegmentedDownload(pool, path, file, metadata.Length!.Value, _meter).RunAsync(segments, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpReplyException e) when (e.Command.StartsWith("REST ", StringComparison.Ordinal) && e.Reply.IsPermanentFailure)
        {
            // In one go, then, from the gap on or anew.
            file.TruncateToPrefix();
            _meter.ResetBytes();
            return await pool.RunAsync(
                async (connection, token) =>
                {
                    FtpReply? last = await RetrieveAsync(connection, file, metadata, file.PrefixLength, file.Record, token).ConfigureAwait(false);
                    return await VerifyAndCommitAsync(connection, file, metadata, last, isSegmented: true, token).ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (FtpException e) when (e is FtpReplyException or FtpIntegrityException)
        {
            // A segment that the server does not have any more may be one of another file by now, which says more than its refusal.
            (bool isChanged, long? now) =
                await pool.RunAsync((connection, token) => CheckForChangeAsync(connection, metadata, mustTell: false, token), cancellationToken).ConfigureAwait(false);
            if (isChanged)
            {
                throw DiscardAndCreateException(file, metadata, now);
            }

            if (e is not FtpIntegrityException longer || longer.Actual <= longer.Expected)
            {
                throw;
            }

            // The server reports the same length as before, and it is wrong: segments cannot be planned.
            file.DiscardOnDispose();
            _meter.ResetBytes();
            return await pool.RunAsync(
                async (connection, token) =>
                {
                    FtpReply? last = await RetrieveAsync(connection, file, metadata, 0, file.Record, token).ConfigureAwait(false);
                    return await VerifyAndCommitAsync(connection, file, metadata, last, isSegmented: false, token).ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
        }

        return await pool.RunAsync((connection, token) => VerifyAndCommitAsync(connection, file, metadata, reply, isSegmented: true, token), cancellationToken).ConfigureAwait(false);
    }

    private async Task<FtpTransferResult> VerifyAndCommitAsync(
        FtpConnection connection, PartialDownloadFile file, FtpEntry? metadata, FtpReply? reply, bool isSegmented, CancellationToken cancellationToken)
    {
        FtpVerifiedBy verified = await VerifyAsync(connection, file, metadata, isSegmented, cancellationToken).ConfigureAwait(false);
        return Commit(file, metadata, reply, verified);
    }

    private FtpTransferResult Commit(PartialDownloadFile file, FtpEntry? metadata, FtpReply? reply, FtpVerifiedBy verified)
    {
        _meter.EnterStage(FtpTransferStage.Committing);
        file.Commit(options.PreserveLastModified ? metadata?.LastModified?.UtcDateTime : null, options.Overwrite);
        return CreateResult(reply, metadata, verified);
    }

    /// <summary>
    /// Fetches what is missing from <paramref name="offset"/> on. If a resumed transfer exceeds the reported length, that length is wrong and
    /// proves nothing: then the whole file is fetched.
    /// </summary>
    private async Task<FtpReply?> RetrieveAsync(FtpConnection connection, PartialDownloadFile file, FtpEntry? metadata, long offset, PartialDownloadRecord? record, CancellationToken cancellationToken)
    {
        try
        {
            return await RetrieveFromAsync(connection, file, metadata, offset, record, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpIntegrityException e) when (_meter.ResumedBytes > 0 && e.Actual > e.Expected && connection.IsUsable)
        {
            _meter.ResetBytes();
            _meter.RestartReason = FtpRestartReason.Changed;
            return await RetrieveFromAsync(connection, file, metadata, 0, record, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The file is made, or emptied, only when the server has begun to send, so that a missing remote file leaves no empty local file.</summary>
    private async Task<FtpReply?> RetrieveFromAsync(
        FtpConnection connection, PartialDownloadFile file, FtpEntry? metadata, long offset, PartialDownloadRecord? record, CancellationToken cancellationToken)
    {
        _meter.ResumedBytes = offset;
        if (offset > 0 && offset == metadata?.Length)
        {
            // Only the confirmation had been missing; some servers do not start at the very end.
            _meter.TotalBytes = offset;
            return null;
        }

        var retrieval = new DownloadTransfer(connection, path, metadata, _meter);
        FtpDataStream data = await retrieval.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (data.ConfigureAwait(false))
        {
            if (_meter.ResumedBytes == 0)
            {
                file.CreateOrTruncate(record);
            }

            try
            {
                FtpReply reply = await retrieval.ReceiveAsync(
                    data,
                    (bytes, _) =>
                    {
                        file.Write(bytes.Span);
                        return default;
                    },
                    cancellationToken).ConfigureAwait(false);
                NoteExceededLength(retrieval);
                return reply;
            }
            catch (FtpException e) when ((e is FtpIntegrityException integrity && integrity.Actual > integrity.Expected) || e.InnerException is DeflateException)
            {
                // It is not the file that was begun, or nobody knows from which byte on.
                file.DiscardOnDispose();
                throw;
            }
        }
    }

    /// <summary>What a listing told is enough, unless it is by its time that what is here, or will be kept, is proven; a little is rather fetched anew.</summary>
    private bool IsSourceEntrySufficient(FtpEntry? known, bool goesOnFromTarget) =>
        known is not null && (options.Resume == FtpResume.Never || DownloadResumption.HasExactMetadata(known) || (known.Length < MinRecheckedLength && !goesOnFromTarget));

    private async Task<FtpEntry?> GetMetadataAsync(FtpConnection connection, bool withTime, CancellationToken cancellationToken)
    {
        FtpEntry? metadata = await RemoteMetadata.TryGetMetadataAsync(connection, path, withTime, cancellationToken).ConfigureAwait(false) ?? options.SourceEntry;
        return metadata?.Kind == FtpEntryKind.Directory ? throw new FtpException($"{path.ToPrintable()} is a folder") : metadata;
    }

    /// <summary>
    /// Whether what is here is what is there. Without a hash the facts are asked for again, where that counts for little: a file that changed under the
    /// transfer is neither the old nor the new one. A file that grew meanwhile is no error in a transfer that was neither resumed nor segmented,
    /// because log files grow.
    /// </summary>
    private async Task<FtpVerifiedBy> VerifyAsync(FtpConnection connection, PartialDownloadFile file, FtpEntry? metadata, bool isSegmented, CancellationToken cancellationToken)
    {
        bool isResumed = _meter.ResumedBytes > 0;
        if (options.ShouldVerifyByHash(isResumed) && file.PrefixLength > 0 && RemoteHash.IsSupported(connection.Features))
        {
            _meter.EnterStage(FtpTransferStage.Verifying);
            switch (await ContentComparison.CompareAsync(connection, path, file.Handle, file.PrefixLength, isWhole: true, cancellationToken).ConfigureAwait(false))
            {
                case true:
                    return FtpVerifiedBy.Hash;
                case false:
                    file.DiscardOnDispose();
                    throw FtpIntegrityException.CreateContentMismatch(path, file.PrefixLength);
                default:
                    // It does not tell after all.
                    if (options.IsHashRequired)
                    {
                        throw FtpIntegrityException.CreateHashUnavailable(path, file.PrefixLength);
                    }

                    break;
            }
        }

        if (metadata is { Length: { } before, Kind: FtpEntryKind.File } && (isSegmented || isResumed || file.PrefixLength >= MinRecheckedLength || file.PrefixLength != before))
        {
            (bool isChanged, long? now) = await CheckForChangeAsync(connection, metadata, isSegmented, cancellationToken).ConfigureAwait(false);
            bool mayGrow = !isSegmented && !isResumed && file.PrefixLength >= before;
            bool hasGrown = file.PrefixLength > before || now > before;
            if (file.PrefixLength < before && !isSegmented && !isResumed && !DownloadResumption.HasExactMetadata(metadata))
            {
                // LIST reported the length. SIZE decides whether the file is whole.
                return now == file.PrefixLength ? FtpVerifiedBy.Length : throw new FtpIntegrityException(path, now ?? before, file.PrefixLength);
            }

            if (file.PrefixLength < before || (isChanged && !(mayGrow && hasGrown && !(now < before))))
            {
                throw DiscardAndCreateException(file, metadata, now);
            }

            if (_warning == FtpTransferWarning.None && now > before)
            {
                (_warning, _reportedLength) = (FtpTransferWarning.StillGrowing, now);
            }
        }

        return _meter.TotalBytes is null ? FtpVerifiedBy.Reply : FtpVerifiedBy.Length;
    }

    /// <summary>Whether the server's file is another than before, and how long it is now; null while it is the same.</summary>
    /// <param name="connection">Where to ask.</param>
    /// <param name="metadata">What was told before.</param>
    /// <param name="mustTell">Whether no answer counts as a change; else it is that of a server which tells nothing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private async Task<(bool IsChanged, long? Length)> CheckForChangeAsync(FtpConnection connection, FtpEntry metadata, bool mustTell, CancellationToken cancellationToken)
    {
        FtpEntry? now = await RemoteMetadata.TryGetMetadataAsync(connection, path, metadata.LastModified is not null, cancellationToken).ConfigureAwait(false);
        bool isAnotherTime = metadata.LastModified is { } then && DownloadResumption.HasExactMetadata(metadata) && (now?.LastModified is { } later ? !PrefixVerification.IsSameTime(then.UtcDateTime, later.UtcDateTime) : mustTell);
        return (now is null ? mustTell : now.Length != metadata.Length || isAnotherTime, now?.Length);
    }

    private FtpIntegrityException DiscardAndCreateException(PartialDownloadFile file, FtpEntry metadata, long? now)
    {
        file.DiscardOnDispose();
        return FtpIntegrityException.CreateSourceChanged(path, metadata.Length ?? 0, now ?? 0);
    }

    private FtpTransferResult CreateResult(FtpReply? reply, FtpEntry? metadata, FtpVerifiedBy verified) =>
        new(path, _meter.Bytes, _meter.Elapsed, reply, metadata?.LastModified, _meter.ResumedBytes, verified) { Warning = _warning, ReportedLength = _reportedLength };

    /// <summary>The state of a download after its first connection.</summary>
    /// <param name="Result">The result; null if there is none yet.</param>
    /// <param name="Metadata">The metadata that the server reported; null if it reported none.</param>
    /// <param name="Segments">How many segments the rest is to be fetched in; 0 for none.</param>
    /// <param name="FinalReply">The server's final reply, if the connection ended before the download could be verified.</param>
    private sealed record Outcome(FtpTransferResult? Result, FtpEntry? Metadata, int Segments = 0, FtpReply? FinalReply = null);
}
