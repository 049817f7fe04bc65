using System.Collections.Concurrent;
using Fts.Storage;

namespace Fts.Server.Data;

/// <summary>
/// The uploads that are under way, by what they are for. A client whose connection died unnoticed comes back to continue while its old session still waits for
/// bytes: that one makes room for it, if it is the same uploader's and has stood still for a while.
/// </summary>
internal sealed class RunningUploads(TimeSpan standstill)
{
    /// <summary>For a transfer to end that was told to; it only has to notice.</summary>
    private static readonly TimeSpan Ending = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<(IFileStore Store, StorePath Path, string Uploader), Running> _uploads = new();

    /// <summary>Notes an upload; whoever did takes it out again with <see cref="Leave"/>. Of several for one name the first is known.</summary>
    public void Enter(Session session, StorePath path, long start) =>
        _uploads.TryAdd(KeyOf(session, path), new Running(session.Transfer!, start));

    /// <summary>The session's upload is over.</summary>
    public void Leave(Session session, StorePath path)
    {
        var key = KeyOf(session, path);
        if (_uploads.TryGetValue(key, out Running? running) && running.Transfer == session.Transfer)
        {
            _uploads.TryRemove(KeyValuePair.Create(key, running));
        }
    }

    /// <summary>How many bytes the uploader's own has that stands still; null where there is none.</summary>
    public long? StalledLength(Session session, StorePath path) => Stalled(session, path) is { } stalled ? stalled.Start + stalled.Transfer.Bytes : null;

    /// <summary>Ends the uploader's own that stands still, and waits until it has; false where there is none.</summary>
    public async ValueTask<bool> TryEndStalledAsync(Session session, StorePath path, CancellationToken cancellationToken)
    {
        if (Stalled(session, path) is not { } stalled)
        {
            return false;
        }

        stalled.Transfer.Abort(TransferEnd.TakenOver);
        await stalled.Transfer.Over.WaitAsync(Ending, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return stalled.Transfer.Over.IsCompleted;
    }

    private Running? Stalled(Session session, StorePath path) =>
        _uploads.TryGetValue(KeyOf(session, path), out Running? running) && Environment.TickCount64 - running.Transfer.LastProgress >= standstill.TotalMilliseconds ? running : null;

    private static (IFileStore, StorePath, string) KeyOf(Session session, StorePath path) => (session.Host.Store, path, session.Files!.Uploader);

    private sealed record Running(Transfer Transfer, long Start);
}
