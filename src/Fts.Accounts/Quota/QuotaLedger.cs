using System.Globalization;
using Fts.Accounts.Recording;
using Fts.Storage;

namespace Fts.Accounts.Quota;

/// <summary>
/// The usage of all directories with a quota, and the limits of the accounts. Thread-safe. No call waits, except for the first count of a
/// directory.
/// </summary>
/// <remarks>
/// A quota belongs to a directory. All files below the directory count, whichever account wrote them. A directory can contain another
/// directory with a quota. A file there counts in both.
/// </remarks>
public sealed class QuotaLedger
{
    private readonly Lock _lock = new();
    private volatile Dictionary<string, QuotaDirectory> _directories = new(StringComparer.Ordinal); // replaced, never changed

    /// <summary>The real paths of all directories with a quota.</summary>
    public IReadOnlyCollection<string> Directories => _directories.Keys;

    internal bool IsEmpty => _directories.Count == 0;

    /// <summary>
    /// The number of directories that were moved from one directory with a quota to another. An upload compares it at its start and at its
    /// commit.
    /// </summary>
    internal long MoveCount { get; private set; }

    /// <summary>Sets or removes (null) the limit of an account on its home directory.</summary>
    /// <param name="account">The name of the account.</param>
    /// <param name="directory">The real path of its home directory, without a trailing slash.</param>
    /// <param name="limit">The limit, or null for none.</param>
    /// <remarks>A limit of a directory that was never counted takes effect after its first count.</remarks>
    public void SetLimit(string account, string directory, QuotaLimit? limit)
    {
        ArgumentNullException.ThrowIfNull(account);
        ArgumentException.ThrowIfNullOrEmpty(directory);
        QuotaLimit? wanted = limit is { IsUnlimited: false } ? limit : null;
        lock (_lock)
        {
            if (!_directories.TryGetValue(directory, out QuotaDirectory? found))
            {
                if (wanted is null)
                {
                    return;
                }

                found = Add(directory);
            }

            found.SetLimit(account, wanted);
        }
    }

    /// <summary>Replaces the limits of all accounts. A directory without limits keeps its usage.</summary>
    /// <param name="quotas">The account, the real path of its home directory, and the limit, for each account with a quota.</param>
    public void SetLimits(IReadOnlyCollection<AccountQuota> quotas)
    {
        ArgumentNullException.ThrowIfNull(quotas);
        lock (_lock)
        {
            foreach (QuotaDirectory directory in _directories.Values)
            {
                directory.ClearLimits();
            }

            foreach (AccountQuota quota in quotas)
            {
                SetLimit(quota.Account, quota.Home, quota.Limit);
            }
        }
    }

    /// <summary>Returns the usage of a directory and the limit of an account there, or null if the directory has no quota.</summary>
    public QuotaUsage? GetUsage(string directory, string account)
    {
        lock (_lock)
        {
            return _directories.TryGetValue(directory, out QuotaDirectory? found) ? found.GetUsage(account) : null;
        }
    }

    /// <summary>Returns the rest of the smallest quota in bytes that contains a location, or null if no quota limits it.</summary>
    internal long? GetFreeBytes(string location, string account)
    {
        long? free = null;
        lock (_lock)
        {
            foreach (QuotaDirectory directory in Find(location))
            {
                if (directory.GetLimit(account).Bytes is { } limit)
                {
                    long rest = Math.Max(0, limit - directory.Used.Bytes - directory.Reserved.Bytes);
                    free = Math.Min(free ?? rest, rest);
                }
            }
        }

        return free;
    }

    /// <summary>Returns the directories with a quota that contain a location: the real path of a file or directory.</summary>
    internal QuotaDirectory[] Find(string location)
    {
        Dictionary<string, QuotaDirectory> directories = _directories;
        if (directories.Count == 0)
        {
            return [];
        }

        List<QuotaDirectory>? found = null;
        Dictionary<string, QuotaDirectory>.AlternateLookup<ReadOnlySpan<char>> lookup =
            directories.GetAlternateLookup<ReadOnlySpan<char>>();
        for (int end = location.Length > 1 ? location.Length : 0; end >= 0; end = end == 0 ? -1 : location.LastIndexOf('/', end - 1))
        {
            if (lookup.TryGetValue(end == 0 ? "/" : location.AsSpan(0, end), out QuotaDirectory? directory))
            {
                (found ??= []).Add(directory);
            }
        }

        return found?.ToArray() ?? [];
    }

    /// <summary>
    /// Returns the directories with a quota that contain a location. If the store ignores case there, also those in the same store whose
    /// names are spelled in another way.
    /// </summary>
    /// <param name="location">The location.</param>
    /// <param name="path">The path of the location in the store.</param>
    /// <param name="store">The store.</param>
    internal QuotaDirectory[] Find(StoreLocation location, StorePath path, IFileStore store)
    {
        QuotaDirectory[] found = Find(location.FullPath);
        StorePath compared = store.GetComparisonPath(path), upper = path.IsRoot ? path : path.Parent.Child("A");
        if (store.GetComparisonPath(upper) == upper)
        {
            return found;
        }

        StorePath top = path; // the path of the directory of the location in the store
        for (StorePath below = location.Path; !below.IsRoot; below = below.Parent)
        {
            top = top.Parent;
        }

        string prefix = location.Directory == "/" ? "/" : location.Directory + "/";
        return
        [
            .. found,
            .. _directories.Values.Where(directory => directory.Path.Length > prefix.Length
                && directory.Path.StartsWith(prefix, StringComparison.Ordinal) && !found.Contains(directory)
                && top.Resolve(directory.Path[prefix.Length..]) is { } nested && compared.IsWithin(store.GetComparisonPath(nested))),
        ];
    }

    /// <summary>Called if an upload needs the count of a directory whose last first count failed. Set once, before uploads.</summary>
    internal Action? CountNeeded { get; set; }

    /// <summary>Waits until all directories were counted once. If an earlier count failed, requests another one.</summary>
    /// <exception cref="StoreException">A directory cannot be counted now (<see cref="RuleNames.QuotaCount"/>).</exception>
    internal ValueTask WaitForCountAsync(QuotaDirectory[] directories, CancellationToken cancellationToken)
    {
        if (directories.Length == 0)
        {
            return default;
        }

        Task[] pending;
        bool isRestarted = false;
        lock (_lock)
        {
            foreach (QuotaDirectory directory in directories)
            {
                isRestarted |= directory.RestartFirstCount();
            }

            pending = [.. directories.Where(each => !each.FirstCount.IsCompleted).Select(each => each.FirstCount)];
        }

        if (isRestarted)
        {
            CountNeeded?.Invoke();
        }

        return pending.Length == 0 ? default : new(Task.WhenAll(pending).WaitAsync(cancellationToken));
    }

    /// <summary>Sets the stored usage of a directory before the server starts.</summary>
    internal void Restore(string directory, QuotaAmount used, DateTimeOffset? countedAt)
    {
        lock (_lock)
        {
            QuotaDirectory found = _directories.GetValueOrDefault(directory) ?? Add(directory);
            (found.Used, found.CountedAt) = (used, countedAt);
            if (countedAt is not null)
            {
                found.CompleteFirstCount();
            }
        }
    }

    /// <summary>Applies the changes of an entry of the journal before the server starts.</summary>
    /// <param name="changes">The changes.</param>
    /// <param name="countedAt">The time of the count that caused the changes, or null.</param>
    internal void Replay(IReadOnlyList<QuotaChange> changes, DateTimeOffset? countedAt)
    {
        lock (_lock)
        {
            foreach (QuotaChange change in changes)
            {
                QuotaDirectory found = _directories.GetValueOrDefault(change.Directory) ?? Add(change.Directory);
                found.Used += change.Amount;
                if (countedAt is not null)
                {
                    found.CountedAt = countedAt;
                    found.CompleteFirstCount();
                }
            }
        }
    }

    /// <summary>Increases a reservation to an amount in all its directories, or in none of them.</summary>
    /// <exception cref="StoreException">A limit would be exceeded (<see cref="StoreError.QuotaExceeded"/>).</exception>
    internal void Reserve(QuotaReservation reservation, QuotaAmount amount)
    {
        lock (_lock)
        {
            QuotaAmount added = QuotaAmount.Max(amount - reservation.Reserved, default);
            foreach (QuotaDirectory directory in reservation.Directories)
            {
                QuotaLimit limit = directory.GetLimit(reservation.Account);
                QuotaAmount used = directory.Used, others = directory.Reserved - reservation.Reserved;
                if (added.Bytes > 0 && limit.Bytes is { } bytes && used.Bytes + others.Bytes + amount.Bytes > bytes)
                {
                    throw CreateException(RuleNames.QuotaBytes, "bytes", used.Bytes, bytes, others.Bytes, amount.Bytes);
                }

                if (added.Files > 0 && limit.Files is { } files && used.Files + others.Files + amount.Files > files)
                {
                    throw CreateException(RuleNames.QuotaFiles, "files", used.Files, files, others.Files, amount.Files);
                }
            }

            foreach (QuotaDirectory directory in reservation.Directories)
            {
                directory.Reserved += added;
            }

            reservation.Reserved += added;
        }
    }

    /// <summary>Releases a reservation, and applies the changes of a completed operation in the same step.</summary>
    internal void Settle(QuotaReservation? reservation, IReadOnlyList<LedgerChange> changes)
    {
        lock (_lock)
        {
            foreach (LedgerChange change in changes)
            {
                change.Directory.Used += change.Amount;
                change.Directory.Count?.Apply(change);
            }

            if (reservation is not null)
            {
                foreach (QuotaDirectory directory in reservation.Directories)
                {
                    directory.Reserved -= reservation.Reserved;
                }

                reservation.Reserved = default;
            }
        }
    }

    /// <summary>Records that a directory was moved from one directory with a quota to another.</summary>
    internal void RecordMove()
    {
        lock (_lock)
        {
            MoveCount++;
        }
    }

    /// <summary>Runs an action under the lock with the entry of a directory, or does nothing if the directory has no quota.</summary>
    internal TResult? WithDirectory<TResult>(string directory, Func<QuotaDirectory, TResult> action)
    {
        lock (_lock)
        {
            return _directories.TryGetValue(directory, out QuotaDirectory? found) ? action(found) : default;
        }
    }

    /// <summary>Runs an action under the lock for each directory that contains a location and is being counted.</summary>
    internal void WithCounts(QuotaDirectory[] directories, Action<QuotaCount> action)
    {
        lock (_lock)
        {
            foreach (QuotaDirectory directory in directories)
            {
                if (directory.Count is { } count)
                {
                    action(count);
                }
            }
        }
    }

    /// <summary>Runs an action on a running count under the lock.</summary>
    internal void WithCount(QuotaCount count, Action action)
    {
        ArgumentNullException.ThrowIfNull(count);
        lock (_lock)
        {
            action();
        }
    }

    private QuotaDirectory Add(string path)
    {
        var added = new QuotaDirectory(path);
        _directories = new Dictionary<string, QuotaDirectory>(_directories, StringComparer.Ordinal) { [path] = added };
        return added;
    }

    private static StoreException CreateException(string rule, string unit, long used, long limit, long running, long needed)
    {
        string inUse = running > 0 ? string.Create(CultureInfo.InvariantCulture, $" and {running} reserved by running uploads") : "";
        string text = string.Create(
            CultureInfo.InvariantCulture, $"Quota exceeded ({rule}): {used} of {limit} {unit} used{inUse}, {needed} more needed.");
        return new StoreException(StoreError.QuotaExceeded, text) { Rule = rule, Explanation = text };
    }
}

/// <summary>A change of the usage by a completed operation.</summary>
/// <param name="Directory">The directory with a quota.</param>
/// <param name="ContainerId">The <see cref="FileEntry.Id"/> of the directory that directly contains the changed file.</param>
/// <param name="Amount">The change.</param>
internal readonly record struct LedgerChange(QuotaDirectory Directory, ulong ContainerId, QuotaAmount Amount);
