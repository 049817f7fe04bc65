using System.Collections.Concurrent;
using Fts.Server.Data;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Uploads;

/// <summary>
/// The uploads that are under way, by what they are for. A client whose connection died unnoticed comes back to continue while its old session still waits for
/// bytes: that one makes room for it, if it is the same uploader's and has stood still for a while.
/// </summary>
internal sealed class RunningUploads(TimeSpan takeoverDelay)
{
    /// <summary>For a transfer to end that was told to; it only has to notice.</summary>
    private static readonly TimeSpan AbortTimeout = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<(IFileStore Store, StorePath Path, string Uploader), RunningUpload> _uploads = new();

    /// <summary>Notes an upload; whoever did takes it out again with <see cref="Remove"/>. Of several for one name the first is known.</summary>
    public void Add(Session session, StorePath path, long start) =>
        _uploads.TryAdd(GetKey(session, path), new RunningUpload(session.Transfer!, start));

    /// <summary>The session's upload is over.</summary>
    public void Remove(Session session, StorePath path)
    {
        var key = GetKey(session, path);
        if (_uploads.TryGetValue(key, out RunningUpload? running) && running.Transfer == session.Transfer)
        {
            _uploads.TryRemove(KeyValuePair.Create(key, running));
        }
    }

    /// <summary>How many bytes the uploader's own has that stands still; null where there is none.</summary>
    public long? GetStalledLength(Session session, StorePath path) => FindStalled(session, path) is { } stalled ? stalled.StartOffset + stalled.Transfer.Bytes : null;

    /// <summary>Ends the uploader's own that stands still, and waits until it has; false where there is none.</summary>
    public async ValueTask<bool> TryAbortStalledAsync(Session session, StorePath path, CancellationToken cancellationToken)
    {
        if (FindStalled(session, path) is not { } stalled)
        {
            return false;
        }

        stalled.Transfer.Abort(TransferEndReason.Superseded);
        await stalled.Transfer.Completion.WaitAsync(AbortTimeout, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return stalled.Transfer.Completion.IsCompleted;
    }

    private RunningUpload? FindStalled(Session session, StorePath path) =>
        _uploads.TryGetValue(GetKey(session, path), out RunningUpload? running) && Environment.TickCount64 - running.Transfer.LastProgress >= takeoverDelay.TotalMilliseconds ? running : null;

    private static (IFileStore, StorePath, string) GetKey(Session session, StorePath path) => (session.Host.Store, path, session.Files!.Uploader);

    private sealed record RunningUpload(Transfer Transfer, long StartOffset);
}
