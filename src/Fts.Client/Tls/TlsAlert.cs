namespace Fts.Client.Tls;

/// <summary>
/// What the server meant by breaking off. In TLS 1.3 this side's handshake is done before the server has looked at the client's certificate: its refusal
/// arrives later, in the place of a reply.
/// </summary>
internal static class TlsAlert
{
    /// <summary>The alerts about certificates (RFC 8446 §6.2), by the words OpenSSL has for them; what a server sends can only mean the client's.</summary>
    private static readonly string[] CertificateAlertTexts = ["certificate", "unknown ca"];

    /// <summary>Whether the server refused the client's certificate, or missed it. Only where the system's TLS tells.</summary>
    public static bool IsClientCertificateRejection(Exception exception)
    {
        for (Exception? e = exception; e is not null; e = e.InnerException)
        {
            if (e.Message.Contains(" alert ", StringComparison.Ordinal) && CertificateAlertTexts.Any(words => e.Message.Contains(words, StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }

    public static FtpTlsException CreateException(Exception exception) =>
        new(FtpTlsFailure.ClientCertificateRejected, "the server refuses the client's certificate, or wants one", exception);
}
