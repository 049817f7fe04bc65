using System.Buffers;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>What is missing of one file, over several connections at once, each writing where its segment belongs.</summary>
/// <remarks>
/// A segment ends where the server ends it (RANG), where its bytes say how far it goes before they come, so that one which takes no notice of the range is found out;
/// else this side takes what it wants and aborts the transfer. Whether all is from one and the same file, its facts or its hash at the end must tell.
/// </remarks>
internal sealed class SegmentedDownload(ConnectionPool pool, string path, PartialFile file, long length, ProgressMeter meter)
{
    private const int BufferLength = 256 * 1024;

    /// <summary>What a killed client loses at most.</summary>
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(5);

    private FtpReply? _confirmation;

    /// <summary>Fetches it, and returns one of the server's confirmations, if there was one.</summary>
    /// <exception cref="FtpIntegrityException">The server's file ends before or after its length.</exception>
    public async Task<FtpReply?> RunAsync(int connections, CancellationToken cancellationToken)
    {
        (meter.Whole, meter.Resumed) = (length, file.Kept);
        meter.Enter(FtpPhase.Transferring);
        Segment[] segments = [.. SegmentPlan.Split(file.Missing(length), connections).Select(range => new Segment(range))];
        using var stop = new CancellationTokenSource();
        Task saving = SaveAsync(stop.Token);
        try
        {
            await new SegmentWork<Segment>(pool, FetchAsync).RunAsync(segments, connections, cancellationToken).ConfigureAwait(false);
        }
        catch (FtpIntegrityException e) when (e.Actual > e.Expected)
        {
            // It is not the file that was begun, or not from the byte on that was asked for.
            file.Forget();
            throw;
        }
        finally
        {
            meter.Tell();
            await stop.CancelAsync().ConfigureAwait(false);
            await saving.ConfigureAwait(false);
        }

        meter.Enter(FtpPhase.AwaitingReply);
        return _confirmation;
    }

    private async Task FetchAsync(FtpConnection connection, Segment segment, CancellationToken cancellationToken)
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
            _confirmation = reply.IsCompletion ? reply : throw new FtpReplyException(reply, data.CommandText);
            if (segment.At < segment.End)
            {
                throw new FtpIntegrityException(path, length, segment.At);
            }
        }
    }

    /// <summary>By RANG where the server ends the segment, and says so; by REST elsewhere and for the last, which ends with the file.</summary>
    private async Task<FtpDataStream> OpenAsync(FtpConnection connection, Segment segment, CancellationToken cancellationToken)
    {
        if (segment.End < length && connection.Features.Has("RANG") && !connection.Memory.RefusesRange
            && await TryOpenRangeAsync(connection, segment, cancellationToken).ConfigureAwait(false) is { } ranged)
        {
            segment.EndsByServer = true;
            return ranged;
        }

        segment.EndsByServer = false;
        return await connection.OpenDataAsync("RETR", path, segment.At, FtpDataDirection.Receive, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Null when the server has no ranges for RETR after all.</summary>
    private async Task<FtpDataStream?> TryOpenRangeAsync(FtpConnection connection, Segment segment, CancellationToken cancellationToken)
    {
        FtpDataStream data;
        try
        {
            data = await connection.OpenDataAsync(
                "RETR", path, segment.At, FtpDataDirection.Receive, deflate: false, cancellationToken, last: segment.End - 1).ConfigureAwait(false);
        }
        catch (FtpReplyException e) when (e.Command.StartsWith("RANG ", StringComparison.Ordinal))
        {
            connection.Memory.RefusesRange |= e.Reply.IsPermanentFailure;
            if (!connection.Memory.RefusesRange)
            {
                throw;
            }

            return null;
        }
        catch
        {
            // Some servers keep a range until a RETR uses it, and the next one on this connection may be another file's.
            connection.Break();
            throw;
        }

        if (data.AnnouncedLength == segment.End - segment.At)
        {
            return data;
        }

        connection.Memory.RefusesRange = true;
        await data.DisposeAsync().ConfigureAwait(false);
        return connection.IsUsable ? null : throw new FtpConnectionException(FtpConnectionPhase.Transfer, "the connection was given up with a transfer that had to be aborted");
    }

    /// <summary>Copies the segment, and returns whether the server has more to send than it.</summary>
    private async Task<bool> CopyAsync(FtpDataStream data, Segment segment, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            while (segment.At < segment.End)
            {
                int read = await data.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, segment.End - segment.At)), cancellationToken).ConfigureAwait(false);
                if (read == 0)
                {
                    return false;
                }

                file.Write(segment.At, buffer.AsSpan(0, read));
                segment.At += read;
                meter.Add(read);
            }

            bool endsByItself = segment.EndsByServer || segment.End == length;
            return !endsByItself || await data.ReadAsync(buffer.AsMemory(0, 1), cancellationToken).ConfigureAwait(false) > 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task SaveAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(SaveInterval);
        try
        {
            while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false))
            {
                file.SavePieces();
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
        public long At { get; set; } = range.Start;

        public long End => range.End;

        /// <summary>Whether the server was told where it ends.</summary>
        public bool EndsByServer { get; set; }
    }
}
