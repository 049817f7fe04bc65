namespace Fts.Client.Pool;

/// <summary>
/// Work shared by as many connections as there may be. The first worker starts at once, each other when its connection is there: one that the server turns away, or
/// that never comes about, holds nothing up.
/// </summary>
internal static class ConnectionWorkers
{
    /// <summary>Runs the work until every worker has returned; a worker returns when there is nothing left for it.</summary>
    /// <param name="pool">Where the connections come from.</param>
    /// <param name="maxWorkers">The most that run at once.</param>
    /// <param name="work">One worker: takes what is to be done, piece by piece.</param>
    /// <param name="cancellationToken">Given to each worker.</param>
    public static async Task RunAsync(ConnectionPool pool, int maxWorkers, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        using var first = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] others = [.. Enumerable.Range(2, Math.Max(0, maxWorkers - 1)).Select(number => JoinAsync(number))];
        try
        {
            await work(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // Nothing is left for those that still wait for a connection.
            await first.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(others).ConfigureAwait(false);
        }

        async Task JoinAsync(int number)
        {
            try
            {
                if (!await pool.TryOpenAdditionalAsync(number, first.Token).ConfigureAwait(false))
                {
                    return;
                }
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // Not needed any more, or not to be had; what it was for, the others do.
                return;
            }

            await work(cancellationToken).ConfigureAwait(false);
        }
    }
}
