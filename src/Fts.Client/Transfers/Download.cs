using Fts.Protocol;
using Fts.Protocol.Deflate;

namespace Fts.Client;

/// <summary>
/// Fetches one file: the facts, what is here of it already, what is missing (<see cref="Retrieval"/>, or over several connections <see cref="SegmentedDownload"/>), and
/// the proof that it is whole.
/// </summary>
internal sealed class Download(ConnectionPool pool, string path, FtpTransferOptions options, IProgress<FtpProgress>? progress)
{
    /// <summary>From here on it does not count to ask twice for a file's facts.</summary>
    private const long WorthAsking = 1024 * 1024;

    private readonly ProgressMeter _meter = new(progress, path);
    private FtpTransferWarning _warning;
    private long? _reportedLength; // the one that the warning refers to

    public Task<FtpTransferResult> ToStreamAsync(Stream target, CancellationToken cancellationToken)
    {
        if (options.Type == FtpTransferType.Ascii)
        {
            return new AsciiDownload(pool, path, options, _meter).ToStreamAsync(target, cancellationToken);
        }

        _meter.Enter(FtpPhase.Connecting);
        return pool.RunAsync(
            async (connection, token) =>
            {
                FtpEntry? metadata = options.Known ?? await LookAsync(connection, withTime: false, token).ConfigureAwait(false);
                var retrieval = new Retrieval(connection, path, metadata, _meter);
                FtpDataStream data = await retrieval.OpenAsync(token).ConfigureAwait(false);
                await using (data.ConfigureAwait(false))
                {
                    FtpReply reply = await retrieval.ReceiveAsync(data, target.WriteAsync, token).ConfigureAwait(false);
                    NoteExceeded(retrieval);
                    await ThrowIfShortAsync(connection, metadata, token).ConfigureAwait(false);
                    return Result(reply, metadata, _meter.Whole is null ? FtpVerified.Reply : FtpVerified.Length);
                }
            },
            cancellationToken);
    }

    /// <summary>
    /// Throws if fewer bytes were received than the server reported before. The length is requested again. If the file changed meanwhile, the
    /// new length matches the received bytes. If a RANG on the connection shortened the transfer, it does not match, although the 150 reply
    /// announced the short length.
    /// </summary>
    private async Task ThrowIfShortAsync(FtpConnection connection, FtpEntry? metadata, CancellationToken cancellationToken)
    {
        if (metadata is not { Kind: FtpEntryKind.File, Length: { } before } || _meter.Bytes >= before)
        {
            return;
        }

        long? now = await RemoteFacts.ReadStoredLengthAsync(connection, path, cancellationToken).ConfigureAwait(false);
        if (now != _meter.Bytes)
        {
            throw new FtpIntegrityException(path, now ?? before, _meter.Bytes);
        }
    }

    private void NoteExceeded(Retrieval retrieval)
    {
        _reportedLength = retrieval.Exceeded;
        _warning = _reportedLength is null ? FtpTransferWarning.None : FtpTransferWarning.LongerThanReported;
    }

    public async Task<FtpTransferResult> ToFileAsync(string target, CancellationToken cancellationToken)
    {
        if (options.Type == FtpTransferType.Ascii)
        {
            return await new AsciiDownload(pool, path, options, _meter).ToFileAsync(target, cancellationToken).ConfigureAwait(false);
        }

        new TargetCheck().Check(target);
        if (!options.Overwrite && File.Exists(target))
        {
            throw new FtpTargetExistsException(target);
        }

        _meter.Enter(FtpPhase.Connecting);
        using PartialFile file = options.Resume == FtpResume.Never ? PartialFile.OneOff(target) : PartialFile.Open(target);
        file.RestrictMode();
        Outcome outcome = await pool.RunAsync((connection, token) => ToFileAsync(connection, target, file, token), cancellationToken).ConfigureAwait(false);
        return outcome.Segments > 0
            ? await InSegmentsAsync(file, outcome.Facts!, outcome.Segments, cancellationToken).ConfigureAwait(false)
            : outcome.Result ?? await FinishElsewhereAsync(file, outcome.Facts, outcome.Confirmation!, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The whole transfer on one connection; or no result yet, when the rest is to travel over so many: then this one goes back to the pool and is the first of them.</summary>
    private async Task<Outcome> ToFileAsync(FtpConnection connection, string target, PartialFile file, CancellationToken cancellationToken)
    {
        if (options.RequiresHash && !RemoteHash.IsOffered(connection.Features))
        {
            throw FtpIntegrityException.OfMissingHash(path, 0);
        }

        bool goesOnFromTarget = options.Resume == FtpResume.Existing && File.Exists(target);
        bool withTime = options.KeepModified || options.Resume != FtpResume.Never;
        FtpEntry? metadata = IsEnough(options.Known, goesOnFromTarget) ? options.Known : await LookAsync(connection, withTime, cancellationToken).ConfigureAwait(false);
        var start = new DownloadStart(connection, path, metadata, _meter);
        if (goesOnFromTarget && await start.FindWholeAsync(target, cancellationToken).ConfigureAwait(false) is { } proof)
        {
            if (options.RequiresHash && proof != FtpVerified.Hash)
            {
                throw FtpIntegrityException.OfMissingHash(path, metadata!.Length!.Value);
            }

            file.Forget();
            _meter.Resumed = metadata!.Length!.Value;
            return new Outcome(Result(null, metadata, proof), metadata);
        }

        long offset = await start.FindAsync(file, cancellationToken).ConfigureAwait(false);
        if (offset == 0 && goesOnFromTarget)
        {
            offset = await start.TakeTargetAsync(target, file, cancellationToken).ConfigureAwait(false);
        }

        bool hasGaps = offset > 0 && file.IsScattered;
        int segments = CountSegments(connection, metadata, start.Record, offset == 0 ? 0 : file.Kept);
        if (segments > 1 && offset == 0)
        {
            file.Begin(start.Record);
        }

        if (hasGaps || (segments > 1 && file.TryScatter()))
        {
            return new Outcome(null, metadata, segments);
        }

        FtpReply? reply = await FetchAsync(connection, file, metadata, offset, start.Record, cancellationToken).ConfigureAwait(false);
        try
        {
            return new Outcome(await FinishAsync(connection, file, metadata, reply, isSegmented: false, cancellationToken).ConfigureAwait(false), metadata);
        }
        catch (FtpConnectionException e) when (reply is not null && e is not FtpTimeoutException && !connection.IsUsable)
        {
            // A 421 or a close after the final reply concerns the next command, not the download.
            return new Outcome(null, metadata, Confirmation: reply);
        }
    }

    /// <summary>
    /// Verifies on another connection a download that the server confirmed just before the first one ended. If no other connection can be
    /// opened, the length and the server's final reply are sufficient, as for a small file. A required comparison of hashes is never
    /// skipped.
    /// </summary>
    private async Task<FtpTransferResult> FinishElsewhereAsync(PartialFile file, FtpEntry? metadata, FtpReply reply, CancellationToken cancellationToken)
    {
        try
        {
            return await pool.RunAsync((connection, token) => FinishAsync(connection, file, metadata, reply, isSegmented: false, token), cancellationToken).ConfigureAwait(false);
        }
        catch (FtpException e) when (e.MeansNoConnection() && !options.RequiresHash)
        {
            return Commit(file, metadata, reply, _meter.Whole is null ? FtpVerified.Reply : FtpVerified.Length);
        }
    }

    /// <summary>Whatever proves that the segments are of one file must be there beforehand: a time of change that would count any change from now on.</summary>
    private int CountSegments(FtpConnection connection, FtpEntry? metadata, PartialRecord? record, long kept) =>
        record is not null && PrefixProof.IsSettled(record) && connection.Features.CanRestart && !DeflateChoice.ForDownload(connection, path, record.Length)
            && metadata!.Kind == FtpEntryKind.File
            ? SegmentPlan.Count(options.Segments, connection.Options.MaxConnections, record.Length - kept, connection.Memory.RoundTrip)
            : 1;

    private async Task<FtpTransferResult> InSegmentsAsync(PartialFile file, FtpEntry metadata, int segments, CancellationToken cancellationToken)
    {
        FtpReply? reply;
        try
        {
            reply = await new SegmentedDownload(pool, path, file, metadata.Length!.Value, _meter).RunAsync(segments, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpReplyException e) when (e.Command.StartsWith("REST ", StringComparison.Ordinal) && e.Reply.IsPermanentFailure)
        {
            // In one go, then, from the gap on or anew.
            file.KeepPrefix();
            _meter.Rewind();
            return await pool.RunAsync(
                async (connection, token) =>
                {
                    FtpReply? last = await FetchAsync(connection, file, metadata, file.Length, file.Record, token).ConfigureAwait(false);
                    return await FinishAsync(connection, file, metadata, last, isSegmented: true, token).ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (FtpException e) when (e is FtpReplyException or FtpIntegrityException)
        {
            // A segment that the server does not have any more may be one of another file by now, which says more than its refusal.
            (bool isChanged, long? now) =
                await pool.RunAsync((connection, token) => CompareAsync(connection, metadata, mustTell: false, token), cancellationToken).ConfigureAwait(false);
            if (isChanged)
            {
                throw Changed(file, metadata, now);
            }

            if (e is not FtpIntegrityException longer || longer.Actual <= longer.Expected)
            {
                throw;
            }

            // The server reports the same length as before, and it is wrong: segments cannot be planned.
            file.Forget();
            _meter.Rewind();
            return await pool.RunAsync(
                async (connection, token) =>
                {
                    FtpReply? last = await FetchAsync(connection, file, metadata, 0, file.Record, token).ConfigureAwait(false);
                    return await FinishAsync(connection, file, metadata, last, isSegmented: false, token).ConfigureAwait(false);
                },
                cancellationToken).ConfigureAwait(false);
        }

        return await pool.RunAsync((connection, token) => FinishAsync(connection, file, metadata, reply, isSegmented: true, token), cancellationToken).ConfigureAwait(false);
    }

    private async Task<FtpTransferResult> FinishAsync(
        FtpConnection connection, PartialFile file, FtpEntry? metadata, FtpReply? reply, bool isSegmented, CancellationToken cancellationToken)
    {
        FtpVerified verified = await VerifyAsync(connection, file, metadata, isSegmented, cancellationToken).ConfigureAwait(false);
        return Commit(file, metadata, reply, verified);
    }

    private FtpTransferResult Commit(PartialFile file, FtpEntry? metadata, FtpReply? reply, FtpVerified verified)
    {
        _meter.Enter(FtpPhase.Committing);
        file.Commit(options.KeepModified ? metadata?.Modified : null, options.Overwrite);
        return Result(reply, metadata, verified);
    }

    /// <summary>
    /// Fetches what is missing from <paramref name="offset"/> on. If a resumed transfer exceeds the reported length, that length is wrong and
    /// proves nothing: then the whole file is fetched.
    /// </summary>
    private async Task<FtpReply?> FetchAsync(FtpConnection connection, PartialFile file, FtpEntry? metadata, long offset, PartialRecord? record, CancellationToken cancellationToken)
    {
        try
        {
            return await FetchFromAsync(connection, file, metadata, offset, record, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpIntegrityException e) when (_meter.Resumed > 0 && e.Actual > e.Expected && connection.IsUsable)
        {
            _meter.Rewind();
            _meter.Restart = FtpRestart.Changed;
            return await FetchFromAsync(connection, file, metadata, 0, record, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The file is made, or emptied, only when the server has begun to send, so that a missing remote file leaves no empty local file.</summary>
    private async Task<FtpReply?> FetchFromAsync(
        FtpConnection connection, PartialFile file, FtpEntry? metadata, long offset, PartialRecord? record, CancellationToken cancellationToken)
    {
        _meter.Resumed = offset;
        if (offset > 0 && offset == metadata?.Length)
        {
            // Only the confirmation had been missing; some servers do not start at the very end.
            _meter.Whole = offset;
            return null;
        }

        var retrieval = new Retrieval(connection, path, metadata, _meter);
        FtpDataStream data = await retrieval.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (data.ConfigureAwait(false))
        {
            if (_meter.Resumed == 0)
            {
                file.Begin(record);
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
                NoteExceeded(retrieval);
                return reply;
            }
            catch (FtpException e) when ((e is FtpIntegrityException integrity && integrity.Actual > integrity.Expected) || e.InnerException is DeflateException)
            {
                // It is not the file that was begun, or nobody knows from which byte on.
                file.Forget();
                throw;
            }
        }
    }

    /// <summary>What a listing told is enough, unless it is by its time that what is here, or will be kept, is proven; a little is rather fetched anew.</summary>
    private bool IsEnough(FtpEntry? known, bool goesOnFromTarget) =>
        known is not null && (options.Resume == FtpResume.Never || DownloadStart.AreExact(known) || (known.Length < WorthAsking && !goesOnFromTarget));

    private async Task<FtpEntry?> LookAsync(FtpConnection connection, bool withTime, CancellationToken cancellationToken)
    {
        FtpEntry? metadata = await RemoteFacts.LookAsync(connection, path, withTime, cancellationToken).ConfigureAwait(false) ?? options.Known;
        return metadata?.Kind == FtpEntryKind.Directory ? throw new FtpException($"{path.ToPrintable()} is a folder") : metadata;
    }

    /// <summary>
    /// Whether what is here is what is there. Without a hash the facts are asked for again, where that counts for little: a file that changed under the
    /// transfer is neither the old nor the new one. A file that grew meanwhile is no error in a transfer that was neither resumed nor segmented,
    /// because log files grow.
    /// </summary>
    private async Task<FtpVerified> VerifyAsync(FtpConnection connection, PartialFile file, FtpEntry? metadata, bool isSegmented, CancellationToken cancellationToken)
    {
        bool isResumed = _meter.Resumed > 0;
        if (options.WantsHash(isResumed) && file.Length > 0 && RemoteHash.IsOffered(connection.Features))
        {
            _meter.Enter(FtpPhase.Verifying);
            switch (await ContentProof.CompareAsync(connection, path, file.Handle, file.Length, isWhole: true, cancellationToken).ConfigureAwait(false))
            {
                case true:
                    return FtpVerified.Hash;
                case false:
                    file.Forget();
                    throw FtpIntegrityException.OfContent(path, file.Length);
                default:
                    // It does not tell after all.
                    if (options.RequiresHash)
                    {
                        throw FtpIntegrityException.OfMissingHash(path, file.Length);
                    }

                    break;
            }
        }

        if (metadata is { Length: { } before, Kind: FtpEntryKind.File } && (isSegmented || isResumed || file.Length >= WorthAsking || file.Length != before))
        {
            (bool isChanged, long? now) = await CompareAsync(connection, metadata, isSegmented, cancellationToken).ConfigureAwait(false);
            bool mayGrow = !isSegmented && !isResumed && file.Length >= before;
            bool hasGrown = file.Length > before || now > before;
            if (file.Length < before && !isSegmented && !isResumed && !DownloadStart.AreExact(metadata))
            {
                // LIST reported the length. SIZE decides whether the file is whole.
                return now == file.Length ? FtpVerified.Length : throw new FtpIntegrityException(path, now ?? before, file.Length);
            }

            if (file.Length < before || (isChanged && !(mayGrow && hasGrown && !(now < before))))
            {
                throw Changed(file, metadata, now);
            }

            if (_warning == FtpTransferWarning.None && now > before)
            {
                (_warning, _reportedLength) = (FtpTransferWarning.StillGrowing, now);
            }
        }

        return _meter.Whole is null ? FtpVerified.Reply : FtpVerified.Length;
    }

    /// <summary>Whether the server's file is another than before, and how long it is now; null while it is the same.</summary>
    /// <param name="connection">Where to ask.</param>
    /// <param name="metadata">What was told before.</param>
    /// <param name="mustTell">Whether no answer counts as a change; else it is that of a server which tells nothing.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    private async Task<(bool IsChanged, long? Length)> CompareAsync(FtpConnection connection, FtpEntry metadata, bool mustTell, CancellationToken cancellationToken)
    {
        FtpEntry? now = await RemoteFacts.LookAsync(connection, path, metadata.Modified is not null, cancellationToken).ConfigureAwait(false);
        bool isAnotherTime = metadata.Modified is { } then && DownloadStart.AreExact(metadata) && (now?.Modified is { } later ? !PrefixProof.IsSame(then, later) : mustTell);
        return (now is null ? mustTell : now.Length != metadata.Length || isAnotherTime, now?.Length);
    }

    private FtpIntegrityException Changed(PartialFile file, FtpEntry metadata, long? now)
    {
        file.Forget();
        return FtpIntegrityException.OfChange(path, metadata.Length ?? 0, now ?? 0);
    }

    private FtpTransferResult Result(FtpReply? reply, FtpEntry? metadata, FtpVerified verified) =>
        new(path, _meter.Bytes, _meter.Elapsed, reply, metadata?.Modified, _meter.Resumed, verified) { Warning = _warning, ReportedLength = _reportedLength };

    /// <summary>The state of a download after its first connection.</summary>
    /// <param name="Result">The result; null if there is none yet.</param>
    /// <param name="Facts">The metadata that the server reported; null if it reported none.</param>
    /// <param name="Segments">How many segments the rest is to be fetched in; 0 for none.</param>
    /// <param name="Confirmation">The server's final reply, if the connection ended before the download could be verified.</param>
    private sealed record Outcome(FtpTransferResult? Result, FtpEntry? Facts, int Segments = 0, FtpReply? Confirmation = null);
}
