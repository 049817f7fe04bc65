using System.Net;
using Fts.Server.Sessions;

namespace Fts.Server.Access;

/// <summary>
/// One login attempt, from the start of its delay to its result. The handler of the login command disposes the attempt, so that the next
/// login from the same address can start.
/// </summary>
internal sealed class LoginAttempt(LoginThrottle throttle, Session session, string userName) : IDisposable
{
    private FailureRecord? _accountRecord, _addressRecord;

    /// <summary>The session that logs in.</summary>
    public Session Session { get; } = session;

    /// <summary>The argument of USER.</summary>
    public string UserName { get; } = userName;

    /// <summary>
    /// The origin of the login, or null if it has not been looked up. A successful login does not need it while no address has failures.
    /// </summary>
    public LoginOrigin? Origin { get; set; }

    /// <summary>Whether the account has recently logged in from this address. Null if that has not been looked up.</summary>
    public bool? IsKnownAccount { get; set; }

    /// <summary>
    /// The total number of failures before the password was checked: of the account if <see cref="IsKnownAccount"/> is true, otherwise of
    /// the address.
    /// </summary>
    public int FailuresBefore { get; set; }

    /// <summary>Whether this login holds the lock of its account or address, and therefore has waited for the delay.</summary>
    public bool HasWaited => _addressRecord is not null || _accountRecord is not null;

    /// <summary>Adds a record whose lock this login has acquired. <see cref="Dispose"/> releases the lock.</summary>
    public void AddHeldRecord(FailureRecord record)
    {
        if (record.Accounts is null)
        {
            _accountRecord = record;
        }
        else
        {
            _addressRecord = record;
        }
    }

    /// <summary>Releases the locks that this login holds.</summary>
    public void Dispose()
    {
        foreach (FailureRecord? record in (FailureRecord?[])[_accountRecord, _addressRecord])
        {
            if (record is not null)
            {
                throttle.Release(record);
            }
        }

        (_accountRecord, _addressRecord) = (null, null);
    }
}

/// <summary>
/// The origin of a login: the client's block of addresses and, on loopback, the user of the client's process. Failures are counted per
/// origin. A loopback address identifies no client, because each local user can connect from all addresses of 127.0.0.0/8. A common count
/// for all local users would let one user delay the logins of the others.
/// </summary>
/// <param name="Block">The client's block of addresses.</param>
/// <param name="LocalUser">The user id of a client on this machine. Null if the id is unknown or the client is elsewhere.</param>
internal readonly record struct LoginOrigin(AddressBlock Block, uint? LocalUser)
{
    /// <summary>Returns the origin of a session's logins. For a loopback connection, looks up the user of the client's process.</summary>
    public static async ValueTask<LoginOrigin> FromSessionAsync(Session session, CancellationToken cancellationToken) =>
        IPAddress.IsLoopback(session.Peer.Address)
            ? new LoginOrigin(AddressBlock.Loopback, await LocalPeer.FindUserAsync(session, cancellationToken))
            : new LoginOrigin(GetBlock(session), null);

    /// <summary>Returns the client's block of addresses: <see cref="AddressBlock.Loopback"/> for a loopback address.</summary>
    public static AddressBlock GetBlock(Session session) =>
        IPAddress.IsLoopback(session.Peer.Address) ? AddressBlock.Loopback : AddressBlock.FromAddress(session.Peer.Address);
}
