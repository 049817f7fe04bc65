using Fts.Accounts;
using Fts.Protocol;
using Fts.Server.Access;
using Fts.Server.Hosts;
using Fts.Server.Sessions;

namespace Fts.Server.Commands;

/// <summary>Who is there (RFC 959 §4.1.1).</summary>
internal static class LoginCommands
{
    /// <summary>
    /// HOST, before USER. What TLS has settled stays so: the name must be the one the handshake asked for (§3.2.2), and where it asked for none, another
    /// host only if it shows the same certificate. Before the handshake it chooses the certificate (§4).
    /// </summary>
    public static ValueTask<FtpReply> HostAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Files is not null || session.UserName is not null)
        {
            return new(Replies.HostMustComeFirst);
        }

        if (HostName.Parse(argument) is not { } named)
        {
            return new(Replies.InvalidHostName);
        }

        if (session.Server.Hosts.Find(named, session) is not { } host || session.Tls?.ServerName is { } asked && !HostName.AreSame(asked, named.Name ?? ""))
        {
            return new(Replies.UnknownHost);
        }

        if (session.Tls is { Host: not null } tls && !tls.HasPresentedCertificateOf(host, named.Name, session.Server.Options.Logger))
        {
            return new(Replies.HostMustComeFirst);
        }

        (session.Host, session.HostName) = (host, named.Name);
        return new(host.Greeting);
    }

    /// <summary>Begins a sign-in, and ends the one before: nothing of it is left for the next user.</summary>
    public static ValueTask<FtpReply> UserAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        session.Reset();
        if (session.Tls is { Options.Control: FtpTlsPolicy.Required } && !session.IsSecure)
        {
            return new(Replies.TlsRequired); // asking for the password would make the client say it in plain
        }

        return session.Certificate is not null ? LogInByCertificateAsync(session, argument, cancellationToken)
            : session.Tls is { Options.ClientCertificates.Policy: FtpClientCertificatePolicy.Require } ? new(Replies.CertificateRequired)
            : RequestPasswordAsync(session, argument, cancellationToken);
    }

    public static ValueTask<FtpReply> PasswordAsync(Session session, string argument, CancellationToken cancellationToken) => session switch
    {
        { Files: not null } => new(Replies.AlreadyLoggedIn),
        { UserName: { } userName } => LogInAsync(session, userName, argument, cancellationToken),
        _ => new(Replies.BadSequence),
    };

    public static ValueTask<FtpReply> AccountAsync(Session session, string argument, CancellationToken cancellationToken) =>
        new(session.Files is null ? Replies.NotLoggedIn : Replies.NotNeeded);

    /// <summary>As after the greeting, or after the handshake: a host named since then is forgotten, too (RFC 7151 §3.2).</summary>
    public static ValueTask<FtpReply> ReinitializeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        session.Reset();
        (session.Host, session.HostName) = (session.Tls?.Host ?? session.Server.Hosts.Default, null);
        return new(Replies.Reinitialized);
    }

    public static ValueTask<FtpReply> QuitAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        session.Next = NextAction.Close;
        return new(Replies.Goodbye);
    }

    /// <summary>The certificate's own account needs no password (232, RFC 2228 §4); whoever it does not sign in is asked like anybody.</summary>
    private static async ValueTask<FtpReply> LogInByCertificateAsync(Session session, string userName, CancellationToken cancellationToken)
    {
        if (await session.Host.Authenticator.AuthenticateByCertificateAsync(CreateCredentials(session, userName, ""), cancellationToken) is not { } account)
        {
            return await RequestPasswordAsync(session, userName, cancellationToken);
        }

        session.Files = CreateUserFiles(session, account);
        ClientCertificate certificate = session.Certificate!;
        Log.LoggedInByCertificate(session.Server.Options.Logger, session.Id, account.Name.ToPrintable(), session.Peer.Address, certificate.Subject.ToPrintable(), certificate.KeyFingerprint);
        return Replies.LoggedInByCertificate;
    }

    private static ValueTask<FtpReply> RequestPasswordAsync(Session session, string userName, CancellationToken cancellationToken)
    {
        session.UserName = userName;
        return session.Host.Authenticator.RequiresPassword(userName) ? new(Replies.NeedPassword) : LogInAsync(session, userName, "", cancellationToken);
    }

    /// <summary>A client of IPv6 changes the lower half of its address as it likes (RFC 8981).</summary>
    private static UserFiles CreateUserFiles(Session session, Account account)
    {
        byte[] address = session.Peer.Address.GetAddressBytes();
        return new UserFiles(account, session.Host.GuardedStore, Convert.ToHexString(address.AsSpan(0, Math.Min(address.Length, 8))));
    }

    private static Credentials CreateCredentials(Session session, string userName, string password) =>
        new(userName, password, session.Peer.Address, session.IsSecure)
        {
            Certificate = session.Certificate,
            IsServerUserAsync = token => LocalPeer.IsOwnUserAsync(session, token),
        };

    private static async ValueTask<FtpReply> LogInAsync(Session session, string userName, string password, CancellationToken cancellationToken)
    {
        FtpServerOptions options = session.Server.Options;
        session.UserName = null; // one password for one USER
        LoginThrottle delays = session.Server.LoginThrottle;
        session.StartLoginDelay();
        using LoginAttempt? turn = await delays.BeginAttemptAsync(session, userName, cancellationToken);
        session.EndLoginDelay();
        Account? account = turn is null ? null : await session.Host.Authenticator.AuthenticateAsync(CreateCredentials(session, userName, password), cancellationToken);
        session.StartLoginDelay();
        bool isAnswered = turn is not null && await delays.EndAttemptAsync(turn, isAccepted: account is not null, cancellationToken);
        session.EndLoginDelay();
        if (!isAnswered)
        {
            Log.TooManyFailedLogins(options.Logger, session.Id, userName.ToPrintable(), session.Peer.Address);
            session.Next = NextAction.Close;
            return Replies.TooManyFailedLogins;
        }

        if (account is not null)
        {
            session.Files = CreateUserFiles(session, account);
            Log.LoggedIn(options.Logger, session.Id, account.Name.ToPrintable(), session.Peer.Address);
            return Replies.LoggedIn;
        }

        Log.LoginFailed(options.Logger, session.Id, userName.ToPrintable(), session.Peer.Address);
        if (++session.FailedLogins < options.MaxFailedLogins)
        {
            return Replies.LoginFailed;
        }

        session.Next = NextAction.Close;
        return Replies.TooManyFailedAttempts;
    }
}
