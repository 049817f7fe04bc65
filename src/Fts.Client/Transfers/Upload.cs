using System.Buffers;
using System.Diagnostics;
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

    /// <summary>From here on it does not count to ask for the size that arrived.</summary>
    private const long WorthAsking = 1024 * 1024;

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
        _meter.Whole = source.Length;
        _meter.Enter(FtpPhase.Connecting);
        (FtpTransferResult? result, int parts) = await pool.RunAsync((connection, token) => RunAsync(connection, source, token), cancellationToken).ConfigureAwait(false);
        return result ?? await InPartsAsync(source, parts, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The whole transfer on one connection; or no result yet, when it is to travel in so many parts: then this one goes back to the pool and is the first for them.</summary>
    private async Task<(FtpTransferResult? Result, int Parts)> RunAsync(FtpConnection connection, UploadSource source, CancellationToken cancellationToken)
    {
        if (!options.Overwrite && await RemoteFacts.FindAsync(connection, path, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new FtpTargetExistsException(path);
        }

        if (options.Resume == FtpResume.Existing && source is { File: { } handle, Length: { } length })
        {
            var start = new UploadStart(connection, path, handle, length, _meter);
            (_meter.Resumed, FtpVerified? done) = await start.FindAsync(cancellationToken).ConfigureAwait(false);
            if (done is { } proof)
            {
                return (Result(null, proof), 1);
            }

            source.Seek!(_meter.Resumed);
        }

        bool deflate = DeflateChoice.ForUpload(connection, path, source.Length, source.Sample);
        int parts = deflate || _meter.Resumed > 0 ? 1 : await CountPartsAsync(connection, source, cancellationToken).ConfigureAwait(false);
        return parts > 1 ? (null, parts) : (await InOneGoAsync(connection, source, deflate, cancellationToken).ConfigureAwait(false), 1);
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
            (Reply reply, FtpVerified verified) =
                await new SegmentedUpload(pool, path, source.File!, source.Length!.Value, options, _meter).RunAsync(parts, cancellationToken).ConfigureAwait(false);
            return Result(reply, verified);
        }
        catch (FtpReplyException e) when (e.Reply.IsPermanentFailure || e.Reply.Code == ReplyCode.InsufficientStorage)
        {
            // What it refuses may be the parts alone: their names, their joining, room for the file twice.
            _meter.Rewind();
        }

        return await pool.RunAsync(
            async (connection, token) =>
            {
                FtpTransferResult result = await InOneGoAsync(connection, source, deflate: false, token).ConfigureAwait(false);
                connection.Memory.RefusesParts = true;
                return result;
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<FtpTransferResult> InOneGoAsync(FtpConnection connection, UploadSource source, bool deflate, CancellationToken cancellationToken)
    {
        Reply? reply = await StoreAsync(connection, source, deflate, canRepeat: source.Seek is not null, cancellationToken).ConfigureAwait(false);
        if (reply is null)
        {
            // What a server made of a compressed upload is not what was sent: again, as it is.
            source.Seek!(_meter.Resumed);
            _meter.Rewind();
            reply = await StoreAsync(connection, source, deflate: false, canRepeat: false, cancellationToken).ConfigureAwait(false);
        }

        return Result(reply, await VerifyAsync(connection, source, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>One STOR; null when it was compressed, came to nothing good, and can be sent again.</summary>
    private async Task<Reply?> StoreAsync(FtpConnection connection, UploadSource source, bool deflate, bool canRepeat, CancellationToken cancellationToken)
    {
        FtpDataStream data = await OpenAsync(connection, deflate, cancellationToken).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable ownership = data.ConfigureAwait(false);
        long started = Stopwatch.GetTimestamp();
        Reply reply;
        try
        {
            reply = await SendAsync(data, source.Read, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpReplyException) when (connection.IsDeflating && canRepeat && connection.IsUsable)
        {
            connection.Memory.Deflate.NoteLoss(path);
            return null;
        }

        DeflateChoice.Learn(connection, path, _meter.Bytes, Stopwatch.GetElapsedTime(started), []);
        long sent = _meter.Resumed + _meter.Bytes;
        if (!connection.IsDeflating || await RemoteFacts.SizeAsync(connection, path, cancellationToken).ConfigureAwait(false) is not { } stored || stored == sent)
        {
            return reply;
        }

        // ProFTPD before 1.3.9 loses the end of what expands far.
        connection.Memory.RefusesDeflate = true;
        return canRepeat ? null : throw new FtpIntegrityException(path, sent, stored);
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

        Task<FtpDataStream> OpenAsync(string verb, long restart) =>
            connection.OpenDataAsync(verb, path, restart, FtpDataDirection.Send, deflate, cancellationToken, _meter.Whole - offset);
    }

    private async Task<Reply> SendAsync(FtpDataStream data, Func<Memory<byte>, CancellationToken, ValueTask<int>> read, CancellationToken cancellationToken)
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
        Reply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
        return reply.IsCompletion ? reply : throw new FtpReplyException(reply, data.CommandText);
    }

    /// <summary>Whether the server has what is here: by hash as the options want it, else by size where asking for it counts for little.</summary>
    private async Task<FtpVerified> VerifyAsync(FtpConnection connection, UploadSource source, CancellationToken cancellationToken)
    {
        long sent = _meter.Resumed + _meter.Bytes;
        if (source is { File: not null, Length: { } length } && length != sent)
        {
            throw new FtpIntegrityException(path, length, sent);
        }

        bool isResumed = _meter.Resumed > 0;
        if (source.File is { } file && sent > 0 && options.WantsHash(isResumed) && RemoteHash.IsOffered(connection))
        {
            _meter.Enter(FtpPhase.Verifying);
            bool? isSame = await ContentProof.CompareAsync(connection, path, file, sent, isWhole: true, cancellationToken).ConfigureAwait(false);
            if (isSame is { } answer)
            {
                return answer ? FtpVerified.Hash : throw FtpIntegrityException.OfContent(path, sent);
            }
        }

        return !isResumed && sent < WorthAsking ? FtpVerified.Reply : await RemoteFacts.SizeAsync(connection, path, cancellationToken).ConfigureAwait(false) switch
        {
            null => FtpVerified.Reply,
            { } stored when stored == sent => FtpVerified.Length,
            { } stored => throw new FtpIntegrityException(path, sent, stored),
        };
    }

    private FtpTransferResult Result(Reply? reply, FtpVerified verified) => new(path, _meter.Bytes, _meter.Elapsed, reply, null, _meter.Resumed, verified);
}
