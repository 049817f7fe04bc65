using System.Buffers;
using System.Threading.Channels;
using Fts.Client.Connections;
using Fts.Client.Downloads;
using Fts.Protocol;
using Fts.Protocol.Blocks;

namespace Fts.Client.Batch;

/// <summary>
/// Fetches files one after the other without waiting for each. Which of them come, the replies tell: a file whose 1yz was heard is the next in the stream. Each is a
/// pending file until its last block and its final reply are there, whichever comes second.
/// </summary>
internal sealed class BlockDownload(BlockPipeline pipeline, FtpTransferOptions options, bool requestsLastModified)
{
    /// <summary>What is larger is not lost for it: one that breaks off is kept.</summary>
    private const long MaxFileBytes = 1024 * 1024;

    private const int InputBufferBytes = 128 * 1024;

    private readonly Channel<BatchEntry> _startedEntries = Channel.CreateUnbounded<BatchEntry>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private readonly LocalTargetCheck _targetCheck = new();

    public Task RunAsync(IEnumerable<BatchEntry> files)
    {
        Task receiving = Task.Run(ReceiveAsync);
        return pipeline.RunAsync(
            ReceiveRestAsync(pipeline.ReadRepliesAsync(HandleReply), receiving), receiving, ReceiveRestAsync(Task.Run(() => RequestFilesAsync(files, receiving)), receiving));
    }

    /// <summary>
    /// If the control connection ends, for example by a 421, first receives the data of the transfers that the server confirmed before. RunAsync cancels
    /// the receiving as soon as one of its tasks fails.
    /// </summary>
    private async Task ReceiveRestAsync(Task control, Task receiving)
    {
        try
        {
            await control.ConfigureAwait(false);
        }
        catch (FtpConnectionException)
        {
            _startedEntries.Writer.TryComplete();
            await receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private async Task RequestFilesAsync(IEnumerable<BatchEntry> files, Task receiving)
    {
        foreach (BatchEntry file in files.Where(file => ShouldUseBlockMode(file) && CanWriteTarget(file)))
        {
            file.BeginAttempt();
            file.LastModified = options.PreserveLastModified ? file.File.SourceEntry?.LastModified?.UtcDateTime : null;
            try
            {
                if (requestsLastModified && file.LastModified is null)
                {
                    await pipeline.QueueCommandAsync("MDTM", file.File.RemotePath, file).ConfigureAwait(false);
                }

                await pipeline.QueueCommandAsync("RETR", file.File.RemotePath, file).ConfigureAwait(false);
            }
            catch (ArgumentException e)
            {
                file.Fail(e);
            }
        }

        await pipeline.WaitForRepliesAsync().ConfigureAwait(false);
        _startedEntries.Writer.TryComplete();
        await receiving.ConfigureAwait(false);
        await pipeline.LeaveBlockModeAsync().ConfigureAwait(false);
    }

    /// <summary>What is large, or was begun before, has a transfer of its own, which can be gone on with when it breaks off.</summary>
    private bool ShouldUseBlockMode(BatchEntry file) => options.Resume == FtpResume.Never || !(file.File.SourceEntry?.Length > MaxFileBytes || PartialDownloadFile.Exists(file.LocalPath));

    /// <summary>Says now what would fail later: a file that cannot be written here is not asked for.</summary>
    private bool CanWriteTarget(BatchEntry file)
    {
        string target = file.LocalPath;
        CatchLocalErrors(file, () =>
        {
            file.TargetMode = _targetCheck.Check(target);
            if (!options.Overwrite && File.Exists(target))
            {
                throw new FtpTargetExistsException(target);
            }
        });
        if (file.LocalException is { } failure)
        {
            file.Fail(failure);
        }

        return file.LocalException is null;
    }

    private async Task ReceiveAsync()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(InputBufferBytes);
        int start = 0, end = 0;
        await foreach (BatchEntry file in _startedEntries.Reader.ReadAllAsync(pipeline.Token).ConfigureAwait(false))
        {
            var reader = new BlockReader();
            CatchLocalErrors(file, () => file.StagingFile = new StagingFile(file.LocalPath, file.TargetMode)); // small: the whole file is fetched again after an interruption
            while (!reader.IsEndOfFile)
            {
                if (start == end)
                {
                    (start, end) = (0, await pipeline.ReceiveAsync(buffer).ConfigureAwait(false));
                }

                BlockReadResult piece = reader.Read(buffer.AsSpan(start, end - start));
                start += piece.ConsumedBytes;
                Write(file, buffer.AsSpan(start - piece.ContentBytes, piece.ContentBytes));
            }

            if (file.CompleteHalf())
            {
                FinishFile(file);
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    private void Write(BatchEntry file, ReadOnlySpan<byte> content)
    {
        file.Bytes += content.Length;
        if (file.AnnouncedLength is { } most && file.Bytes - most > pipeline.Limits.BytesBeyondReportedSize)
        {
            // A server that sends without end is not to fill a disk.
            var failure = new FtpIntegrityException(file.File.RemotePath, most, file.Bytes);
            file.Fail(failure);
            throw failure;
        }

        if (file.StagingFile is not { } pending || content.IsEmpty)
        {
            return;
        }

        try
        {
            pending.Write(content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file.LocalException = e; // the rest of it is read all the same, to get to the next
            file.Dispose();
        }
    }

    private void HandleReply(BatchEntry file, string verb, FtpReply reply)
    {
        if (verb == "MDTM")
        {
            file.LastModified = MetadataReply.ParseLastModified(reply);
        }
        else if (reply.IsPreliminary)
        {
            file.AnnouncedLength = ReplyText.ParseAnnouncedLength(reply.Text);
            _startedEntries.Writer.TryWrite(file);
        }
        else if (reply.IsCompletion)
        {
            file.FinalReply = reply;
            if (file.CompleteHalf())
            {
                FinishFile(file);
            }
        }
        else if (reply.Code is FtpReplyCode.CannotOpenDataConnection or FtpReplyCode.TransferAborted or FtpReplyCode.NotLoggedIn)
        {
            throw new FtpReplyException(reply, $"RETR {file.File.RemotePath}");
        }
        else
        {
            file.Fail(new FtpReplyException(reply, $"RETR {file.File.RemotePath}"));
        }
    }

    private void FinishFile(BatchEntry file)
    {
        CatchLocalErrors(file, () =>
        {
            // A growing file is longer than announced. The last block proves its end.
            if (file.AnnouncedLength is { } announced && announced > file.Bytes)
            {
                throw new FtpIntegrityException(file.File.RemotePath, announced, file.Bytes);
            }

            file.StagingFile?.Commit(file.LastModified, options.Overwrite);
            if (options.Resume == FtpResume.Never)
            {
                PartialDownloadFile.Delete(file.LocalPath); // nobody looked whether there is one
            }
        });
        if (file.LocalException is { } failure)
        {
            file.Fail(failure);
        }
        else
        {
            file.Succeed(file.FinalReply!, file.LastModified);
        }
    }

    private static void CatchLocalErrors(BatchEntry file, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FtpException)
        {
            file.LocalException ??= e;
        }
    }
}
