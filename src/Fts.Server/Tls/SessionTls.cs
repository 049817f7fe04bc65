using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fts.Accounts;
using Fts.Protocol;
using Fts.Server.Data;
using Fts.Server.Hosts;
using Fts.Server.Sessions;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Tls;

/// <summary>A TLS handshake failed, or took too long.</summary>
internal sealed class HandshakeException(string message, Exception? cause = null) : IOException(message, cause)
{
    /// <summary>It succeeded, but did not resume the control connection's session, which is required.</summary>
    public bool IsNotResumed { get; init; }
}

/// <summary>
/// The TLS of one session: its control connection's handshake, then those of its data connections. It has a certificate context of its own, so that
/// only tickets handed out in this session resume here: that, and nothing else, proves that a data connection is the same client's.
/// </summary>
/// <remarks>The context costs 4.4 KiB and half a millisecond; it is made at the first handshake.</remarks>
internal sealed class SessionTls(FtpTlsOptions options, bool isImplicit)
{
    private static readonly List<SslApplicationProtocol> AlpnProtocols = [new("ftp")]; // RFC 7301's registry

    private SslServerAuthenticationOptions? _authentication;
    private X509Certificate2? _presentedCertificate;
    private ClientCertificateValidator? _clientValidator;
    private (SslStream Stream, TlsRecordStream Tap)? _clearableStream;

    /// <summary>Whether the next data connections are encrypted (PROT P).</summary>
    public bool IsDataProtected { get; set; } = isImplicit && options.Data != FtpTlsPolicy.Off;

    /// <summary>PBSZ was said, which PROT needs (RFC 4217 §9).</summary>
    public bool HasProtectionBufferSize { get; set; } = isImplicit;

    /// <summary>A data connection that did not resume was logged; once is enough.</summary>
    public bool HasLoggedNotResumed { get; set; }

    public FtpTlsOptions Options { get; } = options;

    /// <summary>The host name the handshake asked for (SNI); null where it asked for none.</summary>
    public string? ServerName { get; private set; }

    /// <summary>The host the handshake was made with; null before it.</summary>
    public ServedHost? Host { get; private set; }

    /// <summary>Whom the client's certificate names; null where none is believed.</summary>
    public ClientCertificate? Certificate => _clientValidator?.TrustedCertificate;

    /// <summary>Whether a host's certificate is the one that was shown.</summary>
    public bool HasPresentedCertificateOf(ServedHost host, string? name, ILogger log) => host.Certificates!.GetCertificate(name, log).Certificate.Equals(_presentedCertificate);

    /// <summary>Shakes hands over the control connection. The stream returned owns the socket's own.</summary>
    public async ValueTask<SslStream> AcceptControlAsync(Session session, CancellationToken cancellationToken)
    {
        // Reading record by record costs two system calls instead of one, so only servers that allow CCC do it.
        TlsRecordStream? tap = Options.AllowClearCommandChannel ? new TlsRecordStream(session.PlainStream, stopsAtRecords: true) : null;
        var stream = new SslStream(tap ?? (Stream)session.PlainStream, leaveInnerStreamOpen: false);
        try
        {
            await AuthenticateAsync(stream, (_, hello, _, _) => new(_authentication = CreateAuthenticationOptions(session, hello.ServerName)), tap, cancellationToken);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }

        _clearableStream = tap is null ? null : (stream, tap);
        if (_clientValidator?.Problem is { } problem)
        {
            Log.CertificateRejected(session.Server.Options.Logger, session.Id, problem.ToPrintable());
        }

        _clientValidator?.CompleteControlHandshake();
        return stream;
    }

    /// <summary>
    /// Ends TLS on the control connection (CCC, RFC 4217): sends close_notify and waits for the client's, for <see cref="FtpTlsOptions.HandshakeTimeout"/> at most.
    /// After that, the socket's stream can be read; bytes that the client sent after its close_notify are still in it.
    /// </summary>
    /// <returns>Null, or the reason why the session must end. Without the client's close_notify, the start of the plain text is
    /// unknown.</returns>
    public async ValueTask<string?> EndControlAsync(CancellationToken cancellationToken)
    {
        (SslStream stream, TlsRecordStream tap) = _clearableStream ?? throw new InvalidOperationException("CCC is not allowed.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Options.HandshakeTimeout);
        try
        {
            await stream.ShutdownAsync().WaitAsync(limit.Token);
            if (await stream.ReadAsync(new byte[1], limit.Token) > 0)
            {
                return "the client sent a command between CCC and close_notify";
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"the client sent no close_notify within {Options.HandshakeTimeout.TotalSeconds} s";
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            return $"the client sent no close_notify: {e.Message}";
        }

        if (tap.HasEnded)
        {
            return "the client closed the connection without close_notify";
        }

        tap.ReleaseInner();
        await stream.DisposeAsync();
        _clearableStream = null;
        return null;
    }

    /// <summary>Performs the handshake of a data connection, with the control connection's certificate, and applies <see cref="FtpTlsOptions.DataBinding"/>.</summary>
    /// <remarks>
    /// TLS 1.3 session tickets are sent with the first bytes of the server; on an upload, with its close_notify. So the next upload can
    /// resume the session, and if a client closes without reading, the bytes it sent are not lost.
    /// </remarks>
    /// <exception cref="HandshakeException">The handshake failed, or did not resume the control connection's session although that is
    /// required.</exception>
    public async ValueTask<DataConnectionTls> AcceptDataAsync(Session session, Stream plain, CancellationToken cancellationToken)
    {
        var tap = new TlsRecordStream(plain);
        var stream = new SslStream(tap, leaveInnerStreamOpen: false);
        tap.HoldWrites();
        try
        {
            await AuthenticateAsync(stream, (_, _, _, _) => new(_authentication!), tap, cancellationToken);
            EnforceDataBinding(session, tap.Resumption == Resumption.Resumed);
            tap.StopHolding();
            if (stream.SslProtocol != SslProtocols.Tls13)
            {
                await tap.SendHeldAsync(cancellationToken); // the server's Finished
            }

            return new DataConnectionTls(stream, tap);
        }
        catch (IOException e) when (tap.HasEnded && e is not HandshakeException)
        {
            await stream.DisposeAsync();
            throw new DataConnectionException("the client closed the data connection during the TLS handshake", e);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>Refuses or logs a data connection that did not resume the control connection's TLS session.</summary>
    /// <remarks>
    /// A refused peer does not receive the held tickets or, in TLS 1.2, the server's Finished message. With them its next connection could
    /// resume.
    /// </remarks>
    private void EnforceDataBinding(Session session, bool isResumed)
    {
        if (isResumed || Options.DataBinding == FtpDataBinding.Off)
        {
            return;
        }

        if (Options.DataBinding == FtpDataBinding.Require)
        {
            throw new HandshakeException("the data connection did not resume the control connection's TLS session") { IsNotResumed = true };
        }

        if (!HasLoggedNotResumed)
        {
            HasLoggedNotResumed = true;
            Log.DataSessionNotResumed(session.Server.Options.Logger, session.Id);
        }
    }

    /// <summary>Performs a handshake. The caller disposes the stream if it fails: a finalizer would free the TLS library's memory too late.</summary>
    private async ValueTask AuthenticateAsync(SslStream stream, ServerOptionsSelectionCallback select, TlsRecordStream? tap, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Options.HandshakeTimeout);
        try
        {
            await stream.AuthenticateAsServerAsync(select, null, limit.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HandshakeException("The TLS handshake took too long.", e);
        }
        catch (AuthenticationException e)
        {
            await SendAlertAsync(tap, limit.Token);
            throw new HandshakeException(_clientValidator?.Problem ?? e.InnerException?.Message ?? e.Message, e);
        }
    }

    /// <summary>Sends the alert that SslStream wrote last, so that the peer receives the reason why its handshake failed.</summary>
    private static async ValueTask SendAlertAsync(TlsRecordStream? tap, CancellationToken cancellationToken)
    {
        try
        {
            await (tap?.SendHeldAsync(cancellationToken) ?? default);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The peer has closed the connection, or the handshake's time is over.
        }
    }

    /// <summary>Settles the host: by the name asked for, else by what HOST named before (RFC 7151 §4). The two must agree (§3.2.2).</summary>
    private SslServerAuthenticationOptions CreateAuthenticationOptions(Session session, string? asked)
    {
        // RFC 6066 §3 knows no addresses here; clients that give one mean nothing by it.
        ServerName = HostName.IsValidName(asked) ? asked : null;
        if (ServerName is not null)
        {
            if (session.HostName is { } named && !HostName.AreSame(named, ServerName))
            {
                throw new AuthenticationException($"HOST named {named}, and the handshake asks for {ServerName}");
            }

            session.Host = session.Server.Hosts.GetByServerName(ServerName);
        }

        Host = session.Host;
        FtpCertificates.PresentedCertificate shown = Host.Certificates!.GetCertificate(ServerName ?? session.HostName, session.Server.Options.Logger);
        _presentedCertificate = shown.Certificate;
        bool asks = Options.ClientCertificates.Policy != FtpClientCertificatePolicy.Off;
        _clientValidator = asks ? new ClientCertificateValidator(Options.ClientCertificates) : null;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = SslStreamCertificateContext.Create(shown.Certificate, shown.Chain, offline: true),
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = AlpnProtocols,
            AllowRenegotiation = false,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            ClientCertificateRequired = asks,
            RemoteCertificateValidationCallback = asks ? _clientValidator!.ValidateCertificate : null,
            CertificateChainPolicy = _clientValidator?.ChainPolicy,
        };
    }
}
