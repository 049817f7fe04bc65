using Fts.Accounts;
using Fts.Protocol;
using Fts.Server.Access;
using Fts.Server.Access.Bans;
using Fts.Server.Hosts;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Commands;

/// <summary>Selects the host and logs clients in and out: HOST, USER, PASS, ACCT, REIN and QUIT (RFC 959 §4.1.1, RFC 7151).</summary>
internal static class LoginCommands
{
    /// <summary>HOST: selects one of several hosts (RFC 7151). Must precede USER.</summary>
    /// <remarks>
    /// After the TLS handshake, the name must equal the server name in the handshake (RFC 7151 §3.2.2). If the handshake contained no
    /// server name, the host must have the certificate that the server presented. Before the handshake, HOST selects the certificate (§4).
    /// </remarks>
    public static ValueTask<FtpReply> HostAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Files is not null || session.UserName is not null)
        {
            return new(Replies.HostTooLate);
        }

        if (HostName.Parse(argument) is not { } named)
        {
            return new(Replies.InvalidHostName);
        }

        if (session.Server.Hosts.Find(named, session) is not { } host ||
            (session.Tls?.ServerName is { } serverName && !HostName.AreSame(serverName, named.Name ?? "")))
        {
            return new(Replies.UnknownHost);
        }

        if (session.Tls is { Host: not null } tls && !tls.HasPresentedCertificateOf(host, named.Name, session.Server.Options.Logger))
        {
            return new(Replies.HostTooLate);
        }

        (session.Host, session.HostName) = (host, named.Name);
        return new(host.Greeting);
    }

    /// <summary>USER: starts a login and logs the previous user out.</summary>
    public static ValueTask<FtpReply> UserAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        session.Reset();
        if (session.Tls is { Options.Control: FtpTlsPolicy.Required } && !session.IsSecure)
        {
            return new(Replies.TlsRequired); // a 331 reply would make the client send the password unencrypted
        }

        if (session.Certificate is not null)
        {
            return LogInByCertificateAsync(session, argument, cancellationToken);
        }

        return session.Tls is { Options.ClientCertificates.Policy: FtpClientCertificatePolicy.Require }
            ? new(Replies.CertificateRequired)
            : RequestPasswordAsync(session, argument, cancellationToken);
    }

    /// <summary>PASS: completes the login that USER started.</summary>
    public static ValueTask<FtpReply> PasswordAsync(Session session, string argument, CancellationToken cancellationToken) => session switch
    {
        { Files: not null } => new(Replies.AlreadyLoggedIn),
        { UserName: { } userName } => LogInAsync(session, userName, argument, cancellationToken),
        _ => new(Replies.BadSequence),
    };

    /// <summary>ACCT: superfluous after a login (202), because no login requires ACCT.</summary>
    public static ValueTask<FtpReply> AccountAsync(Session session, string argument, CancellationToken cancellationToken) =>
        new(session.Files is null ? Replies.NotLoggedIn : Replies.CommandSuperfluous);

    /// <summary>
    /// REIN: restores the state that the session had after the greeting or the TLS handshake. HOST must be sent again (RFC 7151 §3.2).
    /// </summary>
    public static ValueTask<FtpReply> ReinitializeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        session.Reset();
        (session.Host, session.HostName) = (session.Tls?.Host ?? session.Server.Hosts.Default, null);
        return new(Replies.Reinitialized);
    }

    /// <summary>QUIT: closes the session after the reply.</summary>
    public static ValueTask<FtpReply> QuitAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        session.Next = NextAction.Close;
        return new(Replies.Goodbye);
    }

    /// <summary>
    /// Logs the client in without a password (232, RFC 2228 §4) if its certificate belongs to the account. Otherwise, requests a password.
    /// </summary>
    private static async ValueTask<FtpReply> LogInByCertificateAsync(Session session, string userName, CancellationToken cancellationToken)
    {
        Credentials credentials = CreateCredentials(session, userName, "");
        if (BanCheck.IsBanned(session, userName) ||
            await session.Host.Authenticator.AuthenticateByCertificateAsync(credentials, cancellationToken) is not { } account)
        {
            return await RequestPasswordAsync(session, userName, cancellationToken);
        }

        if (!TryLogIn(session, account))
        {
            return Replies.TooManySessionsOfAccount;
        }

        session.Records?.RecordLogin("certificate");
        ClientCertificate certificate = session.Certificate!;
        Log.LoggedInByCertificate(
            session.Server.Options.Logger, session.Id, account.Name.ToPrintable(), session.Peer.Address, certificate.Subject.ToPrintable(),
            certificate.KeyFingerprint, session.TlsName);
        session.Server.Metrics.AddLogin("success");
        return Replies.LoggedInByCertificate;
    }

    /// <summary>Requests a password (331). If the authenticator requires none, logs the client in without a password.</summary>
    private static ValueTask<FtpReply> RequestPasswordAsync(Session session, string userName, CancellationToken cancellationToken)
    {
        session.UserName = userName;
        return session.Host.Authenticator.RequiresPassword(userName)
            ? new(Replies.NeedPassword)
            : LogInAsync(session, userName, "", cancellationToken);
    }

    /// <summary>Logs the client in, unless the account has reached its limit of sessions. The session then ends.</summary>
    private static bool TryLogIn(Session session, Account account)
    {
        if (!session.Server.AccountSessions.TryAcquire(session.Host.Authenticator, account, out AccountSlot? slot))
        {
            Log.TooManySessionsOfAccount(
                session.Server.Options.Logger, session.Id, account.Name.ToPrintable(), session.Peer.Address,
                account.Limits.MaxSessions!.Value);
            session.Next = NextAction.Close;
            return false;
        }

        (session.AccountSlot, session.LinesBeforeLogin) = (slot, 0);
        session.Files = CreateUserFiles(session, account);
        return true;
    }

    /// <summary>
    /// Creates the account's access to its files, or to the files of the host if it has no store of its own. The account and the client's
    /// address identify the owner of a partial upload. Only the /64 network of an IPv6 address counts, because clients change the lower
    /// 64 bits (RFC 8981).
    /// </summary>
    public static UserFiles CreateUserFiles(Session session, Account account)
    {
        byte[] address = session.Peer.Address.GetAddressBytes();
        session.Records = LoginRecords.Begin(session, account);
        IFileStore store = account.Store is { } own ? session.Server.Hosts.GetGuardedStore(own) : session.Host.GuardedStore;
        store = session.Records?.Wrap(store) ?? store;
        return new UserFiles(account, store, Convert.ToHexString(address.AsSpan(0, Math.Min(address.Length, 8))));
    }

    private static Credentials CreateCredentials(Session session, string userName, string password) =>
        new(userName, password, session.Peer.Address, session.IsSecure)
        {
            Certificate = session.Certificate,
            IsServerUserAsync = token => LocalPeer.IsOwnUserAsync(session, token),
        };

    /// <summary>Waits for the delay after failed logins, checks the password and, if it is correct, logs the client in.</summary>
    private static async ValueTask<FtpReply> LogInAsync(
        Session session, string userName, string password, CancellationToken cancellationToken)
    {
        FtpServerOptions options = session.Server.Options;
        session.UserName = null; // every USER permits one password
        LoginThrottle throttle = session.Server.LoginThrottle;
        session.StartLoginDelay();
        using LoginAttempt? attempt = await throttle.BeginAttemptAsync(session, userName, cancellationToken);
        session.EndLoginDelay();
        LoginResult result = attempt is null
            ? LoginResult.Refuse(RuleNames.LoginDelay)
            : await BanCheck.LogInAsync(session, CreateCredentials(session, userName, password), cancellationToken);
        Account? account = result.Account;
        session.StartLoginDelay();
        bool isWithinLimits = attempt is not null &&
            await throttle.EndAttemptAsync(attempt, isAccepted: account is not null, cancellationToken);
        session.EndLoginDelay();
        if (!isWithinLimits)
        {
            LoginRecords.RecordFailure(session, userName, RuleNames.LoginDelay);
            Log.TooManyFailedLogins(
                options.Logger, session.Id, userName.ToPrintable(), session.Peer.Address, session.TlsName, RefusalRules.LoginThrottle);
            session.Server.Metrics.AddLogin("throttled");
            session.Next = NextAction.Close;
            return Replies.TooManyFailedLoginsFromAddress;
        }

        if (account is not null)
        {
            if (!TryLogIn(session, account))
            {
                return Replies.TooManySessionsOfAccount;
            }

            session.Records?.RecordLogin("password");
            Log.LoggedIn(options.Logger, session.Id, account.Name.ToPrintable(), session.Peer.Address, session.TlsName);
            session.Server.Metrics.AddLogin("success");
            return Replies.LoggedIn;
        }

        LoginRecords.RecordFailure(session, userName, result.Rule ?? RuleNames.LoginCredentials);
        Log.WriteFailedLogin(options.Logger, session.Id, userName.ToPrintable(), session.Peer.Address, session.TlsName, result.Rule);
        session.Server.Metrics.AddLogin("failure");
        if (++session.FailedLogins < options.MaxFailedLogins)
        {
            return Replies.LoginFailed;
        }

        session.Next = NextAction.Close;
        return Replies.TooManyFailedLoginsInSession;
    }
}
