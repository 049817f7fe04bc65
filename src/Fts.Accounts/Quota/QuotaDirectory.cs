using Fts.Storage;

namespace Fts.Accounts.Quota;

/// <summary>A directory with a quota, and its usage. All members are used only under the lock of the <see cref="QuotaLedger"/>.</summary>
internal sealed class QuotaDirectory(string path)
{
    private readonly Dictionary<string, QuotaLimit> _limits = new(StringComparer.Ordinal);
    private QuotaLimit _mostGenerous;
    private TaskCompletionSource _firstCount = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Path { get; } = path;

    public QuotaAmount Used { get; set; }

    public QuotaAmount Reserved { get; set; }

    public DateTimeOffset? CountedAt { get; set; }

    /// <summary>
    /// Completes after the first count. Until then <see cref="Used"/> is not the real usage. If a count fails, the task fails with a
    /// <see cref="StoreException"/> for the waiting uploads.
    /// </summary>
    public Task FirstCount => _firstCount.Task;

    /// <summary>Whether an account has a quota here.</summary>
    public bool HasLimits => _limits.Count > 0;

    /// <summary>The running count of the directory, or null.</summary>
    public QuotaCount? Count { get; set; }

    /// <summary>Records that the directory was counted. Waiting uploads continue.</summary>
    public void CompleteFirstCount()
    {
        RestartFirstCount();
        _firstCount.TrySetResult();
    }

    /// <summary>Records that a first count failed. Waiting uploads fail.</summary>
    public void FailFirstCount(StoreException reason)
    {
        _firstCount.TrySetException(reason);
        _ = _firstCount.Task.Exception; // perhaps no upload waits
    }

    /// <summary>After a failed first count, lets the next uploads wait for another one. Returns whether the last one had failed.</summary>
    public bool RestartFirstCount()
    {
        if (!_firstCount.Task.IsFaulted)
        {
            return false;
        }

        _firstCount = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return true;
    }

    /// <summary>Removes the limits of all accounts.</summary>
    public void ClearLimits()
    {
        _limits.Clear();
        _mostGenerous = default;
    }

    /// <summary>Sets the limit of an account whose home is this directory, or removes it (null).</summary>
    public void SetLimit(string account, QuotaLimit? limit)
    {
        if (limit is { } set)
        {
            _limits[account] = set;
        }
        else
        {
            _limits.Remove(account);
        }

        bool hasByteLimits = _limits.Count > 0 && _limits.Values.All(each => each.Bytes is not null);
        bool hasFileLimits = _limits.Count > 0 && _limits.Values.All(each => each.Files is not null);
        _mostGenerous = new QuotaLimit(
            hasByteLimits ? _limits.Values.Max(each => each.Bytes) : null,
            hasFileLimits ? _limits.Values.Max(each => each.Files) : null);
    }

    /// <summary>
    /// Returns the limit for an account: its own limit if this directory is its home, otherwise the most generous limit of the accounts
    /// whose home this directory is.
    /// </summary>
    public QuotaLimit GetLimit(string account) => _limits.TryGetValue(account, out QuotaLimit own) ? own : _mostGenerous;

    public QuotaUsage GetUsage(string account) => new(Path, Used, Reserved, GetLimit(account), CountedAt);
}
