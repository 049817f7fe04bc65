using Fts.Server.Sessions;

namespace Fts.Server.Access;

/// <summary>
/// One login between its delay and its outcome. The login's command disposes it, which lets the next login of the same address begin.
/// </summary>
internal sealed class LoginAttempt(LoginThrottle throttle, Session session, string userName) : IDisposable
{
    private FailureRecord? _account, _address;

    public Session Session { get; } = session;

    public string UserName { get; } = userName;

    /// <summary>The origin; null before it is looked up. A login of an address without failures does not need it.</summary>
    public LoginOrigin? Origin { get; set; }

    /// <summary>Whether the account has signed in from this address before. Null before it is looked up.</summary>
    public bool? IsKnown { get; set; }

    /// <summary>The failures of the address, or of a known account, before the password was checked.</summary>
    public int FailuresBefore { get; set; }

    /// <summary>Whether the login waited for its turn among other logins of its address or account.</summary>
    public bool HasWaited => _address is not null || _account is not null;

    /// <summary>Notes a record whose turn this login holds.</summary>
    public void AddHeldRecord(FailureRecord record)
    {
        if (record.Accounts is null)
        {
            _account = record;
        }
        else
        {
            _address = record;
        }
    }

    public void Dispose()
    {
        foreach (FailureRecord? record in (FailureRecord?[])[_account, _address])
        {
            if (record is not null)
            {
                throttle.Release(record);
            }
        }

        (_account, _address) = (null, null);
    }
}
