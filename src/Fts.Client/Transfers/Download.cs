using Fts.Protocol;

namespace Fts.Client;

/// <summary>Fetches one file: the facts, what is here of it already, what is missing (<see cref="Retrieval"/>), and the proof that it is whole.</summary>
internal sealed class Download(ConnectionPool pool, string path, FtpTransferOptions options, IProgress<FtpProgress>? progress)
{
    /// <summary>From here on it does not count to ask twice for a file's facts.</summary>
    private const long WorthAsking = 1024 * 1024;

    private readonly ProgressMeter _meter = new(progress, path);

    public Task<FtpTransferResult> ToStreamAsync(Stream target, CancellationToken cancellationToken)
    {
        _meter.Enter(FtpPhase.Connecting);
        return pool.RunAsync(
            async (connection, token) =>
            {
                FtpEntry? facts = options.Known ?? await LookAsync(connection, withTime: false, token).ConfigureAwait(false);
                var retrieval = new Retrieval(connection, path, facts, _meter);
                FtpDataStream data = await retrieval.OpenAsync(token).ConfigureAwait(false);
                await using (data.ConfigureAwait(false))
                {
                    Reply reply = await retrieval.ReceiveAsync(data, target.WriteAsync, token).ConfigureAwait(false);
                    return Result(reply, facts, _meter.Whole is null ? FtpVerified.Reply : FtpVerified.Length);
                }
            },
            cancellationToken);
    }

    public Task<FtpTransferResult> ToFileAsync(string target, CancellationToken cancellationToken)
    {
        PartialFile.Check(target);
        if (!options.Overwrite && File.Exists(target))
        {
            throw new FtpTargetExistsException(target);
        }

        _meter.Enter(FtpPhase.Connecting);
        return pool.RunAsync((connection, token) => ToFileAsync(connection, target, token), cancellationToken);
    }

    private async Task<FtpTransferResult> ToFileAsync(FtpConnection connection, string target, CancellationToken cancellationToken)
    {
        bool goesOnFromTarget = options.Resume == FtpResume.Existing && File.Exists(target);
        bool withTime = options.KeepModified || options.Resume != FtpResume.Never;
        FtpEntry? facts = IsEnough(options.Known, goesOnFromTarget) ? options.Known : await LookAsync(connection, withTime, cancellationToken).ConfigureAwait(false);
        using PartialFile file = options.Resume == FtpResume.Never ? PartialFile.OneOff(target) : PartialFile.Open(target);
        var start = new DownloadStart(connection, path, facts, _meter);
        if (goesOnFromTarget && await start.FindWholeAsync(target, cancellationToken).ConfigureAwait(false) is { } proof)
        {
            file.Forget();
            _meter.Resumed = facts!.Length!.Value;
            return Result(null, facts, proof);
        }

        long offset = await start.FindAsync(file, cancellationToken).ConfigureAwait(false);
        if (offset == 0 && goesOnFromTarget)
        {
            offset = await start.TakeTargetAsync(target, file, cancellationToken).ConfigureAwait(false);
        }

        Reply? reply = await FetchAsync(connection, file, facts, offset, start.Record, cancellationToken).ConfigureAwait(false);
        FtpVerified verified = await VerifyAsync(connection, file, facts, cancellationToken).ConfigureAwait(false);
        _meter.Enter(FtpPhase.Committing);
        file.Commit(options.KeepModified ? facts?.Modified : null, options.Overwrite);
        return Result(reply, facts, verified);
    }

    /// <summary>What is missing from <paramref name="offset"/> on. The file is made, or emptied, only when the server has begun to send: a missing one leaves nothing behind.</summary>
    private async Task<Reply?> FetchAsync(FtpConnection connection, PartialFile file, FtpEntry? facts, long offset, PartialRecord? record, CancellationToken cancellationToken)
    {
        _meter.Resumed = offset;
        if (offset > 0 && offset == facts?.Length)
        {
            // Only the confirmation had been missing; some servers do not start at the very end.
            _meter.Whole = offset;
            return null;
        }

        var retrieval = new Retrieval(connection, path, facts, _meter);
        FtpDataStream data = await retrieval.OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (data.ConfigureAwait(false))
        {
            if (_meter.Resumed == 0)
            {
                file.Begin(record);
            }

            try
            {
                return await retrieval.ReceiveAsync(
                    data,
                    (bytes, _) =>
                    {
                        file.Write(bytes.Span);
                        return default;
                    },
                    cancellationToken).ConfigureAwait(false);
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
        FtpEntry? facts = await RemoteFacts.LookAsync(connection, path, withTime, cancellationToken).ConfigureAwait(false) ?? options.Known;
        return facts?.Kind == ListingKind.Folder ? throw new FtpException($"{path.Visible()} is a folder") : facts;
    }

    /// <summary>
    /// Whether what is here is what is there. Without a hash the facts are asked for again, where that counts for little: a file that changed under the
    /// transfer is neither the old nor the new one.
    /// </summary>
    private async Task<FtpVerified> VerifyAsync(FtpConnection connection, PartialFile file, FtpEntry? facts, CancellationToken cancellationToken)
    {
        bool isResumed = _meter.Resumed > 0;
        if (options.WantsHash(isResumed) && file.Length > 0 && RemoteHash.IsOffered(connection))
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
                    break;
            }
        }

        if (facts is { Length: { } before, Kind: ListingKind.File } && (isResumed || file.Length >= WorthAsking || file.Length != before)
            && await RemoteFacts.LookAsync(connection, path, facts.Modified is not null, cancellationToken).ConfigureAwait(false) is { } now
            && (now.Length != before || file.Length != before || (DownloadStart.AreExact(facts) && facts.Modified is { } then && now.Modified is { } later && !PrefixProof.IsSame(then, later))))
        {
            file.Forget();
            throw FtpIntegrityException.OfChange(path, before, now.Length ?? 0);
        }

        return _meter.Whole is null ? FtpVerified.Reply : FtpVerified.Length;
    }

    private FtpTransferResult Result(Reply? reply, FtpEntry? facts, FtpVerified verified) =>
        new(path, _meter.Bytes, _meter.Elapsed, reply, facts?.Modified, _meter.Resumed, verified);
}
