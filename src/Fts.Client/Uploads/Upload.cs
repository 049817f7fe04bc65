using System.Buffers;
using System.Runtime.CompilerServices;
using Fts.Client.Connections;
using Fts.Client.Listings;
using Fts.Client.Pool;
using Fts.Client.Segments;
using Fts.Client.Transfers;
using Fts.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Uploads;

/// <summary>
/// Sends one file: STOR, the bytes, the server's final word; or in parts (<see cref="SegmentedUpload"/>). When the source fails, the transfer is aborted, so that no half
/// file looks whole.
/// </summary>
internal sealed class Upload(ConnectionPool pool, string path, FtpTransferOptions options, IProgress<FtpProgress>? progress)
{
    /// <summary>One send; the stall timeout is the time one of these may take.</summary>
    private const int BufferLength = 128 * 1024;

    private readonly ProgressMeter _meter = new(progress, path);

    public async Task<FtpTransferResult> UploadFileAsync(string source, CancellationToken cancellationToken)
    {
        using SafeFileHandle handle = OpenSource(source);
        return await RunAsync(UploadSource.Create(handle), cancellationToken).ConfigureAwait(false);
    }

    public Task<FtpTransferResult> UploadStreamAsync(Stream source, CancellationToken cancellationToken) => RunAsync(UploadSource.Create(source), cancellationToken);

    private static SafeFileHandle OpenSource(string source) =>
        Directory.Exists(source) ? throw new IOException($"{source} is a folder.") : File.OpenHandle(source, options: FileOptions.SequentialScan);

    private async Task<FtpTransferResult> RunAsync(UploadSource source, CancellationToken cancellationToken)
    {
        if (options.Type == FtpTransferType.Ascii)
        {
            return await new AsciiUpload(pool, path, options, _meter).UploadAsync(source, cancellationToken).ConfigureAwait(false);
        }

        _meter.TotalBytes = source.Length;
        _meter.EnterStage(FtpTransferStage.Connecting);
        Outcome outcome = await RemoteTargetCheck.CheckAndRunAsync(
            work => pool.RunAsync(work, cancellationToken), path, options.Overwrite, (connection, token) => RunAsync(connection, source, token)).ConfigureAwait(false);
        return outcome.Segments > 1
            ? await UploadInSegmentsAsync(source, outcome.Segments, cancellationToken).ConfigureAwait(false)
            : await VerifyIfNeededAsync(source, outcome, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The whole transfer on one connection; or no result yet, when it is to travel in so many parts: then this one goes back to the pool and is the first for them.</summary>
    private async Task<Outcome> RunAsync(FtpConnection connection, UploadSource source, CancellationToken cancellationToken)
    {
        if (options.IsHashRequired && source.File is not null && !RemoteHash.IsSupported(connection.Features))
        {
            throw FtpIntegrityException.CreateHashUnavailable(path, 0);
        }

        if (options.Resume == FtpResume.PartialOrTarget && source is { File: { } handle, Length: { } length })
        {
            var start = new UploadResumption(connection, path, handle, length, _meter);
            (_meter.ResumedBytes, FtpVerifiedBy? done) = await start.FindOffsetAsync(cancellationToken).ConfigureAwait(false);
            if (done is { } proof)
            {
                return options.IsHashRequired && proof != FtpVerifiedBy.Hash ? throw FtpIntegrityException.CreateHashUnavailable(path, length) : new Outcome(CreateResult(null, proof));
            }

            source.Seek!(_meter.ResumedBytes);
        }

        bool deflate = DeflateChoice.ShouldDeflateUpload(connection, path, source.Length, source.ReadAt);
        int parts = deflate || _meter.ResumedBytes > 0 ? 1 : await CountSegmentsAsync(connection, source, cancellationToken).ConfigureAwait(false);
        return parts > 1 ? new Outcome(null, parts) : await UploadOnOneConnectionAsync(connection, source, deflate, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Only a plain upload makes void what waits on the server to be resumed under the same name, and would go on answering for it.</summary>
    private async Task<int> CountSegmentsAsync(FtpConnection connection, UploadSource source, CancellationToken cancellationToken)
    {
        if (source is not { File: { } handle, Length: { } length })
        {
            return 1;
        }

        int parts = SegmentPlan.GetSegmentCount(options.Segments, connection.Options.MaxConnections, length, connection.ServerProfile.RoundTripTime);
        return parts > 1 && SegmentedUpload.IsSupported(connection, path, parts)
            && !(await RemoteMetadata.GetSizeAsync(connection, path, cancellationToken).ConfigureAwait(false) is { } there
                && await new UploadResumption(connection, path, handle, length, _meter).IsPartialUploadAsync(there, cancellationToken).ConfigureAwait(false))
            ? parts
            : 1;
    }

    private async Task<FtpTransferResult> UploadInSegmentsAsync(UploadSource source, int parts, CancellationToken cancellationToken)
    {
        try
        {
            (FtpReply reply, FtpVerifiedBy verified) =
                await new SegmentedUpload(pool, path, source.File!, source.Length!.Value, options, _meter).RunAsync(parts, cancellationToken).ConfigureAwait(false);
            return CreateResult(reply, verified);
        }
        catch (FtpReplyException e) when (e.Reply.IsPermanentFailure || e.Reply.Code == FtpReplyCode.InsufficientStorage)
        {
            // What it refuses may be the parts alone: their names, their joining, room for the file twice.
            _meter.ResetBytes();
        }

        Outcome outcome = await pool.RunAsync(
            async (connection, token) =>
            {
                Outcome one = await UploadOnOneConnectionAsync(connection, source, deflate: false, token).ConfigureAwait(false);
                connection.ServerProfile.IsSegmentedUploadUnusable = true;
                return one;
            },
            cancellationToken).ConfigureAwait(false);
        return await VerifyIfNeededAsync(source, outcome, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Returns the result, after verifying on another connection an upload that the server confirmed just before the first one ended. If no
    /// other connection can be opened, the server's final reply is sufficient, unless a comparison of hashes is required.
    /// </summary>
    private async Task<FtpTransferResult> VerifyIfNeededAsync(UploadSource source, Outcome outcome, CancellationToken cancellationToken)
    {
        if (outcome.Result is { } result)
        {
            return result;
        }

        try
        {
            FtpVerifiedBy verified = await pool.RunAsync((connection, token) => VerifyAsync(connection, source, token), cancellationToken).ConfigureAwait(false);
            return CreateResult(outcome.FinalReply, verified);
        }
        catch (FtpException e) when (e.IsConnectionFailure() && !MustCompareHash(source))
        {
            return CreateResult(outcome.FinalReply, FtpVerifiedBy.Reply);
        }
    }

    /// <summary>
    /// Returns whether a hash must be compared. For a resumed upload, it may be the only proof that the earlier bytes on the server are the
    /// right ones.
    /// </summary>
    private bool MustCompareHash(UploadSource source) =>
        source.File is not null && options.ShouldVerifyByHash(_meter.ResumedBytes > 0) && (options.IsHashRequired || (pool.Features is { } features && RemoteHash.IsSupported(features)));

    private async Task<Outcome> UploadOnOneConnectionAsync(FtpConnection connection, UploadSource source, bool deflate, CancellationToken cancellationToken)
    {
        FtpReply? reply = await StoreAsync(connection, source, deflate, canRepeat: source.Seek is not null, cancellationToken).ConfigureAwait(false);
        if (reply is not null)
        {
            try
            {
                return await VerifyConfirmedAsync(connection, source, reply, cancellationToken).ConfigureAwait(false);
            }
            catch (FtpIntegrityException e) when (connection.IsDeflating && e.Failure != FtpIntegrityFailure.Unverified)
            {
                // ProFTPD before 1.3.9 loses the end of data that is compressed strongly.
                connection.ServerProfile.IsDeflateUnusable = true;
                if (source.Seek is null)
                {
                    throw;
                }
            }
        }

        // The server decompressed the upload wrongly, so it is sent again without compression.
        source.Seek!(_meter.ResumedBytes);
        _meter.ResetBytes();
        reply = await StoreAsync(connection, source, deflate: false, canRepeat: false, cancellationToken).ConfigureAwait(false);
        return await VerifyConfirmedAsync(connection, source, reply!, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Verifies an upload that the server confirmed. If the connection ends before that, the outcome has no result yet.</summary>
    private async Task<Outcome> VerifyConfirmedAsync(FtpConnection connection, UploadSource source, FtpReply reply, CancellationToken cancellationToken)
    {
        try
        {
            return new Outcome(CreateResult(reply, await VerifyAsync(connection, source, cancellationToken).ConfigureAwait(false)));
        }
        catch (FtpConnectionException e) when (e is not FtpTimeoutException && !connection.IsUsable)
        {
            // A 421 or a close after the final reply concerns the next command, not the upload.
            return new Outcome(null, FinalReply: reply);
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
            reply = await SendAsync(data, source.ReadAsync, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpReplyException) when (connection.IsDeflating && canRepeat && connection.IsUsable)
        {
            connection.ServerProfile.DeflateMeasurements.NoteNoGain(path);
            return null;
        }

        DeflateChoice.NoteTransfer(connection, path, _meter.Bytes, connection.Options.TimeProvider.GetElapsedTime(started), []);
        long sent = _meter.ResumedBytes + _meter.Bytes;
        return source is { File: not null, Length: { } length } && length != sent ? throw new FtpIntegrityException(path, length, sent) : reply;
    }

    /// <summary>After what the server has: by REST and STOR (RFC 3659 §5), or by APPE where there is no REST.</summary>
    private async Task<FtpDataStream> OpenAsync(FtpConnection connection, bool deflate, CancellationToken cancellationToken)
    {
        long offset = _meter.ResumedBytes;
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

        Task<FtpDataStream> OpenAsync(string verb, long restart) => AccountCommand.RunWithAccountAsync(
            connection,
            () => connection.OpenDataAsync(verb, path, restart, FtpDataDirection.Send, deflate, cancellationToken, _meter.TotalBytes - offset),
            cancellationToken);
    }

    private async Task<FtpReply> SendAsync(FtpDataStream data, Func<Memory<byte>, CancellationToken, ValueTask<int>> read, CancellationToken cancellationToken)
    {
        _meter.EnterStage(FtpTransferStage.Transferring);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            for (int length; (length = await read(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                await data.WriteAsync(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                _meter.AddBytes(length);
            }
        }
        finally
        {
            // However it ends: this is how far it came.
            _meter.Report();
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _meter.EnterStage(FtpTransferStage.AwaitingReply);
        FtpReply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
        return reply.IsCompletion ? reply : throw new FtpReplyException(reply, data.CommandText);
    }

    /// <summary>Verifies the stored file: by hash if the options require one, else by length if the server reports it.</summary>
    /// <exception cref="FtpIntegrityException">The server stored something else, or a required hash cannot be compared.</exception>
    private async Task<FtpVerifiedBy> VerifyAsync(FtpConnection connection, UploadSource source, CancellationToken cancellationToken)
    {
        long sent = _meter.ResumedBytes + _meter.Bytes;
        if (source.File is { } file && sent > 0 && options.ShouldVerifyByHash(_meter.ResumedBytes > 0) && RemoteHash.IsSupported(connection.Features))
        {
            _meter.EnterStage(FtpTransferStage.Verifying);
            bool? isSame = await ContentComparison.CompareAsync(connection, path, file, sent, isWhole: true, cancellationToken).ConfigureAwait(false);
            if (isSame is { } answer)
            {
                return answer ? FtpVerifiedBy.Hash : throw FtpIntegrityException.CreateContentMismatch(path, sent);
            }

            if (options.IsHashRequired)
            {
                throw FtpIntegrityException.CreateHashUnavailable(path, sent);
            }
        }

        return await RemoteMetadata.GetStoredLengthAsync(connection, path, cancellationToken).ConfigureAwait(false) switch
        {
            null => FtpVerifiedBy.Reply,
            { } stored when stored == sent => FtpVerifiedBy.Length,
            { } stored => throw new FtpIntegrityException(path, sent, stored),
        };
    }

    private FtpTransferResult CreateResult(FtpReply? reply, FtpVerifiedBy verified) => new(path, _meter.Bytes, _meter.Elapsed, reply, null, _meter.ResumedBytes, verified);

    /// <summary>The state of an upload after its first connection.</summary>
    /// <param name="Result">The result; null if there is none yet.</param>
    /// <param name="Segments">How many parts the file is to be sent in; 1 for a file that was sent.</param>
    /// <param name="FinalReply">The server's final reply, if the connection ended before the upload could be verified.</param>
    private sealed record Outcome(FtpTransferResult? Result, int Segments = 1, FtpReply? FinalReply = null);
}
