using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using Fts.Client.Listings;
using Fts.Client.Pool;
using Fts.Client.Transfers;
using Fts.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Segments;

/// <summary>
/// Uploads a file over several connections, as segments under hidden names beside the target. The server joins the segments (COMB) under
/// another hidden name. The joined file is verified and then renamed to the target.
/// </summary>
/// <remarks>
/// The rename is atomic, so the target is either the old or the complete new file. The joined file has a new name, because COMB would
/// append to an existing file.
/// </remarks>
internal sealed class SegmentedUpload(
    ConnectionPool pool, string path, SafeFileHandle source, long length, FtpTransferOptions options, ProgressMeter meter)
{
    private const int BufferLength = 128 * 1024;

    /// <summary>
    /// The maximum length in bytes of a target name for which the names of the segments start with the target name. A longer target name is
    /// left out of the names of the segments.
    /// </summary>
    private const int MaxStemBytes = 100;

    /// <summary>The maximum length of a COMB command in bytes.</summary>
    private const int MaxCommandBytes = 3800;

    /// <summary>The maximum number of bytes by which the path of a segment, in quotes, exceeds the path of the target.</summary>
    private const int MaxSuffixBytes = 48;

    /// <summary>
    /// The minimum speed at which the server must join segments, in bytes per second. This speed determines the timeout of COMB.
    /// </summary>
    private const long MinBytesPerSecond = 10_000_000;

    private readonly string _id = Guid.NewGuid().ToString("N")[..12];
    private readonly List<string> _createdPaths = [];

    /// <summary>Returns whether the server can join segments, and one COMB command can contain the names of all segments.</summary>
    public static bool IsSupported(FtpConnection connection, string path, int segmentCount) =>
        // Servers differ in how they escape a quotation mark inside quotes.
        connection.Features.Supports("COMB") && !connection.ServerProfile.IsSegmentedUploadUnusable && !path.Contains('"')
            && (Encoding.UTF8.GetByteCount(path) + MaxSuffixBytes) * (segmentCount + 1) <= MaxCommandBytes;

    /// <summary>
    /// Uploads the file. Afterwards, even after a failure, deletes the remaining hidden files if the server is reachable.
    /// </summary>
    /// <exception cref="FtpReplyException">
    /// The server sent a negative reply. After a permanent negative reply, the server may still accept an upload over one connection.
    /// </exception>
    public async Task<(FtpReply Reply, FtpVerifiedBy Verified)> RunAsync(int connections, CancellationToken cancellationToken)
    {
        Segment[] segments = [.. SegmentPlan.SplitRanges([new ByteRange(0, length)], connections).Select(range => new Segment(range))];
        meter.EnterStage(FtpTransferStage.Transferring);
        try
        {
            var queue = new SegmentQueue<Segment>(
                pool,
                (connection, segment, token) =>
                    SendSegmentAsync(connection, segment, $"{Array.IndexOf(segments, segment) + 1}-of-{segments.Length}", token));
            await queue.RunAsync(segments, connections, cancellationToken).ConfigureAwait(false);
            meter.EnterStage(FtpTransferStage.AwaitingReply);
            if (RandomAccess.GetLength(source) is var now && now != length)
            {
                throw new FtpIntegrityException(path, now, length);
            }

            return await pool.RunAsync((connection, token) => CombineAsync(connection, segments, token), cancellationToken)
                .ConfigureAwait(false);
        }
        finally
        {
            meter.Report();
            if (cancellationToken.IsCancellationRequested)
            {
                // The cancelled call does not wait for the server.
                pool.TrackBackgroundTask(DeleteHiddenFilesAfterAbortsAsync());
            }
            else
            {
                await DeleteHiddenFilesAsync(pool.Options.Timeouts.Resync).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Uploads a segment. A retry uses another name, because the server may still store bytes of the first attempt.</summary>
    private async Task SendSegmentAsync(FtpConnection connection, Segment segment, string number, CancellationToken cancellationToken)
    {
        meter.AddBytes(-segment.SentBytes);
        segment.SentBytes = 0;
        segment.Attempts++;
        segment.Path = CreatePath(segment.Attempts == 1 ? $"part-{number}" : $"part-{number}-{segment.Attempts}");
        FtpDataStream data = await connection.OpenDataAsync(
            "STOR", segment.Path, 0, FtpDataDirection.Send, deflate: false, cancellationToken, announcedBytes: segment.Range.Length)
            .ConfigureAwait(false);
        await using ConfiguredAsyncDisposable ownership = data.ConfigureAwait(false);
        await CopyAsync(data, segment, cancellationToken).ConfigureAwait(false);
        FtpReply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
        if (!reply.IsCompletion)
        {
            throw new FtpReplyException(reply, data.CommandText);
        }
    }

    private async Task CopyAsync(FtpDataStream data, Segment segment, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            while (segment.SentBytes < segment.Range.Length)
            {
                long offset = segment.Range.Start + segment.SentBytes;
                int read = RandomAccess.Read(source, buffer.AsSpan(0, (int)Math.Min(buffer.Length, segment.Range.End - offset)), offset);
                if (read == 0)
                {
                    throw new FtpIntegrityException(path, length, offset);
                }

                await data.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                segment.SentBytes += read;
                meter.AddBytes(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Joins the segments (COMB), verifies the joined file, and renames it to the target.</summary>
    private async Task<(FtpReply Reply, FtpVerifiedBy Verified)> CombineAsync(
        FtpConnection connection, Segment[] segments, CancellationToken cancellationToken)
    {
        string joinedPath = CreatePath("whole");
        string names = string.Join(' ', segments.Select(segment => segment.Path).Prepend(joinedPath).Select(name => $"\"{name}\""));
        TimeSpan limit = connection.Options.Timeouts.FinalReply == Timeout.InfiniteTimeSpan
            ? Timeout.InfiniteTimeSpan
            : connection.Options.Timeouts.FinalReply + TimeSpan.FromSeconds(length / MinBytesPerSecond);
        FtpReply joined = await connection.SendAsync("COMB", names, limit, cancellationToken).ConfigureAwait(false);
        if (!joined.IsCompletion)
        {
            throw new FtpReplyException(joined, "COMB");
        }

        FtpVerifiedBy verified = await VerifyAsync(connection, joinedPath, cancellationToken).ConfigureAwait(false);
        if (!options.Overwrite && await RemoteMetadata.GetEntryAsync(connection, path, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new FtpTargetExistsException(path);
        }

        FtpReply first = await connection.SendAsync("RNFR", joinedPath, cancellationToken).ConfigureAwait(false);
        if (!first.IsIntermediate)
        {
            throw new FtpReplyException(first, $"RNFR {joinedPath}");
        }

        FtpReply second = await connection.SendAsync("RNTO", path, cancellationToken).ConfigureAwait(false);
        return (RemoteMetadata.RequireCompletion(second, "RNTO", path), verified);
    }

    private async Task<FtpVerifiedBy> VerifyAsync(FtpConnection connection, string joinedPath, CancellationToken cancellationToken)
    {
        if (options.ShouldVerifyByHash(isResumed: false) && RemoteHash.IsSupported(connection.Features))
        {
            meter.EnterStage(FtpTransferStage.Verifying);
            bool? isSame = await ContentComparison.CompareAsync(connection, joinedPath, source, length, isWhole: true, cancellationToken)
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

        return await RemoteMetadata.GetStoredLengthAsync(connection, joinedPath, cancellationToken).ConfigureAwait(false) switch
        {
            null => FtpVerifiedBy.Reply,
            { } stored when stored == length => FtpVerifiedBy.Length,
            { } stored => throw new FtpIntegrityException(path, length, stored),
        };
    }

    /// <summary>Returns a new hidden path beside the target, and records it for deletion.</summary>
    private string CreatePath(string suffix)
    {
        string name = RemotePath.GetName(path);
        string stem = Encoding.UTF8.GetByteCount(name) <= MaxStemBytes ? $".{name}" : "";
        string created = RemotePath.Join(RemotePath.GetParent(path), $"{stem}.{_id}.fts-{suffix}");
        lock (_createdPaths)
        {
            _createdPaths.Add(created);
        }

        return created;
    }

    /// <summary>
    /// Deletes the hidden files after all aborts have ended, because the server may create a file before the end of an abort.
    /// </summary>
    private async Task DeleteHiddenFilesAfterAbortsAsync()
    {
        await pool.WaitForBackgroundTasksAsync().ConfigureAwait(false);
        await DeleteHiddenFilesAsync(pool.Options.Timeouts.Resync).ConfigureAwait(false);
    }

    /// <summary>
    /// Deletes the segments and the joined file. A negative reply is ignored, because COMB deletes the segments on most servers, and a
    /// successful upload renames the joined file. A file that cannot be deleted remains under its hidden name.
    /// </summary>
    private async Task DeleteHiddenFilesAsync(TimeSpan limit)
    {
        using var budget = new CancellationTokenSource(limit);
        try
        {
            await pool.RunAsync((connection, token) => DeleteHiddenFilesAsync(connection, limit, token), budget.Token)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (e is FtpException or OperationCanceledException or ObjectDisposedException)
        {
            pool.Log.SegmentsNotDeleted(path, e.Message);
        }
    }

    private async Task<int> DeleteHiddenFilesAsync(FtpConnection connection, TimeSpan limit, CancellationToken cancellationToken)
    {
        try
        {
            // All commands are sent in one packet.
            _createdPaths.ForEach(name => connection.QueueCommand("DELE", name));
            await connection.FlushAsync(cancellationToken).ConfigureAwait(false);
            foreach (string _ in _createdPaths)
            {
                await connection.ReadReplyAsync(FtpOperationPhase.Reply, limit, cancellationToken).ConfigureAwait(false);
            }

            return _createdPaths.Count;
        }
        catch
        {
            // Not all replies were read, so the connection cannot be used again.
            connection.CloseImmediately();
            throw;
        }
    }

    /// <summary>The state of one segment. Only one connection uses it at a time.</summary>
    private sealed class Segment(ByteRange range)
    {
        public ByteRange Range => range;

        /// <summary>The remote path of the last attempt; empty before the first one.</summary>
        public string Path { get; set; } = "";

        public long SentBytes { get; set; }

        /// <summary>The number of attempts that have started.</summary>
        public int Attempts { get; set; }
    }
}
