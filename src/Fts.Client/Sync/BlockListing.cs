using System.Buffers;
using System.Threading.Channels;
using Fts.Client.Batch;
using Fts.Client.Connections;
using Fts.Client.Listings;
using Fts.Protocol;

namespace Fts.Client.Sync;

/// <summary>
/// Lists the directories of a mirror in block mode with pipelined MLSD commands. The listings arrive on the data connection in the order of
/// their preliminary replies. A directory is compared when its last block and its final reply have arrived, in either order.
/// </summary>
/// <remarks>
/// A directory that the server does not list is set aside in the queue, because another command may list it. After a failure,
/// <see cref="SetAsideUnfinished"/> sets aside the directories without a result.
/// </remarks>
internal sealed class BlockListing(
    BlockPipeline<BlockListing.RequestedListing> pipeline, MirrorPlanner planner, MirrorQueue queue, WireText text, FtpLimits limits)
{
    /// <summary>The directories with a preliminary reply, in the order in which their listings arrive.</summary>
    private readonly Channel<RequestedListing> _started =
        Channel.CreateUnbounded<RequestedListing>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });

    private readonly Lock _lock = new();
    private readonly HashSet<RequestedListing> _unfinished = []; // protected by _lock

    /// <summary>Lists and compares directories until the queue is empty.</summary>
    public Task RunAsync()
    {
        Task receiving = Task.Run(ReceiveAsync);
        return pipeline.RunAsync(pipeline.ReadRepliesAsync(HandleReply), receiving, Task.Run(() => RequestListingsAsync(receiving)));
    }

    /// <summary>
    /// Sets aside the directories that were taken from the queue and have no result yet. Called after <see cref="RunAsync"/> has ended.
    /// </summary>
    public void SetAsideUnfinished()
    {
        foreach (RequestedListing item in _unfinished.ToArray())
        {
            SetAside(item);
        }
    }

    private async Task RequestListingsAsync(Task receiving)
    {
        while (await TakeDirectoryAsync().ConfigureAwait(false) is { } directory)
        {
            var item = new RequestedListing(directory);
            lock (_lock)
            {
                _unfinished.Add(item);
            }

            try
            {
                await pipeline.QueueCommandAsync("MLSD", directory.Remote, item).ConfigureAwait(false);
            }
            catch (ArgumentException)
            {
                SetAside(item); // the separate listing of the directory throws the same exception
            }
        }

        await pipeline.WaitForRepliesAsync().ConfigureAwait(false);
        _started.Writer.TryComplete();
        await receiving.ConfigureAwait(false);
        await pipeline.LeaveBlockModeAsync().ConfigureAwait(false);
    }

    private async ValueTask<MirrorDirectory?> TakeDirectoryAsync()
    {
        if (queue.TryTake(out MirrorDirectory? directory))
        {
            return directory;
        }

        await pipeline.FlushAsync().ConfigureAwait(false);
        return await queue.TakeAsync(pipeline.Token).ConfigureAwait(false);
    }

    private async Task ReceiveAsync()
    {
        await foreach (RequestedListing item in _started.Reader.ReadAllAsync(pipeline.Token).ConfigureAwait(false))
        {
            var entries = new EntryReader(ListingCommand.Mlsd, item.Directory.Remote);
            var lines = new ListingLineSplitter(text, limits, line =>
            {
                entries.AddLine(line);
                AddEntries(item, entries);
            });
            await pipeline.ReceiveFileAsync(item, (content, _) => lines.Add(content)).ConfigureAwait(false);
            lines.Complete();
            entries.Complete();
            AddEntries(item, entries);
            RecordArrivalAndCompare(item);
        }
    }

    private void AddEntries(RequestedListing item, EntryReader entries)
    {
        while (entries.TryDequeue(out FtpEntry? entry))
        {
            item.Entries.Add(entry);
            planner.CountEntry();
        }
    }

    private void HandleReply(RequestedListing item, string verb, FtpReply reply)
    {
        if (reply.IsPreliminary)
        {
            _started.Writer.TryWrite(item);
        }
        else if (ListingReplies.IsConfirmation(reply))
        {
            RecordArrivalAndCompare(item);
        }
        else if (reply.Code is FtpReplyCode.CannotOpenDataConnection or FtpReplyCode.TransferAborted or FtpReplyCode.NotLoggedIn)
        {
            // These replies concern the connection, not the directory.
            throw new FtpReplyException(reply, $"{verb} {item.Directory.Remote}");
        }
        else
        {
            SetAside(item);
        }
    }

    /// <summary>
    /// Records that the content or the final reply of a listing is complete. Compares the directory if both are complete.
    /// </summary>
    private void RecordArrivalAndCompare(RequestedListing item)
    {
        if (!item.RecordArrival())
        {
            return;
        }

        if (planner.TryCompare(item.Directory, item.Entries) is not { } children)
        {
            SetAside(item);
        }
        else if (TryFinish(item))
        {
            queue.Complete(children);
        }
    }

    private void SetAside(RequestedListing item)
    {
        if (TryFinish(item))
        {
            planner.SubtractEntries(item.Entries.Count);
            queue.SetAside(item.Directory);
        }
    }

    /// <summary>Removes an item from the unfinished items. Returns false if the item was removed before.</summary>
    private bool TryFinish(RequestedListing item)
    {
        lock (_lock)
        {
            return _unfinished.Remove(item);
        }
    }

    /// <summary>A directory whose listing was requested.</summary>
    internal sealed class RequestedListing(MirrorDirectory directory)
    {
        private int _arrivedParts; // counts the content and the final reply

        public MirrorDirectory Directory => directory;

        public List<FtpEntry> Entries { get; } = [];

        /// <summary>Records that the content or the final reply is complete. Returns true if both are complete.</summary>
        public bool RecordArrival() => Interlocked.Increment(ref _arrivedParts) == 2;
    }
}
