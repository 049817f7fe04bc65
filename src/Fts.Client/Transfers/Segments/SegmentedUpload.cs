using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Fts.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client;

/// <summary>
/// One file over several connections at once: parts under hidden names beside the target, which the server joins (COMB) under another hidden name. What came of that is
/// looked at before it takes the target's name in one step (RNTO), so that the target is what it was or all of the new one, and COMB never adds to a file that was there.
/// </summary>
internal sealed class SegmentedUpload(ConnectionPool pool, string path, SafeFileHandle source, long length, FtpTransferOptions options, ProgressMeter meter)
{
    private const int BufferLength = 128 * 1024;

    /// <summary>Longer names of targets are left out of those of their parts, and longer commands are not sent: file systems and servers have limits.</summary>
    private const int LongestStem = 100, LongestCommand = 3800, LongestSuffix = 48;

    /// <summary>A server that joins slower than this is given up.</summary>
    private const long LeastBytesPerSecond = 10_000_000;

    private readonly string _id = Guid.NewGuid().ToString("N")[..12];
    private readonly List<string> _made = [];

    /// <summary>Whether the server joins parts, and a command that names them all can be said.</summary>
    public static bool IsOffered(FtpConnection connection, string path, int parts) =>
        // How a quote would be written inside quotes, servers do not agree.
        connection.Features.Has("COMB") && !connection.Memory.RefusesParts && !path.Contains('"')
            && (Encoding.UTF8.GetByteCount(path) + LongestSuffix) * (parts + 1) <= LongestCommand;

    /// <summary>Sends it. When anything fails, the parts are removed, as far as the server can be reached.</summary>
    /// <exception cref="FtpReplyException">The server refuses; for good, where it might take the file in one go.</exception>
    public async Task<(FtpReply Reply, FtpVerified Verified)> RunAsync(int connections, CancellationToken cancellationToken)
    {
        Part[] parts = [.. SegmentPlan.Split([new ByteRange(0, length)], connections).Select(range => new Part(range))];
        meter.Enter(FtpPhase.Transferring);
        try
        {
            await new SegmentWork<Part>(pool, (connection, part, token) => SendAsync(connection, part, $"{Array.IndexOf(parts, part) + 1}-of-{parts.Length}", token))
                .RunAsync(parts, connections, cancellationToken).ConfigureAwait(false);
            meter.Enter(FtpPhase.AwaitingReply);
            if (RandomAccess.GetLength(source) is var now && now != length)
            {
                throw new FtpIntegrityException(path, now, length);
            }

            return await pool.RunAsync((connection, token) => JoinAsync(connection, parts, token), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            meter.Tell();
            if (cancellationToken.IsCancellationRequested)
            {
                // The cancelled call does not wait for the server.
                pool.RunInBackground(RemoveAfterAbortsAsync());
            }
            else
            {
                await RemoveAsync(pool.Options.Timeouts.Abort).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Each time under a new name: what is left of one that broke may still be stored, late.</summary>
    private async Task SendAsync(FtpConnection connection, Part part, string which, CancellationToken cancellationToken)
    {
        meter.Add(-part.Sent);
        part.Sent = 0;
        part.Name = NewName($"part-{which}{(part.Name.Length == 0 ? "" : "-again")}");
        FtpDataStream data = await connection.OpenDataAsync(
            "STOR", part.Name, 0, FtpDataDirection.Send, deflate: false, cancellationToken, allocate: part.Range.Length).ConfigureAwait(false);
        await using ConfiguredAsyncDisposable ownership = data.ConfigureAwait(false);
        await CopyAsync(data, part, cancellationToken).ConfigureAwait(false);
        FtpReply reply = await data.CompleteAsync(cancellationToken).ConfigureAwait(false);
        if (!reply.IsCompletion)
        {
            throw new FtpReplyException(reply, data.CommandText);
        }
    }

    private async Task CopyAsync(FtpDataStream data, Part part, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferLength);
        try
        {
            while (part.Sent < part.Range.Length)
            {
                long at = part.Range.Start + part.Sent;
                int read = RandomAccess.Read(source, buffer.AsSpan(0, (int)Math.Min(buffer.Length, part.Range.End - at)), at);
                await data.WriteAsync(buffer.AsMemory(0, read > 0 ? read : throw new FtpIntegrityException(path, length, at)), cancellationToken).ConfigureAwait(false);
                part.Sent += read;
                meter.Add(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<(FtpReply Reply, FtpVerified Verified)> JoinAsync(FtpConnection connection, Part[] parts, CancellationToken cancellationToken)
    {
        string whole = NewName("whole");
        string names = string.Join(' ', parts.Select(part => part.Name).Prepend(whole).Select(name => $"\"{name}\""));
        TimeSpan patience = connection.Options.Timeouts.FinalReply == Timeout.InfiniteTimeSpan
            ? Timeout.InfiniteTimeSpan
            : connection.Options.Timeouts.FinalReply + TimeSpan.FromSeconds(length / LeastBytesPerSecond);
        FtpReply joined = await connection.SendAsync("COMB", names, patience, cancellationToken).ConfigureAwait(false);
        if (!joined.IsCompletion)
        {
            throw new FtpReplyException(joined, "COMB");
        }

        FtpVerified verified = await VerifyAsync(connection, whole, cancellationToken).ConfigureAwait(false);
        if (!options.Overwrite && await RemoteFacts.FindAsync(connection, path, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new FtpTargetExistsException(path);
        }

        FtpReply first = await connection.SendAsync("RNFR", whole, cancellationToken).ConfigureAwait(false);
        FtpReply reply = first.IsIntermediate
            ? RemoteFacts.Expect(await connection.SendAsync("RNTO", path, cancellationToken).ConfigureAwait(false), "RNTO", path)
            : throw new FtpReplyException(first, $"RNFR {whole}");
        return (reply, verified);
    }

    private async Task<FtpVerified> VerifyAsync(FtpConnection connection, string whole, CancellationToken cancellationToken)
    {
        if (options.WantsHash(isResumed: false) && RemoteHash.IsOffered(connection.Features))
        {
            meter.Enter(FtpPhase.Verifying);
            bool? isSame = await ContentProof.CompareAsync(connection, whole, source, length, isWhole: true, cancellationToken).ConfigureAwait(false);
            if (isSame is { } answer)
            {
                return answer ? FtpVerified.Hash : throw FtpIntegrityException.OfContent(path, length);
            }

            if (options.RequiresHash)
            {
                throw FtpIntegrityException.OfMissingHash(path, length);
            }
        }

        return await RemoteFacts.ReadStoredLengthAsync(connection, whole, cancellationToken).ConfigureAwait(false) switch
        {
            null => FtpVerified.Reply,
            { } stored when stored == length => FtpVerified.Length,
            { } stored => throw new FtpIntegrityException(path, length, stored),
        };
    }

    private string NewName(string what)
    {
        string name = RemotePath.NameOf(path);
        string stem = Encoding.UTF8.GetByteCount(name) <= LongestStem ? $".{name}" : "";
        string made = RemotePath.Join(RemotePath.FolderOf(path), string.Create(CultureInfo.InvariantCulture, $"{stem}.{_id}.fts-{what}"));
        lock (_made)
        {
            _made.Add(made);
        }

        return made;
    }

    /// <summary>Removes the parts after all aborts have ended, because a part may not exist before.</summary>
    private async Task RemoveAfterAbortsAsync()
    {
        await pool.WaitForAbortsAsync().ConfigureAwait(false);
        await RemoveAsync(pool.Options.Timeouts.Abort).ConfigureAwait(false);
    }

    /// <summary>
    /// Sends all commands in one packet. Parts that COMB removed, as most servers do, are missing already. A part that cannot be removed
    /// is left under its hidden name.
    /// </summary>
    private async Task RemoveAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await pool.RunAsync((connection, token) => RemoveAsync(connection, patience, token), limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FtpException or OperationCanceledException or ObjectDisposedException)
        {
            pool.Log.PartsLeft(path, e.Message);
        }
    }

    private async Task<int> RemoveAsync(FtpConnection connection, TimeSpan patience, CancellationToken cancellationToken)
    {
        try
        {
            _made.ForEach(name => connection.Queue("DELE", name));
            await connection.FlushAsync(cancellationToken).ConfigureAwait(false);
            foreach (string _ in _made)
            {
                await connection.ReadReplyAsync(FtpConnectionPhase.Reply, patience, cancellationToken).ConfigureAwait(false);
            }

            return _made.Count;
        }
        catch
        {
            // Replies are still to come.
            connection.Break();
            throw;
        }
    }

    /// <summary>One connection's at a time.</summary>
    private sealed class Part(ByteRange range)
    {
        public ByteRange Range => range;

        /// <summary>Where it is now; empty before it was sent.</summary>
        public string Name { get; set; } = "";

        public long Sent { get; set; }
    }
}
