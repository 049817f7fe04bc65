using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Fts.Server.Tls;

/// <summary>A TLS handshake failed, or took too long.</summary>
internal sealed class HandshakeException(string message, Exception? cause = null) : IOException(message, cause)
{
    /// <summary>It succeeded, but did not resume the control connection's session, which is required.</summary>
    public bool NotResumed { get; init; }
}

/// <summary>
/// The TLS of one session: its control connection's handshake, then those of its data connections. It has a certificate context of its own, so that
/// only tickets handed out in this session resume here: that, and nothing else, proves that a data connection is the same client's.
/// </summary>
/// <remarks>The context costs 4.4 KiB and half a millisecond; it is made at the first handshake.</remarks>
internal sealed class SessionTls(FtpTlsOptions options, bool isImplicit)
{
    private static readonly List<SslApplicationProtocol> Protocols = [new("ftp")]; // RFC 7301's registry

    private SslServerAuthenticationOptions? _authentication;

    /// <summary>Whether the next data connections are encrypted (PROT P).</summary>
    public bool ProtectsData { get; set; } = isImplicit && options.Data != FtpTlsPolicy.Off;

    /// <summary>PBSZ was said, which PROT needs (RFC 4217 §9).</summary>
    public bool HasBufferSize { get; set; } = isImplicit;

    /// <summary>A data connection that did not resume was logged; once is enough.</summary>
    public bool HasLoggedUnbound { get; set; }

    public FtpTlsOptions Options { get; } = options;

    /// <summary>Shakes hands over the control connection. The stream returned owns the one given.</summary>
    public async ValueTask<SslStream> AcceptControlAsync(Stream plain, CancellationToken cancellationToken)
    {
        var stream = new SslStream(plain, leaveInnerStreamOpen: false);
        await AuthenticateAsync(stream, (_, hello, _, _) => new(_authentication ??= Authentication(hello.ServerName)), cancellationToken);
        return stream;
    }

    /// <summary>Shakes hands over a data connection, with the certificate the control connection showed, and holds it to the policy on resumption.</summary>
    /// <exception cref="HandshakeException">It failed, or was not the resumption that is required.</exception>
    public async ValueTask<DataTls> AcceptDataAsync(Session session, Stream plain, CancellationToken cancellationToken)
    {
        var tap = new TlsTap(plain);
        var stream = new SslStream(tap, leaveInnerStreamOpen: false);
        await AuthenticateAsync(stream, (_, _, _, _) => new(_authentication!), cancellationToken);
        if (tap.Resumption != Resumption.Resumed && Options.DataBinding != FtpDataBinding.Off)
        {
            if (Options.DataBinding == FtpDataBinding.Require)
            {
                throw new HandshakeException("the data connection did not resume the control connection's TLS session") { NotResumed = true };
            }

            if (!HasLoggedUnbound)
            {
                HasLoggedUnbound = true;
                Log.DataNotResumed(session.Server.Options.Logger, session.Id);
            }
        }

        return new DataTls(stream, tap);
    }

    private async ValueTask AuthenticateAsync(SslStream stream, ServerOptionsSelectionCallback select, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Options.HandshakeTimeout);
        bool done = false;
        try
        {
            await stream.AuthenticateAsServerAsync(select, null, limit.Token);
            done = true;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HandshakeException("The TLS handshake took too long.", e);
        }
        catch (AuthenticationException e)
        {
            throw new HandshakeException(e.InnerException?.Message ?? e.Message, e);
        }
        finally
        {
            if (!done)
            {
                // The TLS library's own memory would otherwise stay until a finalizer runs: a thousand half-open handshakes are quickly made.
                await stream.DisposeAsync();
            }
        }
    }

    private SslServerAuthenticationOptions Authentication(string? serverName)
    {
        FtpCertificates.Shown shown = Options.Certificates.For(serverName);
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(shown.Certificate, shown.Chain, offline: true),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = Protocols,
            AllowRenegotiation = false,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        };
    }
}
