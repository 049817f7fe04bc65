using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fts.Server.Tls;

/// <summary>
/// A certificate for which .NET keeps a separate TLS context for each <see cref="SessionTicketScope"/>. A context has the key of its
/// session tickets, so that the tickets of one scope cannot be resumed in another one.
/// </summary>
/// <remarks>
/// On Linux, .NET keeps TLS contexts by the SHA-512 hash of the certificate, and all connections of the process share them. Within a scope,
/// this certificate therefore reports a hash that no other scope has.
/// </remarks>
internal sealed class SessionCertificate(X509Certificate2 certificate) : X509Certificate2(certificate)
{
    public override bool TryGetCertHash(HashAlgorithmName hashAlgorithm, Span<byte> destination, out int bytesWritten)
    {
        bool isWritten = base.TryGetCertHash(hashAlgorithm, destination, out bytesWritten);
        if (isWritten)
        {
            SessionTicketScope.Current?.WriteNumber(destination[..bytesWritten]);
        }

        return isWritten;
    }
}

/// <summary>
/// Separates the session tickets of one session: its connections accept only tickets that its own connections issued.
/// <see cref="Enter"/> applies until the calling asynchronous method ends.
/// </summary>
internal sealed class SessionTicketScope
{
    private static readonly AsyncLocal<SessionTicketScope?> Entered = new();
    private static long _lastNumber;

    private readonly long _number = Interlocked.Increment(ref _lastNumber);
    private volatile bool _isSeparate;

    /// <summary>The scope of the running handshake, or null.</summary>
    public static SessionTicketScope? Current => Entered.Value;

    /// <summary>
    /// Whether .NET asked for the certificate's hash in this scope. If not, it may share one ticket key between sessions.
    /// </summary>
    public bool IsSeparate => _isSeparate;

    /// <summary>Makes this the scope of the handshakes that the calling asynchronous method performs.</summary>
    public void Enter() => Entered.Value = this;

    /// <summary>Replaces the start of a certificate's hash by the number of this scope.</summary>
    public void WriteNumber(Span<byte> hash)
    {
        BinaryPrimitives.WriteInt64BigEndian(hash, _number);
        _isSeparate = true;
    }
}
