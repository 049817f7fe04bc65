using System.Buffers;
using System.Collections.Concurrent;
using Fts.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client;

/// <summary>
/// Sends small files one after the other without waiting for what the server says to each. A file is read whole before its command is sent: nothing can fail in the
/// middle of one. Its time is set once it is known to be stored, for a refused one would give it to the file that is there.
/// </summary>
internal sealed class BlockUpload(BlockPipeline pipeline, bool setsModified)
{
    /// <summary>Larger ones lose nothing by a connection of their own, and can be continued there.</summary>
    public const int MostBytes = 256 * 1024;

    private readonly ConcurrentQueue<BatchFile> _stored = new();

    public Task RunAsync(IEnumerable<BatchFile> files) => pipeline.RunAsync(pipeline.HearAsync(Hear), Task.Run(() => SendAsync(files)));

    private async Task SendAsync(IEnumerable<BatchFile> files)
    {
        byte[] content = ArrayPool<byte>.Shared.Rent(MostBytes + 1);
        try
        {
            foreach (BatchFile file in files)
            {
                if (Read(file, content) is { } length)
                {
                    await SendAsync(file, content.AsMemory(0, length)).ConfigureAwait(false);
                    await SetTimesAsync().ConfigureAwait(false);
                }
            }

            await pipeline.SettleAsync().ConfigureAwait(false);
            await SetTimesAsync().ConfigureAwait(false);
            await pipeline.EndAsync().ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(content);
        }
    }

    private async ValueTask SendAsync(BatchFile file, ReadOnlyMemory<byte> content)
    {
        file.Start();
        try
        {
            await pipeline.AskAsync("STOR", file.File.RemotePath, file).ConfigureAwait(false);
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
    private int? Read(BatchFile file, byte[] content)
    {
        try
        {
            using SafeFileHandle handle = File.OpenHandle(file.File.LocalPath);
            if (RandomAccess.GetLength(handle) > MostBytes)
            {
                return null;
            }

            int length = 0;
            for (int read; length <= MostBytes && (read = RandomAccess.Read(handle, content.AsSpan(length, MostBytes + 1 - length), length)) > 0;)
            {
                length += read;
            }

            file.Modified = setsModified ? File.GetLastWriteTimeUtc(handle) : null;
            return length <= MostBytes ? length : null;
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

    private async ValueTask SetTimesAsync()
    {
        while (_stored.TryDequeue(out BatchFile? file))
        {
            await pipeline.AskAsync("MFMT", $"{WireTime.Format(file.Modified!.Value)} {file.File.RemotePath}", file).ConfigureAwait(false);
        }
    }

    private void Hear(BatchFile file, string verb, FtpReply reply)
    {
        if (verb == "MFMT" || reply.IsPreliminary)
        {
            return; // what a server says to a time does not undo the file
        }

        if (reply.IsCompletion)
        {
            file.Succeed(reply);
            if (file.Modified is not null)
            {
                _stored.Enqueue(file);
            }
        }
        else if (LosesStep(reply))
        {
            throw new FtpReplyException(reply, $"STOR {file.File.RemotePath}");
        }
        else
        {
            file.Fail(new FtpReplyException(reply, $"STOR {file.File.RemotePath}"));
        }
    }

    /// <summary>The connection broke, or the line was never taken for an upload whose bytes are to be read.</summary>
    private static bool LosesStep(FtpReply reply) => (int)reply.Code is 425 or 426 or 521 or 522 or 530 or (>= 500 and < 505);
}
