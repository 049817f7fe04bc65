using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Fts.Storage.Workers;

/// <summary>
/// Enumerates a listing on worker threads, because its enumerator can block. Each call on a worker thread reads many entries.
/// </summary>
internal sealed class WorkerListing(IAsyncEnumerable<FileEntry> entries, StoreWorkers workers)
    : IAsyncEnumerable<FileEntry>, IUnlistedNameReport
{
    /// <summary>The maximum number of entries that one call on a worker thread reads.</summary>
    private const int BatchSize = 64;

    public UnlistedNames Unlisted => entries is IUnlistedNameReport report ? report.Unlisted : default;

    public IAsyncEnumerator<FileEntry> GetAsyncEnumerator(CancellationToken cancellationToken = default) =>
        ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);

    private async IAsyncEnumerable<FileEntry> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var calls = new OrderedCalls(workers, TimeProvider.System);
        IAsyncEnumerator<FileEntry> source = await calls.RunAsync(
            (entries, cancellationToken), static x => x.entries.GetAsyncEnumerator(x.cancellationToken), DisposeLate, cancellationToken)
            .ConfigureAwait(false);
        try
        {
            Batch batch;
            do
            {
                batch = await calls.RunAsync(source, ReadBatch, discard: null, cancellationToken).ConfigureAwait(false);
                foreach (FileEntry entry in batch.Entries)
                {
                    yield return entry;
                }

                batch.Failure?.Throw();
                if (batch.PendingMove is { } pendingMove)
                {
                    batch = batch with { IsLast = !await pendingMove.ConfigureAwait(false) };
                    if (!batch.IsLast)
                    {
                        yield return source.Current;
                    }
                }
            }
            while (!batch.IsLast);
        }
        finally
        {
            ValueTask closing = await calls.RunCleanupAsync(source, static source => source.DisposeAsync()).ConfigureAwait(false);
            await closing.ConfigureAwait(false);
        }
    }

    /// <summary>Reads entries until the batch is full, the listing ends, or the store waits asynchronously.</summary>
    private static Batch ReadBatch(IAsyncEnumerator<FileEntry> source)
    {
        var read = new List<FileEntry>();
        try
        {
            while (read.Count < BatchSize)
            {
                ValueTask<bool> next = source.MoveNextAsync();
                if (!next.IsCompleted)
                {
                    return new Batch(read) { PendingMove = next.AsTask() };
                }

                if (!next.GetAwaiter().GetResult())
                {
                    return new Batch(read) { IsLast = true };
                }

                read.Add(source.Current);
            }

            return new Batch(read);
        }
        catch (Exception e)
        {
            // The entries before the failure are delivered first.
            return new Batch(read) { Failure = ExceptionDispatchInfo.Capture(e) };
        }
    }

    /// <summary>Disposes an enumerator that was created after its caller was cancelled.</summary>
    private static async void DisposeLate(IAsyncEnumerator<FileEntry> source)
    {
        try
        {
            await source.DisposeAsync().ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The caller no longer waits.
        }
    }

    /// <summary>The entries that one call on a worker thread has read.</summary>
    private readonly record struct Batch(List<FileEntry> Entries)
    {
        /// <summary>The task of the last <c>MoveNextAsync</c> if the enumerator waits asynchronously, otherwise null.</summary>
        public Task<bool>? PendingMove { get; init; }

        /// <summary>Whether the listing ends after these entries.</summary>
        public bool IsLast { get; init; }

        /// <summary>The exception that the enumerator threw after these entries, or null.</summary>
        public ExceptionDispatchInfo? Failure { get; init; }
    }
}
