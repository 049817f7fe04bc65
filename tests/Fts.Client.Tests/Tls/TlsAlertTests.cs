using System.Security.Authentication;
using Fts.Client.Tls;

namespace Fts.Client.Tests.Tls;

/// <summary>Detection of alerts about the client certificate.</summary>
public sealed class TlsAlertTests
{
    [Theory]
    [InlineData("error:0A00045C:SSL routines::tlsv13 alert certificate required", true)]
    [InlineData("error:0A000412:SSL routines::sslv3 alert bad certificate", true)]
    [InlineData("error:0A000415:SSL routines::sslv3 alert certificate expired", true)]
    [InlineData("error:0A000418:SSL routines::tlsv1 alert unknown ca", true)]
    [InlineData("error:0A000410:SSL routines::sslv3 alert handshake failure", false)]
    [InlineData("error:0A000086:SSL routines::certificate verify failed", false)]
    [InlineData("Connection reset by peer", false)]
    public void A_certificate_alert_concerns_the_client_certificate(string text, bool isRejection)
    {
        var e = new IOException("The decryption operation failed, see inner exception.",
            new AuthenticationException("SSL_ERROR_SSL", new InvalidOperationException(text)));
        Assert.Equal(isRejection, TlsAlert.IsClientCertificateRejection(e));
    }
}
