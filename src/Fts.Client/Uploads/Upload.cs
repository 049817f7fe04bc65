using System.Buffers;
using Fts.Client.Connections;
using Fts.Client.Listings;
using Fts.Client.Pool;
using Fts.Client.Segments;
using Fts.Client.Transfers;
using Fts.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Uploads;

/// <summary>
/// Uploads one file or stream. Each step method executes one step and returns the state after it. <see cref="UploadState"/> contains the
/// steps and all transitions. If the source cannot be read, the transfer is aborted, so that no truncated file looks complete.
/// </summary>
internal sealed class Upload(ConnectionPool pool, string path, FtpTransferOptions options, IProgress<FtpProgress>? progress)
{
    /// <summary>The size of one write in bytes. Each write must complete within <see cref="FtpTimeouts.TransferStall"/>.</summary>
    private const int BufferLength = 128 * 1024;

    private readonly ProgressMeter _meter = new(progress, path);

    public async Task<FtpTransferResult> UploadFileAsync(string source, CancellationToken cancellationToken)
    {
        using SafeFileHandle handle = OpenSource(source);
        return await RunAsync(UploadSource.Create(handle), cancellationToken).ConfigureAwait(false);
    }

    public Task<FtpTransferResult> UploadStreamAsync(Stream source, CancellationToken cancellationToken) =>
        RunAsync(UploadSource.Create(source), cancellationToken);

    private static SafeFileHandle OpenSource(string source) =>
        Directory.Exists(source)
            ? throw new IOException($"{source} is a folder, not a file.")
            : File.OpenHandle(source, options: FileOptions.SequentialScan);

    private async Task<FtpTransferResult> RunAsync(UploadSource source, CancellationToken cancellationToken)
    {
        if (options.Type == FtpTransferType.Ascii)
        {
            AsciiMode.ValidateOptions(options);
        }

        _meter.SetFileLength(source.Length);
        _meter.EnterStage(FtpTransferStage.Connecting);
        var state = UploadState.Start(options);
        while (state.Step != UploadStep.Completed)
        {
            UploadState current = state;
            state = current.Step switch
            {
                UploadStep.SendSegments => await SendSegmentsAsync(source, current, cancellationToken).ConfigureAwait(false),
                UploadStep.VerifyAgain => await VerifyAgainAsync(source, current, cancellationToken).ConfigureAwait(false),
                _ => await pool.RunAsync((connection, token) => RunOnConnectionAsync(connection, source, current, token), cancellationToken)
                    .ConfigureAwait(false),
            };
        }

        if (state.HasServerRejectedSegments)
        {
            // The server accepted the file over one connection, so it rejected the segments, not the file.
            pool.ServerProfile.IsSegmentedUploadUnusable = true;
        }

        return new FtpTransferResult(path, _meter.Bytes, _meter.Elapsed, state.FinalReply, null, state.ResumedBytes, state.VerifiedBy);
    }

    /// <summary>Executes steps until the next step needs several connections, another connection, or no connection.</summary>
    private async Task<UploadState> RunOnConnectionAsync(
        FtpConnection connection, UploadSource source, UploadState state, CancellationToken cancellationToken)
    {
        while (state.UsesOneConnection)
        {
            switch (state.Step)
            {
                case UploadStep.CheckTarget:
                    await RemoteTargetCheck.ThrowIfExistsAsync(connection, path, cancellationToken).ConfigureAwait(false);
                    state = state.TargetChecked(options);
                    if (!connection.IsUsable)
                    {
                        return state;
                    }

                    break;
                case UploadStep.Prepare:
                    state = await PrepareAsync(connection, source, state, cancellationToken).ConfigureAwait(false);
                    break;
                case UploadStep.Send:
                    state = await SendAsync(connection, source, state, cancellationToken).ConfigureAwait(false);
                    break;
                case UploadStep.SendText:
                    state = state.TextSent(await new AsciiUpload(path, _meter).SendAsync(connection, source, cancellationToken)
                        .ConfigureAwait(false));
                    break;
                case UploadStep.Verify:
                    state = await VerifyAsync(connection, source, state, cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    throw new InvalidOperationException($"{state.Step} does not use one connection.");
            }
        }

        return state;
    }

    /// <summary>Finds the restart offset, and chooses compression and the number of segments.</summary>
    private async Task<UploadState> PrepareAsync(
        FtpConnection connection, UploadSource source, UploadState state, CancellationToken cancellationToken)
    {
        if (options.IsHashRequired && source.File is not null && !RemoteHash.IsSupported(connection.Features))
        {
            throw FtpIntegrityException.CreateHashUnavailable(path, 0);
        }

        long offset = 0;
        if (options.Resume == FtpResume.PartialOrTarget && source is { File: { } handle, Length: { } length })
        {
            var resumption = new UploadResumption(connection, path, handle, length, _meter);
            RemotePrefix prefix = await resumption.FindPrefixAsync(cancellationToken).ConfigureAwait(false);
            if (prefix.CompletenessProof is { } proof)
            {
                return options.IsHashRequired && proof != FtpVerifiedBy.Hash
                    ? throw FtpIntegrityException.CreateHashUnavailable(path, length)
                    : state.TargetComplete(prefix.Length, proof);
            }

            offset = prefix.Length;
        }

        bool shouldDeflate = DeflateChoice.ShouldDeflateUpload(connection, path, source.Length, source.ReadAt);
        int segments = shouldDeflate || offset > 0
            ? 1
            : await CountSegmentsAsync(connection, source, cancellationToken).ConfigureAwait(false);
        return segments > 1 ? state.PreparedForSegments(segments) : state.Prepared(offset, shouldDeflate);
    }

    /// <summary>Sends the source with one STOR or APPE command.</summary>
    private async Task<UploadState> SendAsync(
        FtpConnection connection, UploadSource source, UploadState state, CancellationToken cancellationToken)
    {
        _meter.StartTransfer(state.ResumedBytes, FtpRestartReason.None);
        source.Seek?.Invoke(state.ResumedBytes);
        FtpDataStream data = await OpenAsync(connection, source, state, cancellationToken).ConfigureAwait(false);
        await using (data.ConfigureAwait(false))
        {
            long started = connection.Options.TimeProvider.GetTimestamp();
            long sent;
            FtpReply reply;
            try
            {
                sent = await CopyAsync(source, data, cancellationToken).ConfigureAwait(false);
                _meter.EnterStage(FtpTransferStage.AwaitingReply);
                reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
                if (!reply.IsCompletion)
                {
                    throw new FtpReplyException(reply, data.CommandText);
                }
            }
            catch (FtpReplyException) when (connection.IsDeflating && source.Seek is not null && connection.IsUsable)
            {
                connection.ServerProfile.DeflateMeasurements.RecordNoGain(path);
                return state.DeflateFailed();
            }

            DeflateChoice.RecordTransfer(connection, path, sent, connection.Options.TimeProvider.GetElapsedTime(started), []);
            long stored = state.ResumedBytes + sent;
            return source is { File: not null, Length: { } length } && length != stored
                ? throw new FtpIntegrityException(path, length, stored)
                : state.Sent(reply, stored);
        }
    }

    private async Task<UploadState> SendSegmentsAsync(UploadSource source, UploadState state, CancellationToken cancellationToken)
    {
        try
        {
            var segments = new SegmentedUpload(pool, path, source.File!, source.Length!.Value, options, _meter);
            (FtpReply reply, FtpVerifiedBy verified) = await segments.RunAsync(state.SegmentCount, cancellationToken).ConfigureAwait(false);
            return state.SegmentsStored(reply, verified);
        }
        catch (FtpReplyException e) when (e.Reply.IsPermanentFailure || e.Reply.Code == FtpReplyCode.InsufficientStorage)
        {
            // The server may have rejected the names of the segments, COMB, or the storage for a second copy of the file. It may still
            // accept the file over one connection.
            return state.SegmentsRejected();
        }
    }

    private async Task<UploadState> VerifyAsync(
        FtpConnection connection, UploadSource source, UploadState state, CancellationToken cancellationToken)
    {
        try
        {
            return state.Verified(await VerifyStoredFileAsync(connection, source, state, cancellationToken).ConfigureAwait(false));
        }
        catch (FtpConnectionException e) when (e is not FtpTimeoutException && !connection.IsUsable)
        {
            // A 421 or a closed connection after the final reply concerns the next command, not the upload.
            return state.VerificationInterrupted();
        }
        catch (FtpIntegrityException e) when (connection.IsDeflating && e.Failure != FtpIntegrityFailure.Unverified)
        {
            // ProFTPD before 1.3.9 loses the end of highly compressed data.
            connection.ServerProfile.IsDeflateUnusable = true;
            if (source.Seek is null)
            {
                throw;
            }

            return state.DeflateFailed();
        }
    }

    /// <summary>
    /// Verifies the stored file on another connection. If no connection can be opened, the final reply is sufficient, unless a comparison
    /// of hashes is required.
    /// </summary>
    private async Task<UploadState> VerifyAgainAsync(UploadSource source, UploadState state, CancellationToken cancellationToken)
    {
        try
        {
            return state.Verified(await pool.RunAsync(
                (connection, token) => VerifyStoredFileAsync(connection, source, state, token), cancellationToken).ConfigureAwait(false));
        }
        catch (FtpException e) when (e.IsConnectionFailure() && !MustCompareHash(source, state))
        {
            return state.Verified(FtpVerifiedBy.Reply);
        }
    }

    /// <summary>
    /// Returns the number of segments; 1 for an upload over one connection. If the server has a partial upload, returns 1, because only a
    /// plain STOR discards the partial upload. If it were not discarded, SIZE would report its length even after an upload in segments.
    /// </summary>
    private async Task<int> CountSegmentsAsync(FtpConnection connection, UploadSource source, CancellationToken cancellationToken)
    {
        if (source is not { File: not null, Length: { } length })
        {
            return 1;
        }

        int count = SegmentPlan.GetSegmentCount(
            options.Segments, connection.Options.MaxConnections, length, connection.ServerProfile.RoundTripTime);
        if (count <= 1 || !SegmentedUpload.IsSupported(connection, path, count))
        {
            return 1;
        }

        bool hasPartialUpload = await RemoteMetadata.GetSizeAsync(connection, path, cancellationToken).ConfigureAwait(false) is { } size
            && await UploadResumption.IsPartialUploadAsync(connection, path, size, cancellationToken).ConfigureAwait(false);
        return hasPartialUpload ? 1 : count;
    }

    /// <summary>
    /// Opens the data connection at the restart offset: with REST and STOR (RFC 3659 §5), or with APPE if the server does not support REST
    /// for uploads.
    /// </summary>
    private async Task<FtpDataStream> OpenAsync(
        FtpConnection connection, UploadSource source, UploadState state, CancellationToken cancellationToken)
    {
        long offset = state.ResumedBytes;
        if (offset == 0 || connection.Features is not { IsKnown: true, CanRestart: false })
        {
            try
            {
                return await OpenAsync("STOR", offset).ConfigureAwait(false);
            }
            catch (FtpReplyException e) when (offset > 0 && RestCommand.IsRejection(e))
            {
                // Some servers support REST for downloads only.
            }
        }

        return await OpenAsync("APPE", 0).ConfigureAwait(false);

        Task<FtpDataStream> OpenAsync(string verb, long restart) => AccountCommand.RunWithAccountAsync(
            connection,
            () => connection.OpenDataAsync(
                verb, path, restart, FtpDataDirection.Send, state.ShouldDeflate, cancellationToken, source.Length - offset),
            cancellationToken);
    }

    /// <summary>Sends the source to its end, and returns the number of bytes.</summary>
    private async Task<long> CopyAsync(UploadSource source, FtpDataStream data, CancellationToken cancellationToken)
    {
        _meter.EnterStage(FtpTransferStage.Transferring);
        long sent = 0;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            for (int length; (length = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                await data.WriteAsync(buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
                sent += length;
                _meter.AddBytes(length);
            }
        }
        finally
        {
            _meter.Report();
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return sent;
    }

    /// <summary>
    /// Verifies the stored file by hash if the options select it and the server reports a hash, otherwise by length. Returns the proof:
    /// <see cref="FtpVerifiedBy.Reply"/> if the server reports neither.
    /// </summary>
    /// <exception cref="FtpIntegrityException">The stored length or content differs, or a required hash cannot be compared.</exception>
    private async Task<FtpVerifiedBy> VerifyStoredFileAsync(
        FtpConnection connection, UploadSource source, UploadState state, CancellationToken cancellationToken)
    {
        long length = state.StoredBytes;
        bool shouldHash = options.ShouldVerifyByHash(state.ResumedBytes > 0) && RemoteHash.IsSupported(connection.Features);
        if (shouldHash && length > 0 && source.File is { } file)
        {
            _meter.EnterStage(FtpTransferStage.Verifying);
            bool? isSame = await ContentComparison.CompareAsync(connection, path, file, length, isWhole: true, cancellationToken)
                .ConfigureAwait(false);
            if (isSame is { } isVerified)
            {
                return isVerified ? FtpVerifiedBy.Hash : throw FtpIntegrityException.CreateContentMismatch(path, length);
            }

            if (options.IsHashRequired)
            {
                throw FtpIntegrityException.CreateHashUnavailable(path, length);
            }
        }

        return await RemoteMetadata.GetStoredLengthAsync(connection, path, cancellationToken).ConfigureAwait(false) switch
        {
            null => FtpVerifiedBy.Reply,
            { } stored when stored == length => FtpVerifiedBy.Length,
            { } stored => throw new FtpIntegrityException(path, length, stored),
        };
    }

    /// <summary>
    /// Returns whether a hash must be compared. For a resumed upload, the hash may be the only proof that the earlier bytes on the server
    /// belong to the source.
    /// </summary>
    private bool MustCompareHash(UploadSource source, UploadState state) =>
        source.File is not null && options.ShouldVerifyByHash(state.ResumedBytes > 0)
            && (options.IsHashRequired || (pool.Features is { } features && RemoteHash.IsSupported(features)));
}
