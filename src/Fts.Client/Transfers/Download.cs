using System.Buffers;
using System.Diagnostics;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>Fetches one file: the facts, RETR, the bytes, the server's final word, and the proof that nothing is missing.</summary>
internal sealed class Download(ConnectionPool pool, string path, FtpTransferOptions options, IProgress<FtpProgress>? progress)
{
    /// <summary>Large enough that system calls do not count, small enough to stay in the processor's cache.</summary>
    private const int BufferLength = 256 * 1024;

    private const int SampleLength = 64 * 1024;

    private readonly ProgressMeter _meter = new(progress, path);

    public Task<FtpTransferResult> ToStreamAsync(Stream target, CancellationToken cancellationToken)
    {
        _meter.Enter(FtpPhase.Connecting);
        return pool.RunAsync(
            async (connection, token) =>
            {
                FtpEntry? facts = await FactsAsync(connection, withTime: false, token).ConfigureAwait(false);
                FtpDataStream data = await OpenAsync(connection, facts, token).ConfigureAwait(false);
                await using (data.ConfigureAwait(false))
                {
                    Reply reply = await ReceiveAsync(connection, data, facts, target.WriteAsync, token).ConfigureAwait(false);
                    return new FtpTransferResult(path, _meter.Bytes, _meter.Elapsed, reply, facts?.Modified);
                }
            },
            cancellationToken);
    }

    public Task<FtpTransferResult> ToFileAsync(string target, CancellationToken cancellationToken)
    {
        PendingFile.Check(target);
        if (!options.Overwrite && File.Exists(target))
        {
            throw new FtpTargetExistsException(target);
        }

        _meter.Enter(FtpPhase.Connecting);
        return pool.RunAsync((connection, token) => ToFileAsync(connection, target, token), cancellationToken);
    }

    private async Task<FtpTransferResult> ToFileAsync(FtpConnection connection, string target, CancellationToken cancellationToken)
    {
        FtpEntry? facts = await FactsAsync(connection, options.KeepModified, cancellationToken).ConfigureAwait(false);
        FtpDataStream data = await OpenAsync(connection, facts, cancellationToken).ConfigureAwait(false);
        await using (data.ConfigureAwait(false))
        {
            // Only now is there a file to fetch; a missing one leaves nothing behind.
            using PendingFile file = PendingFile.Create(target);
            Reply reply = await ReceiveAsync(
                connection,
                data,
                facts,
                (bytes, _) =>
                {
                    file.Write(bytes.Span);
                    return default;
                },
                cancellationToken).ConfigureAwait(false);
            _meter.Enter(FtpPhase.Committing);
            file.Commit(options.KeepModified ? facts?.Modified : null, options.Overwrite);
            return new FtpTransferResult(path, _meter.Bytes, _meter.Elapsed, reply, facts?.Modified);
        }
    }

    private async Task<FtpEntry?> FactsAsync(FtpConnection connection, bool withTime, CancellationToken cancellationToken)
    {
        FtpEntry? facts = options.Known ?? await RemoteFacts.LookAsync(connection, path, withTime, cancellationToken).ConfigureAwait(false);
        return facts?.Kind == ListingKind.Folder ? throw new FtpException($"{path.Visible()} is a folder") : facts;
    }

    private Task<FtpDataStream> OpenAsync(FtpConnection connection, FtpEntry? facts, CancellationToken cancellationToken) =>
        connection.OpenDataAsync("RETR", path, 0, FtpDataDirection.Receive, DeflateChoice.ForDownload(connection, path, facts?.Length), cancellationToken);

    /// <summary>A server whose compressed data does not come out right is not asked for any again.</summary>
    private async Task<Reply> ReceiveAsync(
        FtpConnection connection, FtpDataStream data, FtpEntry? facts, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        try
        {
            return await ReceiveAllAsync(connection, data, facts, write, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpException e) when (connection.IsDeflating && (e is FtpIntegrityException || e.InnerException is DeflateException))
        {
            connection.Memory.RefusesDeflate = true;
            throw;
        }
    }

    private async Task<Reply> ReceiveAllAsync(
        FtpConnection connection, FtpDataStream data, FtpEntry? facts, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, CancellationToken cancellationToken)
    {
        // A link's or device's size says nothing of what is read through it.
        long? told = facts?.Kind == ListingKind.File ? facts.Length : null;
        _meter.Total = data.AnnouncedLength ?? told;
        _meter.Enter(FtpPhase.Transferring);
        // More than any size told will fail in the end: a server that sends without end is not to fill a disk before.
        long? most = told > data.AnnouncedLength ? told : data.AnnouncedLength ?? told;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        byte[] sample = [];
        long started = Stopwatch.GetTimestamp();
        try
        {
            for (int read; (read = await data.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
            {
                if (_meter.Bytes == 0 && connection.Options.Compression == FtpCompression.Auto)
                {
                    sample = buffer.AsSpan(0, Math.Min(read, SampleLength)).ToArray();
                }

                await write(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                _meter.Add(read);
                if (_meter.Bytes > most)
                {
                    throw new FtpIntegrityException(path, most.Value, _meter.Bytes);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        _meter.Enter(FtpPhase.AwaitingReply);
        Reply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
        if (!reply.IsCompletion)
        {
            throw new FtpReplyException(reply, data.CommandText);
        }

        if (data.WasCut && (data.AnnouncedLength ?? told) is null)
        {
            throw FtpTlsException.Cut(path.Visible());
        }

        ThrowIfIncomplete(data.AnnouncedLength, told);
        DeflateChoice.Learn(connection, path, _meter.Bytes, Stopwatch.GetElapsedTime(started), sample);
        return reply;
    }

    /// <summary>
    /// An end of data is no proof of its completeness, not even with a 226. The size in the 150 is newer than the facts, but prose: either one will do.
    /// </summary>
    private void ThrowIfIncomplete(long? announced, long? told)
    {
        if ((announced ?? told) is { } expected && _meter.Bytes != expected && _meter.Bytes != told)
        {
            throw new FtpIntegrityException(path, told ?? expected, _meter.Bytes);
        }
    }
}
