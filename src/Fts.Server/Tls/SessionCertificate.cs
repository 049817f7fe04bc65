using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fts.Server.Tls;

/// <summary>
/// A certificate for which .NET keeps a separate TLS context for each <see cref="SessionTicketScope"/>. Each context has its own key for
/// session tickets, so that the tickets of one scope cannot be resumed in another scope.
/// </summary>
/// <remarks>
/// On Linux, .NET caches TLS contexts by the SHA-512 hash of the certificate, and all connections of the process share the cache. Within a
/// scope, this certificate therefore reports a hash that is different in every other scope.
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
