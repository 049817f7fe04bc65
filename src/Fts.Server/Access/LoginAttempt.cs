using System.Net;
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

/// <summary>
/// The origin of a login, for which failures are counted. On loopback it is the user of the peer's process. Otherwise one local user could
/// delay the logins of all others, or evade the delays by using the many addresses of 127.0.0.0/8.
/// </summary>
/// <param name="Block">The client's addresses.</param>
/// <param name="LocalUser">The user id of a client on this machine; null for clients elsewhere and if it is unknown.</param>
internal readonly record struct LoginOrigin(AddressBlock Block, uint? LocalUser)
{
    public static async ValueTask<LoginOrigin> FromSessionAsync(Session session, CancellationToken cancellationToken) =>
        IPAddress.IsLoopback(session.Peer.Address)
            ? new LoginOrigin(AddressBlock.Loopback, await LocalPeer.FindUserAsync(session, cancellationToken))
            : new LoginOrigin(GetBlock(session), null);

    /// <summary>Returns the client's addresses, without the look-up of its user.</summary>
    public static AddressBlock GetBlock(Session session) =>
        IPAddress.IsLoopback(session.Peer.Address) ? AddressBlock.Loopback : AddressBlock.FromAddress(session.Peer.Address);
}
