using Fts.Storage;

namespace Fts.Accounts.Recording;

/// <summary>Counts the directories with a quota in the background: new ones, and those whose last count is too old.</summary>
/// <param name="records">The records of the server.</param>
/// <param name="maxAge">How old a count may become.</param>
/// <param name="countsAllFirst">Whether all directories are counted once at the start, because the last process was killed.</param>
internal sealed class QuotaCounter(AccountRecords records, TimeSpan maxAge, bool countsAllFirst) : IDisposable
{
    /// <summary>The time between two searches for old counts.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _wake = new(0);
    private readonly HashSet<string> _countedNow = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _failures = new(StringComparer.Ordinal); // the reasons of the last counts that failed
    private readonly DateTimeOffset _startedAt = records.Clock.GetUtcNow();

    /// <summary>Searches for directories to count now.</summary>
    public void Wake() => _wake.Release();

    /// <summary>Counts until the token is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            foreach (string directory in records.Ledger.Directories)
            {
                if (IsDue(directory))
                {
                    await CountAsync(directory, cancellationToken).ConfigureAwait(false);
                }
            }

            await WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public void Dispose() => _wake.Dispose();

    private bool IsDue(string directory)
    {
        DateTimeOffset? countedAt = records.Ledger.GetUsage(directory, "")?.CountedAt;
        return countedAt is not { } counted
            || (countsAllFirst && counted < _startedAt && !_countedNow.Contains(directory))
            || records.Clock.GetUtcNow() - counted > maxAge;
    }

    private async Task CountAsync(string directory, CancellationToken cancellationToken)
    {
        try
        {
            await records.RecountAsync(directory, cancellationToken).ConfigureAwait(false);
            _countedNow.Add(directory);
            _failures.Remove(directory);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Uploads that wait for the first count fail, and the next upload requests another count.
            if (_failures.GetValueOrDefault(directory) != e.Message)
            {
                RecordLog.CountFailed(records.Logger, directory, e.Message); // a missing directory can fail each minute
            }

            _failures[directory] = e.Message;
            var reason = new StoreException(StoreError.Busy, $"The quota of {directory} cannot be counted: {e.Message}")
            {
                Rule = RuleNames.QuotaCount,
                Explanation = $"The files of the quota cannot be counted now ({RuleNames.QuotaCount}). Try again later.",
            };
            records.Ledger.WithDirectory(directory, found =>
            {
                found.FailFirstCount(reason);
                return true;
            });
        }
    }

    private async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task woken = _wake.WaitAsync(waiting.Token);
        await Task.WhenAny(woken, Task.Delay(Interval, records.Clock, waiting.Token)).ConfigureAwait(false);
        await waiting.CancelAsync().ConfigureAwait(false);
        await woken.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }
}
