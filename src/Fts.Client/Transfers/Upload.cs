using System.Buffers;
using System.Runtime.CompilerServices;
using Fts.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client;

/// <summary>
/// Sends one file: STOR, the bytes, the server's final word; or in parts (<see cref="SegmentedUpload"/>). When the source fails, the transfer is aborted, so that no half
/// file looks whole.
/// </summary>
internal sealed class Upload(ConnectionPool pool, string path, FtpTransferOptions options, IProgress<FtpProgress>? progress)
{
    /// <summary>One send; the stall timeout is the time one of these may take.</summary>
    private const int BufferLength = 128 * 1024;

    private readonly ProgressMeter _meter = new(progress, path);

    public async Task<FtpTransferResult> FromFileAsync(string source, CancellationToken cancellationToken)
    {
        using SafeFileHandle handle = OpenSource(source);
        return await RunAsync(UploadSource.Of(handle), cancellationToken).ConfigureAwait(false);
    }

    public Task<FtpTransferResult> FromStreamAsync(Stream source, CancellationToken cancellationToken) => RunAsync(UploadSource.Of(source), cancellationToken);

    private static SafeFileHandle OpenSource(string source) =>
        Directory.Exists(source) ? throw new IOException($"{source} is a folder.") : File.OpenHandle(source, options: FileOptions.SequentialScan);

    private async Task<FtpTransferResult> RunAsync(UploadSource source, CancellationToken cancellationToken)
    {
        if (options.Type == FtpTransferType.Ascii)
        {
            return await new AsciiUpload(pool, path, options, _meter).RunAsync(source, cancellationToken).ConfigureAwait(false);
        }

        _meter.Whole = source.Length;
        _meter.Enter(FtpPhase.Connecting);
        Outcome outcome = await TargetLookup.RunAsync(
            work => pool.RunAsync(work, cancellationToken), path, options.Overwrite, (connection, token) => RunAsync(connection, source, token)).ConfigureAwait(false);
        return outcome.Parts > 1
            ? await InPartsAsync(source, outcome.Parts, cancellationToken).ConfigureAwait(false)
            : await FinishAsync(source, outcome, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The whole transfer on one connection; or no result yet, when it is to travel in so many parts: then this one goes back to the pool and is the first for them.</summary>
    private async Task<Outcome> RunAsync(FtpConnection connection, UploadSource source, CancellationToken cancellationToken)
    {
        if (options.RequiresHash && source.File is not null && !RemoteHash.IsOffered(connection.Features))
        {
            throw FtpIntegrityException.OfMissingHash(path, 0);
        }

        if (options.Resume == FtpResume.Existing && source is { File: { } handle, Length: { } length })
        {
            var start = new UploadStart(connection, path, handle, length, _meter);
            (_meter.Resumed, FtpVerified? done) = await start.FindAsync(cancellationToken).ConfigureAwait(false);
            if (done is { } proof)
            {
                return options.RequiresHash && proof != FtpVerified.Hash ? throw FtpIntegrityException.OfMissingHash(path, length) : new Outcome(Result(null, proof));
            }

            source.Seek!(_meter.Resumed);
        }

        bool deflate = DeflateChoice.ForUpload(connection, path, source.Length, source.Sample);
        int parts = deflate || _meter.Resumed > 0 ? 1 : await CountPartsAsync(connection, source, cancellationToken).ConfigureAwait(false);
        return parts > 1 ? new Outcome(null, parts) : await InOneGoAsync(connection, source, deflate, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Only a plain upload makes void what waits on the server to be resumed under the same name, and would go on answering for it.</summary>
    private async Task<int> CountPartsAsync(FtpConnection connection, UploadSource source, CancellationToken cancellationToken)
    {
        if (source is not { File: { } handle, Length: { } length })
        {
            return 1;
        }

        int parts = SegmentPlan.Count(options.Segments, connection.Options.MaxConnections, length, connection.Memory.RoundTrip);
        return parts > 1 && SegmentedUpload.IsOffered(connection, path, parts)
            && !(await RemoteFacts.SizeAsync(connection, path, cancellationToken).ConfigureAwait(false) is { } there
                && await new UploadStart(connection, path, handle, length, _meter).IsPendingAsync(there, cancellationToken).ConfigureAwait(false))
            ? parts
            : 1;
    }

    private async Task<FtpTransferResult> InPartsAsync(UploadSource source, int parts, CancellationToken cancellationToken)
    {
        try
        {
            (FtpReply reply, FtpVerified verified) =
                await new SegmentedUpload(pool, path, source.File!, source.Length!.Value, options, _meter).RunAsync(parts, cancellationToken).ConfigureAwait(false);
            return Result(reply, verified);
        }
        catch (FtpReplyException e) when (e.Reply.IsPermanentFailure || e.Reply.Code == FtpReplyCode.InsufficientStorage)
        {
            // What it refuses may be the parts alone: their names, their joining, room for the file twice.
            _meter.Rewind();
        }

        Outcome outcome = await pool.RunAsync(
            async (connection, token) =>
            {
                Outcome one = await InOneGoAsync(connection, source, deflate: false, token).ConfigureAwait(false);
                connection.Memory.RefusesParts = true;
                return one;
            },
            cancellationToken).ConfigureAwait(false);
        return await FinishAsync(source, outcome, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Returns the result, after verifying on another connection an upload that the server confirmed just before the first one ended. If no
    /// other connection can be opened, the server's final reply is sufficient, unless a comparison of hashes is required.
    /// </summary>
    private async Task<FtpTransferResult> FinishAsync(UploadSource source, Outcome outcome, CancellationToken cancellationToken)
    {
        if (outcome.Result is { } result)
        {
            return result;
        }

        try
        {
            FtpVerified verified = await pool.RunAsync((connection, token) => VerifyAsync(connection, source, token), cancellationToken).ConfigureAwait(false);
            return Result(outcome.Confirmation, verified);
        }
        catch (FtpException e) when (e.MeansNoConnection() && !OwesHash(source))
        {
            return Result(outcome.Confirmation, FtpVerified.Reply);
        }
    }

    /// <summary>
    /// Returns whether a hash must be compared. For a resumed upload, it may be the only proof that the earlier bytes on the server are the
    /// right ones.
    /// </summary>
    private bool OwesHash(UploadSource source) =>
        source.File is not null && options.WantsHash(_meter.Resumed > 0) && (options.RequiresHash || (pool.Features is { } features && RemoteHash.IsOffered(features)));

    private async Task<Outcome> InOneGoAsync(FtpConnection connection, UploadSource source, bool deflate, CancellationToken cancellationToken)
    {
        FtpReply? reply = await StoreAsync(connection, source, deflate, canRepeat: source.Seek is not null, cancellationToken).ConfigureAwait(false);
        if (reply is not null)
        {
            try
            {
                return await ConfirmAsync(connection, source, reply, cancellationToken).ConfigureAwait(false);
            }
            catch (FtpIntegrityException e) when (connection.IsDeflating && e.Failure != FtpIntegrityFailure.Unverified)
            {
                // ProFTPD before 1.3.9 loses the end of data that is compressed strongly.
                connection.Memory.RefusesDeflate = true;
                if (source.Seek is null)
                {
                    throw;
                }
            }
        }

        // The server decompressed the upload wrongly, so it is sent again without compression.
        source.Seek!(_meter.Resumed);
        _meter.Rewind();
        reply = await StoreAsync(connection, source, deflate: false, canRepeat: false, cancellationToken).ConfigureAwait(false);
        return await ConfirmAsync(connection, source, reply!, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Verifies an upload that the server confirmed. If the connection ends before that, the outcome has no result yet.</summary>
    private async Task<Outcome> ConfirmAsync(FtpConnection connection, UploadSource source, FtpReply reply, CancellationToken cancellationToken)
    {
        try
        {
            return new Outcome(Result(reply, await VerifyAsync(connection, source, cancellationToken).ConfigureAwait(false)));
        }
        catch (FtpConnectionException e) when (e is not FtpTimeoutException && !connection.IsUsable)
        {
            // A 421 or a close after the final reply concerns the next command, not the upload.
            return new Outcome(null, Confirmation: reply);
        }
    }

    /// <summary>One STOR; null when it was compressed, came to nothing good, and can be sent again.</summary>
    private async Task<FtpReply?> StoreAsync(FtpConnection connection, UploadSource source, bool deflate, bool canRepeat, CancellationToken cancellationToken)
    {
        FtpDataStream data = await OpenAsync(connection, deflate, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable ownership = data.ConfigureAwait(false);
        long started = connection.Options.TimeProvider.GetTimestamp();
        FtpReply reply;
        try
        {
            reply = await SendAsync(data, source.Read, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpReplyException) when (connection.IsDeflating && canRepeat && connection.IsUsable)
        {
            connection.Memory.Deflate.NoteLoss(path);
            return null;
        }

        DeflateChoice.Learn(connection, path, _meter.Bytes, connection.Options.TimeProvider.GetElapsedTime(started), []);
        long sent = _meter.Resumed + _meter.Bytes;
        return source is { File: not null, Length: { } length } && length != sent ? throw new FtpIntegrityException(path, length, sent) : reply;
    }

    /// <summary>After what the server has: by REST and STOR (RFC 3659 §5), or by APPE where there is no REST.</summary>
    private async Task<FtpDataStream> OpenAsync(FtpConnection connection, bool deflate, CancellationToken cancellationToken)
    {
        long offset = _meter.Resumed;
        if (offset == 0 || connection.Features is not { IsKnown: true, CanRestart: false })
        {
            try
            {
                return await OpenAsync("STOR", offset).ConfigureAwait(false);
            }
            catch (FtpReplyException e) when (offset > 0 && e.Command.StartsWith("REST ", StringComparison.Ordinal) && e.Reply.IsPermanentFailure)
            {
                // Not for uploads, then.
            }
        }

        return await OpenAsync("APPE", 0).ConfigureAwait(false);

        Task<FtpDataStream> OpenAsync(string verb, long restart) => AccountCommand.RunAsync(
            connection,
            () => connection.OpenDataAsync(verb, path, restart, FtpDataDirection.Send, deflate, cancellationToken, _meter.Whole - offset),
            cancellationToken);
    }

    private async Task<FtpReply> SendAsync(FtpDataStream data, Func<Memory<byte>, CancellationToken, ValueTask<int>> read, CancellationToken cancellationToken)
    {
        _meter.Enter(FtpPhase.Transferring);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            for (int length; (length = await read(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                await data.WriteAsync(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                _meter.Add(length);
            }
        }
        finally
        {
            // However it ends: this is how far it came.
            _meter.Tell();
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _meter.Enter(FtpPhase.AwaitingReply);
        FtpReply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
        return reply.IsCompletion ? reply : throw new FtpReplyException(reply, data.CommandText);
    }

    /// <summary>Verifies the stored file: by hash if the options require one, else by length if the server reports it.</summary>
    /// <exception cref="FtpIntegrityException">The server stored something else, or a required hash cannot be compared.</exception>
    private async Task<FtpVerified> VerifyAsync(FtpConnection connection, UploadSource source, CancellationToken cancellationToken)
    {
        long sent = _meter.Resumed + _meter.Bytes;
        if (source.File is { } file && sent > 0 && options.WantsHash(_meter.Resumed > 0) && RemoteHash.IsOffered(connection.Features))
        {
            _meter.Enter(FtpPhase.Verifying);
            bool? isSame = await ContentProof.CompareAsync(connection, path, file, sent, isWhole: true, cancellationToken).ConfigureAwait(false);
            if (isSame is { } answer)
            {
                return answer ? FtpVerified.Hash : throw FtpIntegrityException.OfContent(path, sent);
            }

            if (options.RequiresHash)
            {
                throw FtpIntegrityException.OfMissingHash(path, sent);
            }
        }

        return await RemoteFacts.ReadStoredLengthAsync(connection, path, cancellationToken).ConfigureAwait(false) switch
        {
            null => FtpVerified.Reply,
            { } stored when stored == sent => FtpVerified.Length,
            { } stored => throw new FtpIntegrityException(path, sent, stored),
        };
    }

    private FtpTransferResult Result(FtpReply? reply, FtpVerified verified) => new(path, _meter.Bytes, _meter.Elapsed, reply, null, _meter.Resumed, verified);

    /// <summary>The state of an upload after its first connection.</summary>
    /// <param name="Result">The result; null if there is none yet.</param>
    /// <param name="Parts">How many parts the file is to be sent in; 1 for a file that was sent.</param>
    /// <param name="Confirmation">The server's final reply, if the connection ended before the upload could be verified.</param>
    private sealed record Outcome(FtpTransferResult? Result, int Parts = 1, FtpReply? Confirmation = null);
}
