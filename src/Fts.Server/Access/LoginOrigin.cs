using System.Net;
using Fts.Server.Sessions;

namespace Fts.Server.Access;

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
