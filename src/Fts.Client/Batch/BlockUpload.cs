using System.Buffers;
using System.Collections.Concurrent;
using Fts.Protocol;

namespace Fts.Client.Batch;

/// <summary>
/// Uploads small files in block mode with pipelined STOR commands. Each file is read into memory before its command is sent, so that a read
/// error cannot interrupt a transfer.
/// </summary>
/// <remarks>
/// The last-modified time is set after the positive final reply, because after a rejected upload MFMT would change the existing file.
/// </remarks>
internal sealed class BlockUpload(BlockPipeline<BatchEntry> pipeline, bool shouldSetLastModified)
{
    /// <summary>Larger files are separate transfers, which can be resumed.</summary>
    public const int MaxFileBytes = 256 * 1024;

    private readonly ConcurrentQueue<BatchEntry> _storedEntries = new();

    public Task RunAsync(IEnumerable<BatchEntry> files) =>
        pipeline.RunAsync(pipeline.ReadRepliesAsync(HandleReply), Task.Run(() => SendAsync(files)));

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
    /// Reads a file and returns its length. Returns null if the file is too large, is a pipe, or cannot be read. A read error is the result
    /// of the entry.
    /// </summary>
    private int? ReadContent(BatchEntry file, byte[] content)
    {
        try
        {
            if (LocalFileReader.TryRead(file.LocalPath, content) is not { } read)
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

    private async ValueTask SetLastModifiedTimesAsync()
    {
        while (_storedEntries.TryDequeue(out BatchEntry? file))
        {
            string argument = $"{WireTime.Format(file.LastModified!.Value)} {file.File.RemotePath}";
            await pipeline.QueueCommandAsync("MFMT", argument, file).ConfigureAwait(false);
        }
    }

    private void HandleReply(BatchEntry file, string verb, FtpReply reply)
    {
        if (verb == "MFMT" || reply.IsPreliminary)
        {
            return; // the file is stored, whether or not its time can be set
        }

        if (reply.IsCompletion)
        {
            file.Succeed(reply);
            if (file.LastModified is not null)
            {
                _storedEntries.Enqueue(file);
            }
        }
        else if (IsDesynchronizing(reply))
        {
            throw new FtpReplyException(reply, $"STOR {file.File.RemotePath}");
        }
        else
        {
            file.Fail(new FtpReplyException(reply, $"STOR {file.File.RemotePath}"));
        }
    }

    /// <summary>
    /// Returns whether the data connection cannot be used after this reply. Either it failed, or it may still contain the bytes of the
    /// rejected file, because the server did not read them.
    /// </summary>
    private static bool IsDesynchronizing(FtpReply reply) => (int)reply.Code is 425 or 426 or 521 or 522 or 530 or (>= 500 and < 505);
}
