using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fts.Accounts;
using Fts.Protocol;
using Fts.Protocol.Tls;
using Fts.Server.Data;
using Fts.Server.Hosts;
using Fts.Server.Sessions;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Tls;

/// <summary>A TLS handshake failed or timed out.</summary>
internal sealed class HandshakeException(string message, Exception? cause = null) : IOException(message, cause)
{
    /// <summary>
    /// Whether the handshake failed only because it did not resume the control connection's TLS session, which is required.
    /// </summary>
    public bool IsNotResumed { get; init; }
}

/// <summary>
/// The TLS state of one session. Performs the handshakes of the control connection and the data connections.
/// </summary>
/// <remarks>
/// With <see cref="FtpDataBinding.Require"/>, each session has its own <see cref="SessionTicketScope"/>. On Linux, a data connection can
/// then resume only the TLS session of its own control connection, and is therefore from the same client. Sessions that request a client
/// certificate also have their own scope. All sessions without their own scope share one ticket key. Any of their connections can resume
/// the TLS session of any other.
/// </remarks>
internal sealed class SessionTls(FtpTlsOptions options, bool isImplicit) : IDisposable
{
    private static readonly List<SslApplicationProtocol> AlpnProtocols = [new("ftp")]; // the registered ID of FTP (RFC 7301 §6)

    private bool _requestsCertificate; // set at the handshake of the control connection
    private SessionTicketScope _ticketScope = new();
    private SslServerAuthenticationOptions? _authentication;
    private X509Certificate2? _presentedCertificate;
    private ClientCertificateValidator? _clientValidator;
    // The streams of the control connection, if CCC is allowed. The record stream is between the TLS stream and the socket's stream.
    private (SslStream Stream, TlsRecordStream RecordStream)? _streamForCcc;
    // The TLS stream that CCC ended. While it exists, .NET keeps the keys of the session tickets, which data connections need.
    private SslStream? _endedStream;

    /// <summary>Whether further data connections are encrypted (PROT P).</summary>
    public bool IsDataProtected { get; set; } = isImplicit && options.Data != FtpTlsPolicy.Off;

    /// <summary>Whether the client has sent PBSZ, which must precede PROT (RFC 4217 §9).</summary>
    public bool HasReceivedPbsz { get; set; } = isImplicit;

    /// <summary>Whether a data connection without resumption was logged. Only the first such connection is logged.</summary>
    public bool HasLoggedNotResumed { get; set; }

    public FtpTlsOptions Options { get; } = options;

    /// <summary>The TLS version of the control connection, for the log.</summary>
    public string ProtocolName { get; private set; } = "TLS";

    /// <summary>
    /// Whether the connections of this session resume only TLS sessions of this session. If the client certificate is requested, a control
    /// connection must not resume a TLS session: OpenSSL keeps no intermediate certificates of a resumed session, so the validation would
    /// fail.
    /// </summary>
    private bool HasOwnTicketScope => Options.DataBinding == FtpDataBinding.Require || _requestsCertificate;

    /// <summary>The host name that the client requested in the handshake (SNI), or null.</summary>
    public string? ServerName { get; private set; }

    /// <summary>What the last handshake of the control connection negotiated, or null before the handshake.</summary>
    public FtpTlsInfo? Negotiated { get; private set; }

    /// <summary>The host (RFC 7151) with the certificate that the handshake presented, or null before the handshake.</summary>
    public ServedHost? Host { get; private set; }

    /// <summary>The client's trusted certificate, or null.</summary>
    public ClientCertificate? Certificate => _clientValidator?.TrustedCertificate;

    /// <summary>Returns whether the handshake presented the certificate that <paramref name="host"/> uses for a host name.</summary>
    public bool HasPresentedCertificateOf(ServedHost host, string? name, ILogger log) =>
        host.Certificates!.GetCertificate(name, log).Certificate.Equals(_presentedCertificate);

    /// <summary>
    /// Performs the handshake of the control connection. Returns the encrypted stream, which owns the socket's stream.
    /// </summary>
    /// <exception cref="HandshakeException">The handshake failed or timed out.</exception>
    public async ValueTask<SslStream> AcceptControlAsync(Session session, CancellationToken cancellationToken)
    {
        // Reading record by record needs two system calls for each record instead of one, so only servers that allow CCC read in this way.
        TlsRecordStream? recordStream =
            Options.AllowClearCommandChannel ? new TlsRecordStream(session.PlainStream, stopsAtRecords: true) : null;
        var stream = new SslStream(recordStream ?? (Stream)session.PlainStream, leaveInnerStreamOpen: false);
        (_authentication, _ticketScope, _requestsCertificate) = (null, new SessionTicketScope(), Options.ClientCertificates.IsRequested);
        _endedStream?.Dispose(); // an earlier TLS session, ended by CCC
        _endedStream = null;
        try
        {
            // SslStream may call this callback twice: it mistakes a TLS 1.2 record for a ClientHello if the first encrypted byte is 1.
            await AuthenticateAsync(
                stream,
                (_, hello, _, _) => new(_authentication ??= CreateAuthenticationOptions(session, hello.ServerName)),
                recordStream,
                cancellationToken);
        }
        catch
        {
            session.Server.Metrics.AddHandshake("control", "failure");
            await stream.DisposeAsync();
            throw;
        }

        Negotiated = new FtpTlsInfo(stream.SslProtocol, stream.NegotiatedCipherSuite);
        ProtocolName = stream.SslProtocol switch
        {
            SslProtocols.Tls12 => "TLSv1.2",
            SslProtocols.Tls13 => "TLSv1.3",
            _ => stream.SslProtocol.ToString(),
        };
        session.Server.Metrics.AddHandshake("control", "success");
        _streamForCcc = recordStream is null ? null : (stream, recordStream);
        if (_clientValidator?.Problem is { } problem)
        {
            Log.ClientCertificateIgnored(session.Server.Options.Logger, session.Id, problem.ToPrintable());
        }

        _clientValidator?.CompleteControlHandshake();
        return stream;
    }

    /// <summary>
    /// Ends TLS on the control connection (CCC): sends close_notify, then waits for the client's close_notify, at most for
    /// <see cref="FtpTlsOptions.HandshakeTimeout"/>. The unencrypted bytes after the client's close_notify stay in the socket's stream.
    /// </summary>
    /// <returns>
    /// Null, or the reason why the session must end. The session must end if the client sends no close_notify, because the start of the
    /// unencrypted input is then unknown.
    /// </returns>
    public async ValueTask<string?> EndControlAsync(CancellationToken cancellationToken)
    {
        (SslStream stream, TlsRecordStream recordStream) = _streamForCcc ?? throw new InvalidOperationException("CCC is not allowed.");
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

        if (recordStream.HasEnded)
        {
            return "the client closed the connection without close_notify";
        }

        recordStream.ReleaseInner();
        _streamForCcc = null;
        _endedStream = stream;
        return null;
    }

    /// <summary>Releases the TLS stream that CCC ended. Other streams belong to the session's channel or to data connections.</summary>
    public void Dispose() => _endedStream?.Dispose();

    /// <summary>
    /// Performs the handshake of a data connection with the control connection's certificate, and applies
    /// <see cref="FtpTlsOptions.DataBinding"/>.
    /// </summary>
    /// <remarks>
    /// The TLS 1.3 session tickets are held back and sent with the server's first bytes. On an upload, the first bytes are the close_notify
    /// that the server sends after the end of the data. If the tickets were sent earlier, a client that closes the connection without
    /// reading them would cause a reset, and the reset could discard uploaded data. A client that reads to the end receives the tickets and
    /// can resume the session.
    /// </remarks>
    /// <exception cref="HandshakeException">
    /// The handshake failed, timed out, or did not resume the control connection's TLS session although that is required.
    /// </exception>
    /// <exception cref="DataConnectionException">The client closed the connection during the handshake.</exception>
    public async ValueTask<DataConnectionTls> AcceptDataAsync(Session session, Stream plain, CancellationToken cancellationToken)
    {
        var recordStream = new TlsRecordStream(plain);
        var stream = new SslStream(recordStream, leaveInnerStreamOpen: false);
        recordStream.HoldWrites();
        try
        {
            await AuthenticateAsync(stream, (_, _, _, _) => new(_authentication!), recordStream, cancellationToken);
            EnforceDataBinding(session, recordStream.Resumption == TlsResumption.Resumed);
            recordStream.StopHolding();
            if (stream.SslProtocol != SslProtocols.Tls13)
            {
                await recordStream.SendHeldAsync(cancellationToken); // the server's Finished
            }

            session.Server.Metrics.AddHandshake("data", "success");
            return new DataConnectionTls(stream, recordStream);
        }
        catch (IOException e) when (recordStream.HasEnded && e is not HandshakeException)
        {
            session.Server.Metrics.AddHandshake("data", "failure");
            await stream.DisposeAsync();
            throw new DataConnectionException("the client closed the data connection during the TLS handshake", e);
        }
        catch
        {
            session.Server.Metrics.AddHandshake("data", "failure");
            await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>Refuses or logs a data connection that did not resume a TLS session.</summary>
    /// <remarks>
    /// A refused peer must not be able to resume the session on its next connection. Therefore the held tickets and, in TLS 1.2, the
    /// server's Finished message are not sent to the peer.
    /// </remarks>
    private void EnforceDataBinding(Session session, bool isResumed)
    {
        // If .NET has not separated the tickets, the data connection may have resumed the TLS session of another client.
        if (Options.DataBinding == FtpDataBinding.Require && !_ticketScope.HasOwnTicketKey)
        {
            isResumed = false;
        }

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

    /// <summary>
    /// Performs a handshake. If the handshake fails, the caller must dispose the stream: a finalizer would free the memory of the TLS
    /// library too late.
    /// </summary>
    private async ValueTask AuthenticateAsync(
        SslStream stream, ServerOptionsSelectionCallback select, TlsRecordStream? recordStream, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Options.HandshakeTimeout);
        if (HasOwnTicketScope)
        {
            // Only if necessary, because the separate TLS context of a scope costs a fifth of the CPU time of a login.
            _ticketScope.Enter();
        }

        try
        {
            await stream.AuthenticateAsServerAsync(select, null, limit.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HandshakeException("the TLS handshake timed out", e);
        }
        catch (AuthenticationException e)
        {
            await SendAlertAsync(recordStream, limit.Token);
            throw new HandshakeException(_clientValidator?.Problem ?? e.InnerException?.Message ?? e.Message, e);
        }
    }

    /// <summary>Sends the held TLS alert of a failed handshake, so that the client receives the reason for the failure.</summary>
    private static async ValueTask SendAlertAsync(TlsRecordStream? recordStream, CancellationToken cancellationToken)
    {
        try
        {
            await (recordStream?.SendHeldAsync(cancellationToken) ?? default);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client has closed the connection, or the handshake has timed out.
        }
    }

    /// <summary>
    /// Selects the host and its certificate, and returns the options of the handshake. The client requests the host in the handshake (SNI)
    /// or by an earlier HOST command. If the client sends both names, they must be equal (RFC 7151 §3.2.2).
    /// </summary>
    private SslServerAuthenticationOptions CreateAuthenticationOptions(Session session, string? requestedName)
    {
        // An IP address in SNI is invalid (RFC 6066 §3). Some clients send one, and it is ignored.
        ServerName = HostName.IsValidName(requestedName) ? requestedName : null;
        if (ServerName is not null)
        {
            if (session.HostName is { } hostName && !HostName.AreSame(hostName, ServerName))
            {
                throw new AuthenticationException($"the handshake requests host {ServerName}, but the HOST command requested {hostName}");
            }

            session.Host = session.Server.Hosts.GetByServerName(ServerName);
        }

        Host = session.Host;
        FtpCertificates.PresentedCertificate presented =
            Host.Certificates!.GetCertificate(ServerName ?? session.HostName, session.Server.Options.Logger);
        _presentedCertificate = presented.Certificate;
        _clientValidator = _requestsCertificate ? new ClientCertificateValidator(Options.ClientCertificates) : null;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = presented.Context,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            ApplicationProtocols = AlpnProtocols,
            AllowRenegotiation = false,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            ClientCertificateRequired = _requestsCertificate,
            RemoteCertificateValidationCallback = _clientValidator is { } validator ? validator.ValidateCertificate : null,
            CertificateChainPolicy = _clientValidator?.ChainPolicy,
        };
    }
}
