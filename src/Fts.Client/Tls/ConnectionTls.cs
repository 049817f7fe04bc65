using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fts.Client.Connections;
using Fts.Protocol;

namespace Fts.Client.Tls;

/// <summary>
/// The TLS of one control connection and its data connections: the same options and the same spelling of the host's name throughout, so that the data
/// connections resume the control connection's session and no other.
/// </summary>
internal sealed class ConnectionTls : IDisposable
{
    private readonly FtpClientOptions _options;
    private readonly TlsSessionName _sessionName;
    private readonly SslClientAuthenticationOptions _authentication;
    private bool _isOtherDataCertificate;

    public ConnectionTls(FtpClientOptions options)
    {
        _options = options;
        _sessionName = TlsSessionName.Acquire(options.Host);
        // Certificates missing from a chain are not fetched: that would connect to places the certificate names, before anything is trusted.
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        if (options.Trust.Authorities.Count > 0)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(options.Trust.Authorities.ToArray());
        }

        _authentication = new SslClientAuthenticationOptions
        {
            TargetHost = _sessionName.Name,
            EnabledSslProtocols = options.TlsProtocols,
            CertificateChainPolicy = policy,
            AllowRenegotiation = false,
            RemoteCertificateValidationCallback = ValidateCertificate,
            ClientCertificateContext = options.Trust.ClientCertificate is { } own ? SslStreamCertificateContext.Create(own, [.. options.Trust.ClientChain], offline: true) : null,
        };
    }

    /// <summary>Who the server says it is; null before the first handshake.</summary>
    public FtpServerIdentity? Identity { get; private set; }

    /// <summary>The control connection's version; none before its handshake.</summary>
    public SslProtocols Protocol { get; private set; }

    /// <summary>Shakes hands over the control connection and makes sure that the server is trusted. The stream returned owns the one given.</summary>
    /// <exception cref="FtpTlsException">The handshake failed, or the server is not trusted.</exception>
    public async Task<SslStream> AuthenticateControlAsync(Stream plain, CancellationToken cancellationToken)
    {
        SslStream stream = await PerformHandshakeAsync(plain, cancellationToken).ConfigureAwait(false);
        Protocol = stream.SslProtocol;
        // Asked here and not in the handshake, for that cannot wait for a person. Nothing was sent meanwhile.
        if (!await IsTrustedAsync(Identity!, _options.Trust, cancellationToken).ConfigureAwait(false))
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw new FtpTlsException(FtpTlsFailure.UntrustedServerCertificate, $"the server's certificate is not trusted: {Identity!.Problem ?? "its key is not the one expected"}") { Identity = Identity };
        }

        return stream;
    }

    /// <summary>Shakes hands over a data connection, which must be the same server's.</summary>
    /// <exception cref="FtpTlsException">The handshake failed.</exception>
    public Task<SslStream> AuthenticateDataAsync(Stream plain, CancellationToken cancellationToken) => PerformHandshakeAsync(plain, cancellationToken);

    public void Dispose() => _sessionName.Dispose();

    private async Task<SslStream> PerformHandshakeAsync(Stream plain, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(_options.Timeouts.Connect, cancellationToken);
        _isOtherDataCertificate = false;
        var stream = new SslStream(plain, leaveInnerStreamOpen: false);
        try
        {
            await stream.AuthenticateAsClientAsync(_authentication, deadline.Token).ConfigureAwait(false);
            return stream;
        }
        catch (Exception e)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw e switch
            {
                OperationCanceledException cancelled => deadline.Translate(cancelled, FtpOperationPhase.Handshake),
                AuthenticationException when _isOtherDataCertificate => new FtpTlsException(FtpTlsFailure.UntrustedServerCertificate, "the data connection's certificate is not the control connection's", e) { Identity = Identity },
                AuthenticationException or IOException when TlsAlert.IsClientCertificateRejection(e) => TlsAlert.CreateException(e),
                AuthenticationException or IOException or SocketException => new FtpTlsException(FtpTlsFailure.Handshake, $"the TLS handshake failed: {e.InnerException?.Message ?? e.Message}", e),
                _ => e,
            };
        }
    }

    private static async ValueTask<bool> IsTrustedAsync(FtpServerIdentity identity, FtpTrust trust, CancellationToken cancellationToken) =>
        trust.PinnedKeys.Count > 0 ? trust.PinnedKeys.Contains(identity.Fingerprint)
        : trust.ValidateAsync is { } decide && (trust.ShouldAlwaysValidate || identity.Problem is not null) ? await decide(identity, cancellationToken).ConfigureAwait(false)
        : identity.Problem is null;

    /// <summary>The control connection's certificate is looked at and judged after its handshake; a data connection's must have the same key.</summary>
    private bool ValidateCertificate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors problems)
    {
        if (certificate is not X509Certificate2 shown)
        {
            return false;
        }

        if (Identity is null)
        {
            Identity = FtpServerIdentity.FromCertificate(shown, chain, problems, _options.Host, _options.Port);
            return true;
        }

        _isOtherDataCertificate = Identity.Fingerprint != KeyFingerprint.Compute(shown);
        return !_isOtherDataCertificate;
    }
}
