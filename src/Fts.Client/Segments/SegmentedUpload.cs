using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Fts.Client.Listings;
using Fts.Client.Pool;
using Fts.Client.Transfers;
using Fts.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Segments;

/// <summary>
/// One file over several connections at once: parts under hidden names beside the target, which the server joins (COMB) under another hidden name. What came of that is
/// looked at before it takes the target's name in one step (RNTO), so that the target is what it was or all of the new one, and COMB never adds to a file that was there.
/// </summary>
internal sealed class SegmentedUpload(ConnectionPool pool, string path, SafeFileHandle source, long length, FtpTransferOptions options, ProgressMeter meter)
{
    private const int BufferLength = 128 * 1024;

    /// <summary>Longer names of targets are left out of those of their parts, and longer commands are not sent: file systems and servers have limits.</summary>
    private const int MaxStemBytes = 100, MaxCommandBytes = 3800, MaxSuffixBytes = 48;

    /// <summary>A server that joins slower than this is given up.</summary>
    private const long MinBytesPerSecond = 10_000_000;

    private readonly string _id = Guid.NewGuid().ToString("N")[..12];
    private readonly List<string> _createdPaths = [];

    /// <summary>Whether the server joins parts, and a command that names them all can be said.</summary>
    public static bool IsSupported(FtpConnection connection, string path, int parts) =>
        // How a quote would be written inside quotes, servers do not agree.
        connection.Features.Supports("COMB") && !connection.ServerProfile.IsSegmentedUploadUnusable && !path.Contains('"')
            && (Encoding.UTF8.GetByteCount(path) + MaxSuffixBytes) * (parts + 1) <= MaxCommandBytes;

    /// <summary>Sends it. When anything fails, the parts are removed, as far as the server can be reached.</summary>
    /// <exception cref="FtpReplyException">The server refuses; for good, where it might take the file in one go.</exception>
    public async Task<(FtpReply Reply, FtpVerifiedBy Verified)> RunAsync(int connections, CancellationToken cancellationToken)
    {
        Segment[] parts = [.. SegmentPlan.SplitRanges([new ByteRange(0, length)], connections).Select(range => new Segment(range))];
        meter.EnterStage(FtpTransferStage.Transferring);
        try
        {
            await new SegmentQueue<Segment>(pool, (connection, part, token) => SendSegmentAsync(connection, part, $"{Array.IndexOf(parts, part) + 1}-of-{parts.Length}", token))
                .RunAsync(parts, connections, cancellationToken).ConfigureAwait(false);
            meter.EnterStage(FtpTransferStage.AwaitingReply);
            if (RandomAccess.GetLength(source) is var now && now != length)
            {
                throw new FtpIntegrityException(path, now, length);
            }

            return await pool.RunAsync((connection, token) => CombineAsync(connection, parts, token), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            meter.Report();
            if (cancellationToken.IsCancellationRequested)
            {
                // The cancelled call does not wait for the server.
                pool.RunInBackground(DeleteSegmentsAfterAbortsAsync());
            }
            else
            {
                await DeleteSegmentsAsync(pool.Options.Timeouts.Resync).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Each time under a new name: what is left of one that broke may still be stored, late.</summary>
    private async Task SendSegmentAsync(FtpConnection connection, Segment part, string which, CancellationToken cancellationToken)
    {
        meter.AddBytes(-part.SentBytes);
        part.SentBytes = 0;
        part.Path = CreatePath($"part-{which}{(part.Path.Length == 0 ? "" : "-again")}");
        FtpDataStream data = await connection.OpenDataAsync(
            "STOR", part.Path, 0, FtpDataDirection.Send, deflate: false, cancellationToken, announcedBytes: part.Range.Length).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable ownership = data.ConfigureAwait(false);
        await CopyAsync(data, part, cancellationToken).ConfigureAwait(false);
        FtpReply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
        if (!reply.IsCompletion)
        {
            throw new FtpReplyException(reply, data.CommandText);
        }
    }

    private async Task CopyAsync(FtpDataStream data, Segment part, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            while (part.SentBytes < part.Range.Length)
            {
                long at = part.Range.Start + part.SentBytes;
                int read = RandomAccess.Read(source, buffer.AsSpan(0, (int)Math.Min(buffer.Length, part.Range.End - at)), at);
                await data.WriteAsync(buffer.AsMemory(0, read > 0 ? read : throw new FtpIntegrityException(path, length, at)), cancellationToken).ConfigureAwait(false);
                part.SentBytes += read;
                meter.AddBytes(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<(FtpReply Reply, FtpVerifiedBy Verified)> CombineAsync(FtpConnection connection, Segment[] parts, CancellationToken cancellationToken)
    {
        string whole = CreatePath("whole");
        string names = string.Join(' ', parts.Select(part => part.Path).Prepend(whole).Select(name => $"\"{name}\""));
        TimeSpan patience = connection.Options.Timeouts.FinalReply == Timeout.InfiniteTimeSpan
            ? Timeout.InfiniteTimeSpan
            : connection.Options.Timeouts.FinalReply + TimeSpan.FromSeconds(length / MinBytesPerSecond);
        FtpReply joined = await connection.SendAsync("COMB", names, patience, cancellationToken).ConfigureAwait(false);
        if (!joined.IsCompletion)
        {
            throw new FtpReplyException(joined, "COMB");
        }

        FtpVerifiedBy verified = await VerifyAsync(connection, whole, cancellationToken).ConfigureAwait(false);
        if (!options.Overwrite && await RemoteMetadata.GetEntryAsync(connection, path, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new FtpTargetExistsException(path);
        }

        FtpReply first = await connection.SendAsync("RNFR", whole, cancellationToken).ConfigureAwait(false);
        FtpReply reply = first.IsIntermediate
            ? RemoteMetadata.RequireCompletion(await connection.SendAsync("RNTO", path, cancellationToken).ConfigureAwait(false), "RNTO", path)
            : throw new FtpReplyException(first, $"RNFR {whole}");
        return (reply, verified);
    }

    private async Task<FtpVerifiedBy> VerifyAsync(FtpConnection connection, string whole, CancellationToken cancellationToken)
    {
        if (options.ShouldVerifyByHash(isResumed: false) && RemoteHash.IsSupported(connection.Features))
        {
            meter.EnterStage(FtpTransferStage.Verifying);
            bool? isSame = await ContentComparison.CompareAsync(connection, whole, source, length, isWhole: true, cancellationToken).ConfigureAwait(false);
            if (isSame is { } answer)
            {
                return answer ? FtpVerifiedBy.Hash : throw FtpIntegrityException.CreateContentMismatch(path, length);
            }

            if (options.IsHashRequired)
            {
                throw FtpIntegrityException.CreateHashUnavailable(path, length);
            }
        }

        return await RemoteMetadata.GetStoredLengthAsync(connection, whole, cancellationToken).ConfigureAwait(false) switch
        {
            null => FtpVerifiedBy.Reply,
            { } stored when stored == length => FtpVerifiedBy.Length,
            { } stored => throw new FtpIntegrityException(path, length, stored),
        };
    }

    private string CreatePath(string what)
    {
        string name = RemotePath.GetName(path);
        string stem = Encoding.UTF8.GetByteCount(name) <= MaxStemBytes ? $".{name}" : "";
        string made = RemotePath.Join(RemotePath.GetParent(path), string.Create(CultureInfo.InvariantCulture, $"{stem}.{_id}.fts-{what}"));
        lock (_createdPaths)
        {
            _createdPaths.Add(made);
        }

        return made;
    }

    /// <summary>Removes the parts after all aborts have ended, because a part may not exist before.</summary>
    private async Task DeleteSegmentsAfterAbortsAsync()
    {
        await pool.WaitForAbortsAsync().ConfigureAwait(false);
        await DeleteSegmentsAsync(pool.Options.Timeouts.Resync).ConfigureAwait(false);
    }

    /// <summary>
    /// Sends all commands in one packet. Parts that COMB removed, as most servers do, are missing already. A part that cannot be removed
    /// is left under its hidden name.
    /// </summary>
    private async Task DeleteSegmentsAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await pool.RunAsync((connection, token) => DeleteSegmentsAsync(connection, patience, token), limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FtpException or OperationCanceledException or ObjectDisposedException)
        {
            pool.Log.SegmentsNotDeleted(path, e.Message);
        }
    }

    private async Task<int> DeleteSegmentsAsync(FtpConnection connection, TimeSpan patience, CancellationToken cancellationToken)
    {
        try
        {
            _createdPaths.ForEach(name => connection.QueueCommand("DELE", name));
            await connection.FlushAsync(cancellationToken).ConfigureAwait(false);
            foreach (string _ in _createdPaths)
            {
                await connection.ReadReplyAsync(FtpOperationPhase.Reply, patience, cancellationToken).ConfigureAwait(false);
            }

            return _createdPaths.Count;
        }
        catch
        {
            // Replies are still to come.
            connection.CloseImmediately();
            throw;
        }
    }

    /// <summary>One connection's at a time.</summary>
    private sealed class Segment(ByteRange range)
    {
        public ByteRange Range => range;

        /// <summary>Where it is now; empty before it was sent.</summary>
        public string Path { get; set; } = "";

        public long SentBytes { get; set; }
    }
}
