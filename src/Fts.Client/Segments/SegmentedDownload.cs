using System.Buffers;
using Fts.Client.Downloads;
using Fts.Client.Pool;
using Fts.Client.Transfers;
using Fts.Protocol;

namespace Fts.Client.Segments;

/// <summary>
/// Downloads the missing ranges of a file in segments over several connections. Each segment is written to the local file at its offset.
/// </summary>
/// <remarks>
/// <para>With RANG (draft-bryan-ftp-range), the server ends the transfer after the segment. The preliminary reply must announce the length
/// of the segment, because some servers ignore RANG. Without RANG, the client aborts the transfer after the last byte of the
/// segment.</para>
/// <para>The caller compares metadata or hashes afterwards, to verify that all segments are from the same version of the file.</para>
/// </remarks>
internal sealed class SegmentedDownload(ConnectionPool pool, string path, PartialDownloadFile file, long length, ProgressMeter meter)
{
    private const int BufferLength = 256 * 1024;

    /// <summary>
    /// The interval at which the received ranges are saved. If the process is killed, at most the bytes received in one interval are lost.
    /// </summary>
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(5);

    private FtpReply? _finalReply;

    /// <summary>
    /// Downloads the missing ranges. Returns the positive final reply to one of the transfers, or null if the client aborted every transfer
    /// after its segment, or if no range was missing.
    /// </summary>
    /// <exception cref="FtpIntegrityException">The file on the server is shorter or longer than expected.</exception>
    public async Task<FtpReply?> RunAsync(int connections, CancellationToken cancellationToken)
    {
        meter.EnterStage(FtpTransferStage.Transferring);
        Segment[] segments = [.. SegmentPlan.SplitRanges(file.GetMissingRanges(length), connections).Select(range => new Segment(range))];
        using var stop = new CancellationTokenSource();
        Task saving = SaveRangesPeriodicallyAsync(stop.Token);
        try
        {
            var queue = new SegmentQueue<Segment>(pool, DownloadSegmentAsync);
            await queue.RunAsync(segments, connections, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpIntegrityException e) when (e.Actual > e.Expected)
        {
            // The server sent another file, or ignored the restart offset, so the received bytes are unusable.
            file.DiscardOnDispose();
            throw;
        }
        finally
        {
            meter.Report();
            await stop.CancelAsync().ConfigureAwait(false);
            await saving.ConfigureAwait(false);
        }

        meter.EnterStage(FtpTransferStage.AwaitingReply);
        return _finalReply;
    }

    private async Task DownloadSegmentAsync(FtpConnection connection, Segment segment, CancellationToken cancellationToken)
    {
        FtpDataStream data = await OpenAsync(connection, segment, cancellationToken).ConfigureAwait(false);
        await using (data.ConfigureAwait(false))
        {
            bool hasMore = await CopyAsync(data, segment, cancellationToken).ConfigureAwait(false);
            if (hasMore && segment.End == length)
            {
                throw new FtpIntegrityException(path, length, length + 1);
            }

            if (hasMore)
            {
                // The remaining bytes of the file are not needed. Disposing the stream aborts the transfer.
                return;
            }

            FtpReply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
            _finalReply = reply.IsCompletion ? reply : throw new FtpReplyException(reply, data.CommandText);
            if (segment.Position < segment.End)
            {
                throw new FtpIntegrityException(path, length, segment.Position);
            }
        }
    }

    /// <summary>
    /// Starts the transfer of a segment: with RANG if the server supports it and the segment is not the last one, otherwise with REST.
    /// </summary>
    private async Task<FtpDataStream> OpenAsync(FtpConnection connection, Segment segment, CancellationToken cancellationToken)
    {
        if (segment.End < length && connection.Features.Supports("RANG") && !connection.ServerProfile.IsRangeUnusable
            && await TryOpenRangeAsync(connection, segment, cancellationToken).ConfigureAwait(false) is { } ranged)
        {
            segment.IsEndSetByServer = true;
            return ranged;
        }

        segment.IsEndSetByServer = false;
        return await connection.OpenDataAsync("RETR", path, segment.Position, FtpDataDirection.Receive, cancellationToken)
            .ConfigureAwait(false);
    }

    /// <summary>Starts the transfer of a segment with RANG. Returns null if the server rejects or ignores RANG.</summary>
    private async Task<FtpDataStream?> TryOpenRangeAsync(FtpConnection connection, Segment segment, CancellationToken cancellationToken)
    {
        FtpDataStream data;
        try
        {
            data = await connection.OpenDataAsync(
                "RETR", path, segment.Position, FtpDataDirection.Receive, deflate: false, cancellationToken, lastByte: segment.End - 1)
                .ConfigureAwait(false);
        }
        catch (FtpReplyException e) when (e.Command.StartsWith("RANG ", StringComparison.Ordinal))
        {
            connection.ServerProfile.IsRangeUnusable |= e.Reply.IsPermanentFailure;
            if (!connection.ServerProfile.IsRangeUnusable)
            {
                throw;
            }

            return null;
        }
        catch
        {
            // Some servers keep a range until the next RETR, which may be of another file, so the connection is closed.
            connection.CloseImmediately();
            throw;
        }

        if (data.AnnouncedLength == segment.End - segment.Position)
        {
            return data;
        }

        connection.ServerProfile.IsRangeUnusable = true;
        await data.DisposeAsync().ConfigureAwait(false);
        return connection.IsUsable
            ? null
            : throw new FtpConnectionException(
                FtpOperationPhase.Transfer, "the client closed the connection, because it could not abort a transfer");
    }

    /// <summary>Receives the segment and writes it to the file. Returns whether the server may send more bytes after the segment.</summary>
    private async Task<bool> CopyAsync(FtpDataStream data, Segment segment, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            while (segment.Position < segment.End)
            {
                int wanted = (int)Math.Min(buffer.Length, segment.End - segment.Position);
                int read = await data.ReadAsync(buffer.AsMemory(0, wanted), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    return false;
                }

                file.Write(segment.Position, buffer.AsSpan(0, read));
                segment.Position += read;
                meter.AddBytes(read);
            }

            bool shouldEnd = segment.IsEndSetByServer || segment.End == length;
            return !shouldEnd || await data.ReadAsync(buffer.AsMemory(0, 1), cancellationToken).ConfigureAwait(false) > 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task SaveRangesPeriodicallyAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(SaveInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false))
            {
                file.SaveRanges();
            }
        }
        catch (OperationCanceledException)
        {
            // The download has ended.
        }
    }

    /// <summary>The progress of one segment. Only one connection uses it at a time.</summary>
    private sealed class Segment(ByteRange range)
    {
        /// <summary>The offset of the next byte to receive.</summary>
        public long Position { get; set; } = range.Start;

        public long End => range.End;

        /// <summary>Whether the server ends the transfer after the segment, because of RANG.</summary>
        public bool IsEndSetByServer { get; set; }
    }
}
