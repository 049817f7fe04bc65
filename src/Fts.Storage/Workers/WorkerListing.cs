using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Fts.Storage.Workers;

/// <summary>
/// Reads a listing on worker threads, because its enumerator can block. One change of threads serves many entries.
/// </summary>
internal sealed class WorkerListing(IAsyncEnumerable<FileEntry> entries, StoreWorkers workers)
    : IAsyncEnumerable<FileEntry>, IUnlistedNameReport
{
    /// <summary>The maximum number of entries that are read ahead of the consumer.</summary>
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
                if (batch.Pending is { } pending)
                {
                    batch = batch with { IsLast = !await pending.ConfigureAwait(false) };
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
                    return new Batch(read) { Pending = next.AsTask() };
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

    private readonly record struct Batch(List<FileEntry> Entries)
    {
        /// <summary>The asynchronous rest of the last move, or null.</summary>
        public Task<bool>? Pending { get; init; }

        /// <summary>Whether the listing has ended.</summary>
        public bool IsLast { get; init; }

        /// <summary>The exception after the entries, or null.</summary>
        public ExceptionDispatchInfo? Failure { get; init; }
    }
}
