using System.Collections.Concurrent;
using Fts.Server.Data;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Uploads;

/// <summary>The running uploads of all sessions. Thread-safe.</summary>
/// <remarks>
/// If the connection of a client fails unnoticed, the old session still waits for data when the client reconnects to resume the upload. If
/// the old upload belongs to the same uploader and has received no data for <paramref name="takeoverDelay"/>, the new session aborts it.
/// </remarks>
internal sealed class RunningUploads(TimeSpan takeoverDelay)
{
    /// <summary>How long a session waits for the end of another session's upload.</summary>
    private static readonly TimeSpan EndTimeout = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<UploadKey, RunningUpload> _uploads = new();

    /// <summary>
    /// Adds the upload that the session runs. The caller must call <see cref="Remove"/> at the end of the upload. Has no effect if an
    /// upload with the same key is already recorded.
    /// </summary>
    /// <param name="session">The session that runs the upload.</param>
    /// <param name="path">The target path.</param>
    /// <param name="startOffset">The offset in the file of the first received byte.</param>
    public void Add(Session session, StorePath path, long startOffset) =>
        _uploads.TryAdd(UploadKey.Create(session, path), new RunningUpload(session.Transfer!, startOffset));

    /// <summary>Removes the upload that the session runs. Uploads of other sessions stay recorded.</summary>
    public void Remove(Session session, StorePath path)
    {
        var key = UploadKey.Create(session, path);
        if (_uploads.TryGetValue(key, out RunningUpload? running) && running.Transfer == session.Transfer)
        {
            _uploads.TryRemove(KeyValuePair.Create(key, running));
        }
    }

    /// <summary>
    /// Returns the size in bytes that the file of a stalled upload has reached. Returns null if no upload of the same uploader has stalled.
    /// </summary>
    public long? GetStalledLength(Session session, StorePath path) =>
        FindStalled(session, path) is { } stalled ? stalled.StartOffset + stalled.Transfer.Bytes : null;

    /// <summary>
    /// If an upload of the same uploader is ending, waits at most ten seconds until it has been committed or kept as a partial upload.
    /// Without this wait, a client that reconnects immediately could not resume the upload.
    /// </summary>
    public ValueTask WaitForEndingAsync(Session session, StorePath path, CancellationToken cancellationToken) =>
        _uploads.TryGetValue(UploadKey.Create(session, path), out RunningUpload? running) && running.Transfer.IsEnding
            ? new(WaitAsync(running.Transfer, cancellationToken))
            : default;

    /// <summary>
    /// Aborts a stalled upload of the same uploader and waits for its end. Returns false if no upload has stalled, or if the stalled upload
    /// did not end within ten seconds.
    /// </summary>
    public async ValueTask<bool> TryAbortStalledAsync(Session session, StorePath path, CancellationToken cancellationToken)
    {
        if (FindStalled(session, path) is not { } stalled)
        {
            return false;
        }

        stalled.Transfer.Abort(AbortReason.Superseded);
        await WaitAsync(stalled.Transfer, cancellationToken);
        return stalled.Transfer.Completion.IsCompleted;
    }

    /// <summary>Waits until the transfer has ended, at most for <see cref="EndTimeout"/>. Throws only if the token is cancelled.</summary>
    private static async Task WaitAsync(Transfer ending, CancellationToken cancellationToken)
    {
        await ending.Completion.WaitAsync(EndTimeout, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Returns the upload of the same uploader to a path if that upload has stalled, or null.</summary>
    private RunningUpload? FindStalled(Session session, StorePath path) =>
        _uploads.TryGetValue(UploadKey.Create(session, path), out RunningUpload? running) &&
        !running.Transfer.IsCommitting &&
        Environment.TickCount64 - running.Transfer.LastProgressAt >= takeoverDelay.TotalMilliseconds
            ? running
            : null;

    private sealed record RunningUpload(Transfer Transfer, long StartOffset);
}
