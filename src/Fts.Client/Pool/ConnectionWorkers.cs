namespace Fts.Client.Pool;

/// <summary>
/// Runs several workers that share work. The first worker starts immediately. Each additional worker starts when an additional connection
/// is open. A connection that the server refuses does not delay the other workers.
/// </summary>
internal static class ConnectionWorkers
{
    /// <summary>Runs the workers until all have returned.</summary>
    /// <param name="pool">The pool that opens the connections.</param>
    /// <param name="maxWorkers">The maximum number of workers.</param>
    /// <param name="work">Runs one worker, which acquires a connection from the pool and returns when no work is left.</param>
    /// <param name="cancellationToken">Cancels the workers.</param>
    /// <param name="waitUntilNeeded">
    /// Waits until there is work for an additional worker. Its first argument is the number of workers, including the additional one. Null
    /// if there is work for all workers.
    /// </param>
    public static async Task RunAsync(
        ConnectionPool pool,
        int maxWorkers,
        Func<CancellationToken, Task> work,
        CancellationToken cancellationToken,
        Func<int, CancellationToken, Task>? waitUntilNeeded = null)
    {
        using var opening = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] others = [.. Enumerable.Range(2, Math.Max(0, maxWorkers - 1)).Select(number => RunAdditionalAsync(number))];
        try
        {
            await work(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // No work is left, or a worker failed. Workers that still wait for a connection are not needed.
            await opening.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(others).ConfigureAwait(false);
        }

        async Task RunAdditionalAsync(int number)
        {
            try
            {
                await (waitUntilNeeded?.Invoke(number, opening.Token) ?? Task.CompletedTask).ConfigureAwait(false);
                if (!await pool.TryOpenAdditionalAsync(number, opening.Token).ConfigureAwait(false))
                {
                    return;
                }
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // The connection is no longer needed, or cannot be opened. The other workers do the work.
                return;
            }

            await work(cancellationToken).ConfigureAwait(false);
        }
    }
}
