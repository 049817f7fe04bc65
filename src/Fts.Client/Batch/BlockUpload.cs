using System.Buffers;
using System.Collections.Concurrent;
using Fts.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Batch;

/// <summary>
/// Sends small files one after the other without waiting for what the server says to each. A file is read whole before its command is sent: nothing can fail in the
/// middle of one. Its time is set once it is known to be stored, for a refused one would give it to the file that is there.
/// </summary>
internal sealed class BlockUpload(BlockPipeline pipeline, bool setsLastModified)
{
    /// <summary>Larger ones lose nothing by a connection of their own, and can be continued there.</summary>
    public const int MaxFileBytes = 256 * 1024;

    private readonly ConcurrentQueue<BatchEntry> _storedEntries = new();

    public Task RunAsync(IEnumerable<BatchEntry> files) => pipeline.RunAsync(pipeline.ReadRepliesAsync(HandleReply), Task.Run(() => SendAsync(files)));

    private async Task SendAsync(IEnumerable<BatchEntry> files)
    {
        byte[] content = ArrayPool<byte>.Shared.Rent(MaxFileBytes + 1);
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

    /// <summary>The file's content; null where there is none to send here.</summary>
    private int? ReadContent(BatchEntry file, byte[] content)
    {
        try
        {
            using SafeFileHandle handle = File.OpenHandle(file.File.LocalPath);
            if (RandomAccess.GetLength(handle) > MaxFileBytes)
            {
                return null;
            }

            int length = 0;
            for (int read; length <= MaxFileBytes && (read = RandomAccess.Read(handle, content.AsSpan(length, MaxFileBytes + 1 - length), length)) > 0;)
            {
                length += read;
            }

            file.LastModified = setsLastModified ? File.GetLastWriteTimeUtc(handle) : null;
            return length <= MaxFileBytes ? length : null;
        }
        catch (NotSupportedException)
        {
            return null; // a pipe, which has no length, and can be read once
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file.Fail(e);
            return null;
        }
    }

    private async ValueTask SetLastModifiedTimesAsync()
    {
        while (_storedEntries.TryDequeue(out BatchEntry? file))
        {
            await pipeline.QueueCommandAsync("MFMT", $"{WireTime.Format(file.LastModified!.Value)} {file.File.RemotePath}", file).ConfigureAwait(false);
        }
    }

    private void HandleReply(BatchEntry file, string verb, FtpReply reply)
    {
        if (verb == "MFMT" || reply.IsPreliminary)
        {
            return; // what a server says to a time does not undo the file
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

    /// <summary>The connection broke, or the line was never taken for an upload whose bytes are to be read.</summary>
    private static bool IsDesynchronizing(FtpReply reply) => (int)reply.Code is 425 or 426 or 521 or 522 or 530 or (>= 500 and < 505);
}
