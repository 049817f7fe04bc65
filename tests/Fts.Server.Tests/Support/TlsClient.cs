using System.Net.Security;
using System.Security.Authentication;
using Fts.Server.Tls;

namespace Fts.Server.Tests.Support;

/// <summary>The client's TLS settings. Data connections resume the TLS session of the control connection, as some servers
/// require.</summary>
internal sealed class TlsClient
{
    private readonly SslClientAuthenticationOptions _options;

    public TlsClient(SslProtocols version, Action<SslClientAuthenticationOptions>? configure = null)
    {
        _options = new SslClientAuthenticationOptions
        {
            // A unique name: .NET caches TLS sessions by host name, and the server does not resume those of other clients.
            TargetHost = $"test-{Guid.NewGuid():N}",
            EnabledSslProtocols = version,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.Subject == $"CN={Environment.MachineName}",
        };
        configure?.Invoke(_options);
    }

    public async Task<(SslStream Stream, TlsRecordStream Tap)> HandshakeAsync(Stream plain)
    {
        // Plain text may follow close_notify (CCC), and must not be read into the buffer of the TLS stream.
        var tap = new TlsRecordStream(plain, stopsAtRecords: true);
        var stream = new SslStream(tap);
        await stream.AuthenticateAsClientAsync(_options, TestContext.Current.CancellationToken);
        return (stream, tap);
    }
}
