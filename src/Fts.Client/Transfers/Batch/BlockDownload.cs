using System.Buffers;
using System.Threading.Channels;
using Fts.Protocol;
using Fts.Protocol.Blocks;

namespace Fts.Client;

/// <summary>
/// Fetches files one after the other without waiting for each. Which of them come, the replies tell: a file whose 1yz was heard is the next in the stream. Each is a
/// pending file until its last block and its final reply are there, whichever comes second.
/// </summary>
internal sealed class BlockDownload(BlockPipeline pipeline, FtpTransferOptions options, bool asksModified)
{
    /// <summary>What is larger is not lost for it: one that breaks off is kept.</summary>
    private const long MostBytes = 1024 * 1024;

    private const int InputBytes = 128 * 1024;

    private readonly Channel<BatchFile> _coming = Channel.CreateUnbounded<BatchFile>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private readonly TargetCheck _targets = new();

    public Task RunAsync(IEnumerable<BatchFile> files)
    {
        Task receiving = Task.Run(ReceiveAsync);
        return pipeline.RunAsync(
            ReceiveRestAsync(pipeline.HearAsync(Hear), receiving), receiving, ReceiveRestAsync(Task.Run(() => AskAsync(files, receiving)), receiving));
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
            _coming.Writer.TryComplete();
            await receiving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }

    private async Task AskAsync(IEnumerable<BatchFile> files, Task receiving)
    {
        foreach (BatchFile file in files.Where(file => IsForBlocks(file) && CanTake(file)))
        {
            file.Start();
            file.Modified = options.KeepModified ? file.File.Known?.Modified : null;
            try
            {
                if (asksModified && file.Modified is null)
                {
                    await pipeline.AskAsync("MDTM", file.File.RemotePath, file).ConfigureAwait(false);
                }

                await pipeline.AskAsync("RETR", file.File.RemotePath, file).ConfigureAwait(false);
            }
            catch (ArgumentException e)
            {
                file.Fail(e);
            }
        }

        await pipeline.SettleAsync().ConfigureAwait(false);
        _coming.Writer.TryComplete();
        await receiving.ConfigureAwait(false);
        await pipeline.EndAsync().ConfigureAwait(false);
    }

    /// <summary>What is large, or was begun before, has a transfer of its own, which can be gone on with when it breaks off.</summary>
    private bool IsForBlocks(BatchFile file) => options.Resume == FtpResume.Never || !(file.File.Known?.Length > MostBytes || PartialFile.IsThere(file.LocalPath));

    /// <summary>Says now what would fail later: a file that cannot be written here is not asked for.</summary>
    private bool CanTake(BatchFile file)
    {
        string target = file.LocalPath;
        Locally(file, () =>
        {
            file.TargetMode = _targets.Check(target);
            if (!options.Overwrite && File.Exists(target))
            {
                throw new FtpTargetExistsException(target);
            }
        });
        if (file.LocalFailure is { } failure)
        {
            file.Fail(failure);
        }

        return file.LocalFailure is null;
    }

    private async Task ReceiveAsync()
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(InputBytes);
        int start = 0, end = 0;
        await foreach (BatchFile file in _coming.Reader.ReadAllAsync(pipeline.Token).ConfigureAwait(false))
        {
            var reader = new BlockReader();
            Locally(file, () => file.Pending = new OneOffFile(file.LocalPath, file.TargetMode)); // small: the whole file is fetched again after an interruption
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

            if (file.HasBothHalves())
            {
                Finish(file);
            }
        }

        ArrayPool<byte>.Shared.Return(buffer);
    }

    private void Write(BatchFile file, ReadOnlySpan<byte> content)
    {
        file.Bytes += content.Length;
        if (file.Announced is { } most && file.Bytes - most > pipeline.Limits.BytesBeyondReportedSize)
        {
            // A server that sends without end is not to fill a disk.
            var failure = new FtpIntegrityException(file.File.RemotePath, most, file.Bytes);
            file.Fail(failure);
            throw failure;
        }

        if (file.Pending is not { } pending || content.IsEmpty)
        {
            return;
        }

        try
        {
            pending.Write(content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file.LocalFailure = e; // the rest of it is read all the same, to get to the next
            file.Dispose();
        }
    }

    private void Hear(BatchFile file, string verb, FtpReply reply)
    {
        if (verb == "MDTM")
        {
            file.Modified = MetadataReply.ParseLastModified(reply);
        }
        else if (reply.IsPreliminary)
        {
            file.Announced = ReplyWords.AnnouncedIn(reply.Text);
            _coming.Writer.TryWrite(file);
        }
        else if (reply.IsCompletion)
        {
            file.Final = reply;
            if (file.HasBothHalves())
            {
                Finish(file);
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

    private void Finish(BatchFile file)
    {
        Locally(file, () =>
        {
            // A growing file is longer than announced. The last block proves its end.
            if (file.Announced is { } announced && announced > file.Bytes)
            {
                throw new FtpIntegrityException(file.File.RemotePath, announced, file.Bytes);
            }

            file.Pending?.Commit(file.Modified, options.Overwrite);
            if (options.Resume == FtpResume.Never)
            {
                PartialFile.Remove(file.LocalPath); // nobody looked whether there is one
            }
        });
        if (file.LocalFailure is { } failure)
        {
            file.Fail(failure);
        }
        else
        {
            file.Succeed(file.Final!, file.Modified);
        }
    }

    private static void Locally(BatchFile file, Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FtpException)
        {
            file.LocalFailure ??= e;
        }
    }
}
