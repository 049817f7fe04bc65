using System.Net;

namespace Fts.Accounts;

/// <summary>The user name and password of a login, and the properties of the client's connection.</summary>
/// <param name="UserName">The user name that the client sent.</param>
/// <param name="Password">The password that the client sent, or an empty string if none was required.</param>
/// <param name="Address">The IP address of the client.</param>
/// <param name="IsEncrypted">Whether TLS encrypts the control connection.</param>
public sealed record Credentials(string UserName, string Password, IPAddress Address, bool IsEncrypted)
{
    /// <summary>
    /// The client certificate of the encrypted control connection. Null if the client sent no trusted certificate, and after CCC.
    /// </summary>
    public ClientCertificate? Certificate { get; init; }

    /// <summary>
    /// Returns whether the client is a process on this machine that runs as root or as the user of the server's process.
    /// </summary>
    /// <remarks>
    /// Returns false if the client connected through a load balancer, or if the system does not report the owner of the connection. Only
    /// Linux reports the owner, and only for loopback connections. The result is not cached: each call looks up the owner.
    /// </remarks>
    public Func<CancellationToken, ValueTask<bool>> IsServerUserAsync { get; init; } = static _ => new(false);

    /// <summary>Returns the user name and the address, without the password.</summary>
    public override string ToString() => $"{UserName} from {Address}";
}

/// <summary>A trusted certificate of a client, received in the TLS handshake.</summary>
/// <remarks>The client has proved that it holds the private key. The server trusts the issuer or knows the public key.</remarks>
/// <param name="Subject">The certificate's subject as text. Do not compare it, because different names can have the same text.</param>
/// <param name="CommonName">The subject's common name, or null if it has none, several, or one with control characters.</param>
/// <param name="KeyFingerprint">SHA-256 of the public key (its SubjectPublicKeyInfo), as <c>SHA256:</c> and Base64 without padding.</param>
public sealed record ClientCertificate(string Subject, string? CommonName, string KeyFingerprint);
