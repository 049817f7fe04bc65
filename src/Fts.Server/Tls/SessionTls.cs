using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fts.Accounts;
using Fts.Protocol;
using Microsoft.Extensions.Logging;

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
    private X509Certificate2? _shown;
    private ClientCertificateCheck? _client;

    /// <summary>Whether the next data connections are encrypted (PROT P).</summary>
    public bool ProtectsData { get; set; } = isImplicit && options.Data != FtpTlsPolicy.Off;

    /// <summary>PBSZ was said, which PROT needs (RFC 4217 §9).</summary>
    public bool HasBufferSize { get; set; } = isImplicit;

    /// <summary>A data connection that did not resume was logged; once is enough.</summary>
    public bool HasLoggedUnbound { get; set; }

    public FtpTlsOptions Options { get; } = options;

    /// <summary>The host name the handshake asked for (SNI); null where it asked for none.</summary>
    public string? ServerName { get; private set; }

    /// <summary>The host the handshake was made with; null before it.</summary>
    public ServedHost? Host { get; private set; }

    /// <summary>Whom the client's certificate names; null where none is believed.</summary>
    public ClientCertificate? Certificate => _client?.Accepted;

    /// <summary>Whether a host's certificate is the one that was shown.</summary>
    public bool ShowedCertificateOf(ServedHost host, string? name, ILogger log) => host.Certificates!.For(name, log).Certificate.Equals(_shown);

    /// <summary>Shakes hands over the control connection. The stream returned owns the socket's own.</summary>
    public async ValueTask<SslStream> AcceptControlAsync(Session session, CancellationToken cancellationToken)
    {
        var stream = new SslStream(session.Plain, leaveInnerStreamOpen: false);
        await AuthenticateAsync(stream, (_, hello, _, _) => new(_authentication = Authentication(session, hello.ServerName)), cancellationToken);
        if (_client?.Problem is { } problem)
        {
            Log.CertificateNotBelieved(session.Server.Options.Logger, session.Id, problem.Visible());
        }

        _client?.Settle();
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
            throw new HandshakeException(_client?.Problem ?? e.InnerException?.Message ?? e.Message, e);
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

    /// <summary>Settles the host: by the name asked for, else by what HOST named before (RFC 7151 §4). The two must agree (§3.2.2).</summary>
    private SslServerAuthenticationOptions Authentication(Session session, string? asked)
    {
        // RFC 6066 §3 knows no addresses here; clients that give one mean nothing by it.
        ServerName = HostName.IsName(asked) ? asked : null;
        if (ServerName is not null)
        {
            if (session.HostName is { } named && !HostName.Same(named, ServerName))
            {
                throw new AuthenticationException($"HOST named {named}, and the handshake asks for {ServerName}");
            }

            session.Host = session.Server.Hosts.ForServerName(ServerName);
        }

        Host = session.Host;
        FtpCertificates.Shown shown = Host.Certificates!.For(ServerName ?? session.HostName, session.Server.Options.Logger);
        _shown = shown.Certificate;
        bool asks = Options.ClientCertificates.Policy != FtpClientCertificatePolicy.Off;
        _client = asks ? new ClientCertificateCheck(Options.ClientCertificates) : null;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(shown.Certificate, shown.Chain, offline: true),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = Protocols,
            AllowRenegotiation = false,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            ClientCertificateRequired = asks,
            RemoteCertificateValidationCallback = asks ? _client!.Look : null,
            CertificateChainPolicy = _client?.Chain,
        };
    }
}
