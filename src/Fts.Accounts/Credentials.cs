using System.Net;

namespace Fts.Accounts;

/// <summary>What a peer shows to sign in, and how it came. Holds a secret: its text form does not show it.</summary>
/// <param name="UserName">The name given.</param>
/// <param name="Password">The password given; empty where none was needed.</param>
/// <param name="Address">Where the peer connects from.</param>
/// <param name="IsEncrypted">Whether the secret travelled encrypted.</param>
public sealed record Credentials(string UserName, string Password, IPAddress Address, bool IsEncrypted)
{
    /// <summary>Whom the peer's certificate names; null where it showed none that is believed, or not on the connection it signs in on.</summary>
    public ClientCertificate? Certificate { get; init; }

    /// <summary>
    /// Looks up whether the client is a process on the same machine, owned by root or by the user of the server's process. Returns false
    /// if it is not, if it connected through a load balancer, or if the system does not report the owner. Only Linux does, for loopback
    /// connections. Nothing is looked up until it is called.
    /// </summary>
    public Func<CancellationToken, ValueTask<bool>> IsServerUserAsync { get; init; } = static _ => new(false);

    /// <summary>The user and address, without the password.</summary>
    public override string ToString() => $"{UserName} from {Address}";
}
