using Fts.Accounts.Recording;
using Fts.Accounts.Settings;
using Fts.Storage;

namespace Fts.Accounts.Login;

/// <summary>
/// The accounts of logged-in clients. All sessions of an account share one <see cref="AccountState"/>. An account is removed some time
/// after its last session ended. Thread-safe.
/// </summary>
internal sealed class LiveAccounts
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = [];

    /// <summary>
    /// Ends the sessions of expired accounts, and returns the names of the accounts whose settings must be compared with the database.
    /// Removes the accounts that have no session.
    /// </summary>
    /// <param name="all">
    /// Whether to return all accounts, because the database has changed. Otherwise, returns those of logins since the last call.
    /// </param>
    /// <param name="now">The current time.</param>
    public IReadOnlyList<string> Check(bool all, DateTimeOffset now)
    {
        lock (_lock)
        {
            var names = new List<string>();
            foreach ((string name, Entry entry) in _entries.ToArray())
            {
                if (!entry.State.TryGetTarget(out AccountState? state))
                {
                    _entries.Remove(name);
                }
                else if (now >= state.Current?.Limits.ExpiresAt)
                {
                    End(name, RuleNames.AccountExpired);
                }
                else if (all || entry.IsNew)
                {
                    // A login may have read the settings before a change that the last call has already processed.
                    names.Add(name);
                    _entries[name] = entry with { IsNew = false };
                }
            }

            return names;
        }
    }

    /// <summary>
    /// Makes the settings of an account current for all its sessions, and returns the account for a new session. If the settings are the
    /// same as before, the sessions keep their account.
    /// </summary>
    /// <param name="resolved">The settings.</param>
    /// <param name="store">The store of the account.</param>
    /// <param name="locations">The real directories of the store, or null for those of the host.</param>
    public Account Set(ResolvedAccount resolved, IFileStore? store, StoreLocations? locations)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(resolved.Settings.Name, out Entry? entry) || !entry.State.TryGetTarget(out AccountState? state))
            {
                state = new AccountState();
            }
            else if (state.Current is { } current && entry.Access.Equals(resolved.Access) && ReferenceEquals(current.Store, store))
            {
                return current;
            }

            Account account = resolved.CreateAccount(store, state) with { Locations = locations };
            state.Current = account;
            _entries[account.Name] = new Entry(new WeakReference<AccountState>(state), resolved.Access, IsNew: true);
            return account;
        }
    }

    /// <summary>Ends the sessions of an account, for the reason with a rule name.</summary>
    public void End(string name, string rule)
    {
        lock (_lock)
        {
            if (_entries.Remove(name, out Entry? entry) && entry.State.TryGetTarget(out AccountState? state))
            {
                state.End(rule);
            }
        }
    }

    /// <summary>Returns whether the settings of an account are those that its sessions have.</summary>
    public bool HasSettings(ResolvedAccount resolved)
    {
        lock (_lock)
        {
            return _entries.TryGetValue(resolved.Settings.Name, out Entry? entry) && entry.Access.Equals(resolved.Access);
        }
    }

    /// <param name="State">Referenced by the accounts of the sessions, so that it disappears with the last session.</param>
    /// <param name="Access">The settings of the current account.</param>
    /// <param name="IsNew">Whether the settings were set since the last check.</param>
    private sealed record Entry(WeakReference<AccountState> State, AccessSettings Access, bool IsNew);
}
