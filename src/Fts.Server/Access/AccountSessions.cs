using System.Diagnostics.CodeAnalysis;
using Fts.Accounts;

namespace Fts.Server.Access;

/// <summary>
/// Counts the sessions of each logged-in account, and applies <see cref="AccountLimits.MaxSessions"/>. Accounts with the same name are the
/// same account if the same authenticator returned them. Thread-safe.
/// </summary>
internal sealed class AccountSessions
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(IAuthenticator Authenticator, string Name), int> _counts = [];

    /// <summary>Counts a session of the account, unless the account has reached its limit.</summary>
    /// <param name="authenticator">The authenticator that returned the account.</param>
    /// <param name="account">The account.</param>
    /// <param name="slot">The counted session, which the caller disposes at logout. Null if the limit is reached.</param>
    public bool TryAcquire(IAuthenticator authenticator, Account account, [NotNullWhen(true)] out AccountSlot? slot)
    {
        lock (_lock)
        {
            int count = _counts.GetValueOrDefault((authenticator, account.Name));
            if (count >= (account.Limits.MaxSessions ?? int.MaxValue))
            {
                slot = null;
                return false;
            }

            _counts[(authenticator, account.Name)] = count + 1;
        }

        slot = new AccountSlot(this, authenticator, account.Name);
        return true;
    }

    /// <summary>Removes one session of the account from the count.</summary>
    public void Release(IAuthenticator authenticator, string name)
    {
        lock (_lock)
        {
            int count = _counts[(authenticator, name)] - 1;
            if (count == 0)
            {
                _counts.Remove((authenticator, name));
            }
            else
            {
                _counts[(authenticator, name)] = count;
            }
        }
    }
}

/// <summary>One counted session of an account. The session disposes it at logout, and at its end.</summary>
internal sealed class AccountSlot(AccountSessions sessions, IAuthenticator authenticator, string name) : IDisposable
{
    private int _isReleased;

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isReleased, 1) == 0)
        {
            sessions.Release(authenticator, name);
        }
    }
}
