using System.Buffers;
using System.Collections.Concurrent;
using Fts.Protocol;

namespace Fts.Client.Batch;

/// <summary>
/// Uploads small files in block mode with pipelined STOR commands. Each file is read into memory before its command is sent, so that a read
/// error cannot interrupt a transfer.
/// </summary>
/// <remarks>
/// MFMT is sent only after a positive final reply. After a rejected upload, MFMT would change the last-modified time of a file that already
/// existed.
/// </remarks>
internal sealed class BlockUpload(BlockPipeline<BatchEntry> pipeline, bool shouldSetLastModified)
{
    /// <summary>
    /// The maximum length in bytes of a file in block mode. Larger files are uploaded separately, so that they can be resumed.
    /// </summary>
    public const int MaxFileBytes = 256 * 1024;

    private readonly ConcurrentQueue<BatchEntry> _storedEntries = new(); // their last-modified time is not set yet

    /// <summary>
    /// Uploads the files that are suitable for block mode, and leaves block mode. Pipes and files longer than <see cref="MaxFileBytes"/>
    /// get no result.
    /// </summary>
    public Task RunAsync(IEnumerable<BatchEntry> files) =>
        pipeline.RunAsync(pipeline.ReadRepliesAsync(HandleReply), Task.Run(() => SendAsync(files)));

    /// <summary>Sends all suitable files, waits for the replies, and leaves block mode.</summary>
    private async Task SendAsync(IEnumerable<BatchEntry> files)
    {
        byte[] content = ArrayPool<byte>.Shared.Rent(MaxFileBytes + 1); // one byte more, to detect larger files
        try
        {
            foreach (BatchEntry file in files)
            {
                if (ReadContent(file, content) is { } length)
                {
                    await SendAsync(file, content.AsMemory(0, length)).ConfigureAwait(false);
                    await SetLastModifiedTimesAsync().ConfigureAwait(false);
                }
            }

            await pipeline.WaitForRepliesAsync().ConfigureAwait(false);
            await SetLastModifiedTimesAsync().ConfigureAwait(false);
            await pipeline.LeaveBlockModeAsync().ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(content);
        }
    }

    /// <summary>Sends STOR and the content of one file.</summary>
    private async ValueTask SendAsync(BatchEntry file, ReadOnlyMemory<byte> content)
    {
        file.BeginAttempt();
        try
        {
            await pipeline.QueueCommandAsync("STOR", file.File.RemotePath, file).ConfigureAwait(false);
        }
        catch (ArgumentException e)
        {
            file.Fail(e);
            return;
        }

        file.Bytes = content.Length;
        await pipeline.SendFileAsync(content).ConfigureAwait(false);
    }

    /// <summary>
    /// Reads a file into the buffer and returns the length of the file in bytes. Returns null if the file is too large, is a pipe, or
    /// cannot be read. A read error becomes the result of the entry.
    /// </summary>
    private int? ReadContent(BatchEntry file, byte[] content)
    {
        try
        {
            if (LocalFileReader.ReadSmallFile(file.LocalPath, content) is not { } read)
            {
                return null;
            }

            file.LastModified = shouldSetLastModified ? read.LastModified : null;
            return read.Length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            file.Fail(e);
            return null;
        }
    }

    /// <summary>Sends MFMT for the stored files whose last-modified time is not set yet.</summary>
    private async ValueTask SetLastModifiedTimesAsync()
    {
        while (_storedEntries.TryDequeue(out BatchEntry? file))
        {
            string argument = $"{WireTime.Format(file.LastModified!.Value)} {file.File.RemotePath}";
            await pipeline.QueueCommandAsync("MFMT", argument, file).ConfigureAwait(false);
        }
    }

    /// <summary>Processes a reply to STOR or MFMT.</summary>
    private void HandleReply(BatchEntry file, string verb, FtpReply reply)
    {
        if (verb == "MFMT" || reply.IsPreliminary)
        {
            return; // a negative reply to MFMT is ignored, because the file is stored
        }

        if (reply.IsCompletion)
        {
            file.Succeed(reply);
            if (file.LastModified is not null)
            {
                _storedEntries.Enqueue(file);
            }
        }
        else if (IsDataConnectionUnusable(reply))
        {
            throw new FtpReplyException(reply, $"STOR {file.File.RemotePath}");
        }
        else
        {
            file.Fail(new FtpReplyException(reply, $"STOR {file.File.RemotePath}"));
        }
    }

    /// <summary>
    /// Returns whether the data connection is unusable after this negative reply. Either the data connection failed, or the server has not
    /// read the bytes of the rejected file and would mistake them for the next file. After any other negative reply, the data connection
    /// stays usable, because the server reads these bytes to the end (DRAIN).
    /// </summary>
    private static bool IsDataConnectionUnusable(FtpReply reply) =>
        (int)reply.Code is 425 or 426 or 521 or 522 or 530 or (>= 500 and < 505);
}
