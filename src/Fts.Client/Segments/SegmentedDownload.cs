using System.Buffers;
using Fts.Client.Downloads;
using Fts.Client.Pool;
using Fts.Client.Transfers;
using Fts.Protocol;

namespace Fts.Client.Segments;

/// <summary>What is missing of one file, over several connections at once, each writing where its segment belongs.</summary>
/// <remarks>
/// A segment ends where the server ends it (RANG), where its bytes say how far it goes before they come, so that one which takes no notice of the range is found out;
/// else this side takes what it wants and aborts the transfer. Whether all is from one and the same file, its facts or its hash at the end must tell.
/// </remarks>
internal sealed class SegmentedDownload(ConnectionPool pool, string path, PartialDownloadFile file, long length, ProgressMeter meter)
{
    private const int BufferLength = 256 * 1024;

    /// <summary>What a killed client loses at most.</summary>
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(5);

    private FtpReply? _finalReply;

    /// <summary>Fetches it, and returns one of the server's confirmations, if there was one.</summary>
    /// <exception cref="FtpIntegrityException">The server's file ends before or after its length.</exception>
    public async Task<FtpReply?> RunAsync(int connections, CancellationToken cancellationToken)
    {
        meter.EnterStage(FtpTransferStage.Transferring);
        Segment[] segments = [.. SegmentPlan.SplitRanges(file.GetMissingRanges(length), connections).Select(range => new Segment(range))];
        using var stop = new CancellationTokenSource();
        Task saving = SaveRangesPeriodicallyAsync(stop.Token);
        try
        {
            await new SegmentQueue<Segment>(pool, DownloadSegmentAsync).RunAsync(segments, connections, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpIntegrityException e) when (e.Actual > e.Expected)
        {
            // It is not the file that was begun, or not from the byte on that was asked for.
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
            bool goesOn = await CopyAsync(data, segment, cancellationToken).ConfigureAwait(false);
            if (goesOn && segment.End == length)
            {
                throw new FtpIntegrityException(path, length, length + 1);
            }

            if (goesOn)
            {
                // Nobody waits for the rest of the file: leaving aborts it.
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

    /// <summary>By RANG where the server ends the segment, and says so; by REST elsewhere and for the last, which ends with the file.</summary>
    private async Task<FtpDataStream> OpenAsync(FtpConnection connection, Segment segment, CancellationToken cancellationToken)
    {
        if (segment.End < length && connection.Features.Supports("RANG") && !connection.ServerProfile.IsRangeUnusable
            && await TryOpenRangeAsync(connection, segment, cancellationToken).ConfigureAwait(false) is { } ranged)
        {
            segment.IsEndSetByServer = true;
            return ranged;
        }

        segment.IsEndSetByServer = false;
        return await connection.OpenDataAsync("RETR", path, segment.Position, FtpDataDirection.Receive, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Null when the server has no ranges for RETR after all.</summary>
    private async Task<FtpDataStream?> TryOpenRangeAsync(FtpConnection connection, Segment segment, CancellationToken cancellationToken)
    {
        FtpDataStream data;
        try
        {
            data = await connection.OpenDataAsync(
                "RETR", path, segment.Position, FtpDataDirection.Receive, deflate: false, cancellationToken, lastByte: segment.End - 1).ConfigureAwait(false);
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
            // Some servers keep a range until a RETR uses it, and the next one on this connection may be another file's.
            connection.CloseImmediately();
            throw;
        }

        if (data.AnnouncedLength == segment.End - segment.Position)
        {
            return data;
        }

        connection.ServerProfile.IsRangeUnusable = true;
        await data.DisposeAsync().ConfigureAwait(false);
        return connection.IsUsable ? null : throw new FtpConnectionException(FtpOperationPhase.Transfer, "the connection was given up with a transfer that had to be aborted");
    }

    /// <summary>Copies the segment, and returns whether the server has more to send than it.</summary>
    private async Task<bool> CopyAsync(FtpDataStream data, Segment segment, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            while (segment.Position < segment.End)
            {
                int read = await data.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, segment.End - segment.Position)), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    return false;
                }

                file.Write(segment.Position, buffer.AsSpan(0, read));
                segment.Position += read;
                meter.AddBytes(read);
            }

            bool endsByItself = segment.IsEndSetByServer || segment.End == length;
            return !endsByItself || await data.ReadAsync(buffer.AsMemory(0, 1), cancellationToken).ConfigureAwait(false) > 0;
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
            // It is over.
        }
    }

    /// <summary>One connection's at a time.</summary>
    private sealed class Segment(ByteRange range)
    {
        /// <summary>The next byte.</summary>
        public long Position { get; set; } = range.Start;

        public long End => range.End;

        /// <summary>Whether the server was told where it ends.</summary>
        public bool IsEndSetByServer { get; set; }
    }
}
