using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Fts.Client.Tls;

/// <summary>
/// Reads the certificates of the system's authorities in the background, so that the first TLS handshake does not wait for the network and
/// then for these files. On Linux, .NET reads them when it validates the first certificate of a process.
/// </summary>
internal static class AuthorityPreload
{
    private static int _isStarted;

    /// <summary>Starts to read the certificates, unless that was done before.</summary>
    public static void Start()
    {
        if (OperatingSystem.IsLinux() && Interlocked.Exchange(ref _isStarted, 1) == 0)
        {
            _ = Task.Run(ReadCertificates);
        }
    }

    private static void ReadCertificates()
    {
        try
        {
            // .NET reads the roots and the intermediate authorities together. This store copies the latter only, which are few.
            using var store = new X509Store(StoreName.CertificateAuthority, StoreLocation.LocalMachine);
            store.Open(OpenFlags.ReadOnly);
            foreach (X509Certificate2 certificate in store.Certificates)
            {
                certificate.Dispose();
            }
        }
        catch (CryptographicException)
        {
            // The validation of the server's certificate reports the error.
        }
    }
}
