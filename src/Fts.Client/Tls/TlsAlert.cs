namespace Fts.Client.Tls;

/// <summary>
/// Detects TLS alerts about the client certificate. In TLS 1.3 the handshake of the client ends before the server checks the certificate,
/// so the alert may arrive later, instead of a reply.
/// </summary>
internal static class TlsAlert
{
    /// <summary>
    /// Substrings of the OpenSSL names of certificate alerts (RFC 8446 §6.2). Such an alert from a server concerns the client certificate.
    /// </summary>
    private static readonly string[] CertificateAlertTexts = ["certificate", "unknown ca"];

    /// <summary>Returns whether the server rejected or requires a client certificate. Works only with the error texts of OpenSSL.</summary>
    public static bool IsClientCertificateRejection(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e.Message.Contains(" alert ", StringComparison.Ordinal)
                && CertificateAlertTexts.Any(text => e.Message.Contains(text, StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Returns the exception for a rejected or missing client certificate.</summary>
    public static FtpTlsException CreateException(Exception exception) =>
        new(FtpTlsFailure.ClientCertificateRejected, "the server rejected the client certificate, or requires one", exception);
}
