using System.Net;
using Fts.Accounts;
using Fts.Storage;
using Microsoft.Extensions.Logging;

namespace Fts.Server;

/// <summary>The log messages of the server. Callers escape control characters in text from peers.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "[{Session}] connected from {Peer}")]
    public static partial void Connected(ILogger logger, long session, IPEndPoint peer);

    [LoggerMessage(2, LogLevel.Information, "[{Session}] disconnected")]
    public static partial void Disconnected(ILogger logger, long session);

    [LoggerMessage(16, LogLevel.Warning, "[{Session}] connection from {Peer} rejected: {Reason}")]
    public static partial void Rejected(ILogger logger, long session, IPEndPoint peer, string reason, string rule);

    [LoggerMessage(3, LogLevel.Information, "[{Session}] logged in as {Account} from {Address}")]
    public static partial void LoggedIn(ILogger logger, long session, string account, IPAddress address, string tls);

    [LoggerMessage(17, LogLevel.Information, 
        "[{Session}] logged in as {Account} by client certificate {Subject}, key {Key}, from {Address}")]
    public static partial void LoggedInByCertificate(
        ILogger logger, long session, string account, IPAddress address, string subject, string key, string tls);

    /// <summary>Logs a failed login. The text omits the rule if the user name or the password was wrong.</summary>
    public static void WriteFailedLogin(ILogger logger, long session, string account, IPAddress address, string tls, string? rule)
    {
        if (rule is null or RuleNames.LoginCredentials)
        {
            LoginFailed(logger, session, account, address, tls, RuleNames.LoginCredentials);
        }
        else
        {
            LoginRefused(logger, session, account, address, rule, tls);
        }
    }

    [LoggerMessage(4, LogLevel.Warning, "[{Session}] login failed for {Account} from {Address}")]
    public static partial void LoginFailed(
        ILogger logger, long session, string account, IPAddress address, string tls, string rule);

    [LoggerMessage(90, LogLevel.Warning, "[{Session}] login failed for {Account} from {Address} ({Rule})")]
    public static partial void LoginRefused(ILogger logger, long session, string account, IPAddress address, string rule, string tls);

    [LoggerMessage(5, LogLevel.Information, "[{Session}] {Account}@{Address} retrieved {Path}: {Bytes} bytes in {Milliseconds} ms")]
    public static partial void Retrieved(
        ILogger logger, long session, string account, IPAddress address, string path, long bytes, long milliseconds, string verb,
        string type, string tls, string verdict);

    [LoggerMessage(21, LogLevel.Information,
        "[{Session}] {Account}@{Address} stored {Path}: {Bytes} bytes in {Milliseconds} ms, {Verdict}")]
    public static partial void Stored(
        ILogger logger, long session, string account, IPAddress address, string path, long bytes, long milliseconds, string verdict,
        string verb, string type, string tls);

    [LoggerMessage(24, LogLevel.Information, "[{Session}] received QUIT during {Transfer}, after {Bytes} bytes")]
    public static partial void QuitDuringTransfer(ILogger logger, long session, long bytes, string transfer);

    [LoggerMessage(25, LogLevel.Information, "[{Session}] kept {Bytes} bytes of {Path} for resumption")]
    public static partial void PartialUploadKept(ILogger logger, long session, long bytes, string path);

    [LoggerMessage(22, LogLevel.Information, "removed {Count} expired partial uploads")]
    public static partial void PartialUploadsSwept(ILogger logger, int count);

    [LoggerMessage(23, LogLevel.Warning, "cannot remove expired partial uploads: {Reason}")]
    public static partial void PartialUploadSweepFailed(ILogger logger, string reason);

    [LoggerMessage(6, LogLevel.Warning, "[{Session}] {Transfer} failed after {Bytes} bytes: {Reason}")]
    public static partial void TransferFailed(ILogger logger, long session, string transfer, long bytes, string reason);

    [LoggerMessage(7, LogLevel.Debug, "[{Session}] connection lost: {Reason}")]
    public static partial void ConnectionLost(ILogger logger, long session, string reason);

#pragma warning disable SYSLIB1015 // The rule is a property of the structured line. In the text, the message or the reply contains it.
    [LoggerMessage(8, LogLevel.Debug, "[{Session}] the store rejected {Verb} ({Error}): {Reason}")]
    public static partial void StoreRejected(
        ILogger logger, long session, string verb, StoreError error, string reason, string? rule);
#pragma warning restore SYSLIB1015

    [LoggerMessage(9, LogLevel.Warning, "[{Session}] {Transfer} failed: can't open the data connection: {Reason}")]
    public static partial void NoDataConnection(ILogger logger, long session, string transfer, string reason);

    [LoggerMessage(41, LogLevel.Warning, "[{Session}] no passive port is free: {Reason}")]
    public static partial void NoPassivePort(ILogger logger, long session, string reason);

    [LoggerMessage(10, LogLevel.Warning, "cannot accept a connection: {Reason}")]
    public static partial void AcceptFailed(ILogger logger, string reason);

    [LoggerMessage(11, LogLevel.Error, "[{Session}] {Verb} failed")]
    public static partial void CommandFailed(ILogger logger, Exception exception, long session, string verb);

    [LoggerMessage(13, LogLevel.Warning, "[{Session}] TLS handshake failed: {Reason}")]
    public static partial void HandshakeFailed(ILogger logger, long session, string reason);

    [LoggerMessage(14, LogLevel.Warning, "[{Session}] closed: the client sent data between {Verb} and the {Change} of TLS")]
    public static partial void UnexpectedInput(ILogger logger, long session, string verb, string change);

    [LoggerMessage(42, LogLevel.Warning, "[{Session}] closed after CCC: {Reason}")]
    public static partial void ClearCommandChannelFailed(ILogger logger, long session, string reason);

    [LoggerMessage(18, LogLevel.Warning, "[{Session}] client certificate ignored: {Problem}")]
    public static partial void ClientCertificateIgnored(ILogger logger, long session, string problem);

    [LoggerMessage(19, LogLevel.Information, "certificate reloaded from {File}")]
    public static partial void CertificateReloaded(ILogger logger, string file);

    [LoggerMessage(20, LogLevel.Warning, "cannot use the changed certificate in {File}, keeping the previous certificate: {Reason}")]
    public static partial void CertificateReloadFailed(ILogger logger, string file, string reason);

    [LoggerMessage(15, LogLevel.Information,
        "[{Session}] data connections do not resume the TLS session of the control connection; accepted, as resumption is not required")]
    public static partial void DataSessionNotResumed(ILogger logger, long session);

    [LoggerMessage(30, LogLevel.Warning, "connection from load balancer {Balancer} closed: invalid PROXY header: {Reason}")]
    public static partial void ProxyHeaderInvalid(ILogger logger, EndPoint balancer, string reason);

    [LoggerMessage(33, LogLevel.Debug, "connection from load balancer {Balancer} closed before its PROXY header: {Reason}")]
    public static partial void ProxyHeaderMissing(ILogger logger, EndPoint balancer, string reason);

    [LoggerMessage(31, LogLevel.Debug,
        "connection from {Address} to passive port {Port} closed: no session expects a connection from this address")]
    public static partial void UnexpectedDataPeer(ILogger logger, int port, IPAddress address);

    [LoggerMessage(32, LogLevel.Warning,
        "cannot resolve the host name {Name} for replies to PASV, keeping the previous address if known: {Reason}")]
    public static partial void NameNotResolved(ILogger logger, string name, string reason);

    [LoggerMessage(50, LogLevel.Information, "[{Session}] control connection closed without a reply: {Reason}")]
    public static partial void Disconnecting(ILogger logger, long session, string reason);

    [LoggerMessage(51, LogLevel.Error, "[{Session}] the store failed during {Verb}")]
    public static partial void StoreFailed(ILogger logger, Exception exception, long session, string verb);

    [LoggerMessage(52, LogLevel.Information, "[{Session}] closed: the client does not use FTP ({Protocol})")]
    public static partial void NotFtp(ILogger logger, long session, string protocol);

    [LoggerMessage(53, LogLevel.Error,
        "{Count} sessions were abandoned when the server stopped, because a store or an authenticator did not return")]
    public static partial void SessionsAbandoned(ILogger logger, int count);

    [LoggerMessage(54, LogLevel.Error, "unexpected error in the {Loop}, which continues")]
    public static partial void LoopFailed(ILogger logger, Exception exception, string loop);

    [LoggerMessage(55, LogLevel.Warning,
        "skipped an entry of a listing, because its name is not valid: {Name} (further such entries of the listing are not logged)")]
    public static partial void NameSkipped(ILogger logger, string name);

    [LoggerMessage(7000, LogLevel.Warning,
        "{Count} entries of {Directory} are not listed, because their names are not valid in a path, for example {Name}")]
    public static partial void NamesNotListed(ILogger logger, int count, string directory, string name);

    [LoggerMessage(60, LogLevel.Information, "[{Session}] {Account}@{Address} {Action} {Names}")]
    public static partial void FileChanged(
        ILogger logger, long session, string account, IPAddress address, string action, string names, string verb, string path,
        string? target, string? value, string tls);

    [LoggerMessage(61, LogLevel.Information, "[{Session}] {Account}@{Address} {Verb} {Names} {Outcome}: {Code} {Reply}")]
    public static partial void FileCommandFailed(
        ILogger logger, long session, string account, IPAddress address, string verb, string names, string outcome, int code, string reply,
        string path, string? target, string? value, string? rule, string tls, long? bytes, long? milliseconds, string? verdict,
        string? type);

    [LoggerMessage(65, LogLevel.Information, "[{Session}] {Verb} from {Address} refused: {Code} {Reply}")]
    public static partial void CommandRefused(
        ILogger logger, long session, string verb, IPAddress address, int code, string reply, string? account, string rule, string tls);

    [LoggerMessage(62, LogLevel.Warning, "[{Session}] login rejected for {Account} from {Address}: too many failed logins")]
    public static partial void TooManyFailedLogins(
        ILogger logger, long session, string account, IPAddress address, string tls, string rule);

    [LoggerMessage(63, LogLevel.Warning,
        "connection from {Peer} closed: too few free file descriptors; raise the limit of open files (RLIMIT_NOFILE)")]
    public static partial void OutOfDescriptors(ILogger logger, EndPoint peer);

    [LoggerMessage(64, LogLevel.Information, "reloaded: certificates were read again if their files had changed")]
    public static partial void Reloaded(ILogger logger);

    [LoggerMessage(80, LogLevel.Information, "[{Session}] ended: {Reason}")]
    public static partial void SessionEnded(ILogger logger, long session, string reason);

    [LoggerMessage(88, LogLevel.Information, "[{Session}] ended: the account {Account} can no longer be used ({Rule})")]
    public static partial void AccountEnded(ILogger logger, long session, string account, string rule);

    [LoggerMessage(81, LogLevel.Warning, "[{Session}] closed: too many commands before login from {Address}")]
    public static partial void TooManyCommandsBeforeLogin(ILogger logger, long session, IPAddress address);

    [LoggerMessage(82, LogLevel.Warning,
        "[{Session}] login of {Account} from {Address} rejected: {Limit} sessions of the account are open")]
    public static partial void TooManySessionsOfAccount(ILogger logger, long session, string account, IPAddress address, int limit);

    [LoggerMessage(83, LogLevel.Information, "[{Session}] login of {Account} from {Address} rejected: banned until {Until}")]
    public static partial void LoginBanned(ILogger logger, long session, string account, IPAddress address, string until);

    [LoggerMessage(84, LogLevel.Warning, "banned {Subject} until {Until}: {Reason}")]
    public static partial void BanAdded(ILogger logger, string subject, string until, string reason);

    [LoggerMessage(85, LogLevel.Information, "removed the ban of {Subject}{By}")]
    public static partial void BanRemoved(ILogger logger, string subject, string by);

    [LoggerMessage(92, LogLevel.Information, "the ban of {Subject} has ended")]
    public static partial void BanEnded(ILogger logger, string subject);

    [LoggerMessage(93, LogLevel.Warning, "the ban of {Subject} has no effect, because its network is never banned")]
    public static partial void BanWithoutEffect(ILogger logger, string subject);

    [LoggerMessage(86, LogLevel.Error, "cannot read or write the stored bans; the bans in memory stay in force: {Reason}")]
    public static partial void BanStoreFailed(ILogger logger, string reason);

    [LoggerMessage(87, LogLevel.Debug, "[{Session}] connection from {Peer} rejected: {Reason}")]
    public static partial void RejectedAgain(ILogger logger, long session, IPEndPoint peer, string reason, string rule);

    [LoggerMessage(12, LogLevel.Error, "[{Session}] unexpected error in the session, which ends")]
    public static partial void SessionFailed(ILogger logger, Exception exception, long session);
}
