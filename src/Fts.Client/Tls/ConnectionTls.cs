using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fts.Client.Connections;
using Fts.Protocol;

namespace Fts.Client.Tls;

/// <summary>
/// Performs the TLS handshakes of one control connection and its data connections. All use the same options and the same host name
/// (<see cref="TlsSessionName"/>), so that data connections resume the TLS session of their own control connection.
/// </summary>
/// <remarks>Not thread-safe: one handshake at a time. The owner of the control connection disposes this object.</remarks>
internal sealed class ConnectionTls : IDisposable
{
    private readonly FtpClientOptions _options;
    private readonly TlsSessionName _sessionName;
    private readonly SslClientAuthenticationOptions _authentication;
    private bool _hasDataKeyMismatch;

    public ConnectionTls(FtpClientOptions options)
    {
        _options = options;
        _sessionName = TlsSessionName.Acquire(options.Host);
        // Missing intermediate certificates are not downloaded: an untrusted certificate must not make the client connect to other hosts.
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
            ClientCertificateContext = options.Trust.ClientCertificate is { } certificate
                ? SslStreamCertificateContext.Create(certificate, [.. options.Trust.ClientChain], offline: true)
                : null,
        };
    }

    /// <summary>The identity in the server's certificate; null before the first handshake.</summary>
    public FtpServerIdentity? Identity { get; private set; }

    /// <summary>The TLS version of the control connection; <see cref="SslProtocols.None"/> before its handshake.</summary>
    public SslProtocols Protocol { get; private set; }

    /// <summary>The cipher suite of the control connection; null before its handshake.</summary>
    public TlsCipherSuite? CipherSuite { get; private set; }

    /// <summary>
    /// Performs the handshake of the control connection and checks that the server is trusted. The returned stream owns
    /// <paramref name="plain"/>.
    /// </summary>
    /// <exception cref="FtpTlsException">The handshake failed, or the server is not trusted.</exception>
    public async Task<SslStream> AuthenticateControlAsync(Stream plain, CancellationToken cancellationToken)
    {
        SslStream stream = await PerformHandshakeAsync(plain, cancellationToken).ConfigureAwait(false);
        Protocol = stream.SslProtocol;
        CipherSuite = stream.NegotiatedCipherSuite;
        // Trust is decided after the handshake, because the validation callback of SslStream is synchronous and a user may have to confirm.
        // No command has been sent over TLS yet.
        if (!await IsTrustedAsync(Identity!, _options.Trust, cancellationToken).ConfigureAwait(false))
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            string problem = _options.Trust.PinnedKeys.Count > 0
                ? "its key is not one of the pinned keys"
                : Identity!.Problem ?? "the validation callback rejected it";
            throw new FtpTlsException(FtpTlsFailure.UntrustedServerCertificate, $"the server's certificate is not trusted: {problem}")
            {
                Identity = Identity,
            };
        }

        return stream;
    }

    /// <summary>
    /// Performs the handshake of a data connection. The certificate must have the same key as the certificate of the control connection.
    /// The returned stream owns <paramref name="plain"/>.
    /// </summary>
    /// <exception cref="FtpTlsException">The handshake failed, or the certificate has a different key.</exception>
    public Task<SslStream> AuthenticateDataAsync(Stream plain, CancellationToken cancellationToken) =>
        PerformHandshakeAsync(plain, cancellationToken);

    public void Dispose() => _sessionName.Dispose();

    private async Task<SslStream> PerformHandshakeAsync(Stream plain, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(_options.Timeouts.Connect, cancellationToken);
        _hasDataKeyMismatch = false;
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
                // A cancellation can interrupt the alert that follows the mismatch.
                AuthenticationException or OperationCanceledException when _hasDataKeyMismatch => new FtpTlsException(
                    FtpTlsFailure.UntrustedServerCertificate,
                    "the server's certificates on the control and data connections have different keys",
                    e)
                {
                    Identity = Identity,
                },
                OperationCanceledException cancelled => deadline.Translate(cancelled, FtpOperationPhase.Handshake),
                AuthenticationException or IOException when TlsAlert.IsClientCertificateRejection(e) => TlsAlert.CreateException(e),
                AuthenticationException or IOException or SocketException => new FtpTlsException(
                    FtpTlsFailure.Handshake, $"the TLS handshake failed: {e.InnerException?.Message ?? e.Message}", e),
                _ => e,
            };
        }
    }

    /// <summary>Applies the rules of <see cref="FtpTrust"/> to the certificate of the control connection.</summary>
    private static async ValueTask<bool> IsTrustedAsync(FtpServerIdentity identity, FtpTrust trust, CancellationToken cancellationToken)
    {
        if (trust.PinnedKeys.Count > 0)
        {
            return trust.PinnedKeys.Contains(identity.Fingerprint);
        }

        return trust.ValidateAsync is { } validate && (trust.ShouldAlwaysValidate || identity.Problem is not null)
            ? await validate(identity, cancellationToken).ConfigureAwait(false)
            : identity.Problem is null;
    }

    /// <summary>
    /// Called during a handshake. Accepts and records the certificate of the control connection, which is validated after the handshake.
    /// Accepts the certificate of a data connection only if it has the same key as the recorded certificate.
    /// </summary>
    private bool ValidateCertificate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors policyErrors)
    {
        if (certificate is not X509Certificate2 received)
        {
            return false;
        }

        if (Identity is null)
        {
            Identity = FtpServerIdentity.FromCertificate(received, chain, policyErrors, _options.Host, _options.Port);
            return true;
        }

        _hasDataKeyMismatch = Identity.Fingerprint != KeyFingerprint.Compute(received);
        return !_hasDataKeyMismatch;
    }
}
