using System.Net.Sockets;
using Fts.Cli.Connections;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;
using Fts.Shell.Commands;
using Fts.Storage;
using Fts.Trust;

namespace Fts.Cli;

/// <summary>The one table from what a library threw to the words and the exit code a user sees.</summary>
internal static class Failures
{
    private const int MostShown = 500;

    private const string AccountAdvice = "--user NAME with FTS_ACCOUNT set, or 'account NAME' in the entry of the server in ~/.netrc";

    /// <summary>The failure to show.</summary>
    /// <param name="e">What was thrown.</param>
    /// <param name="doing">The command as the user would name it: <c>get report.pdf</c>.</param>
    /// <param name="target">The server.</param>
    public static Failure Of(Exception e, string doing, Target target) => e switch
    {
        FailureException own => own.Failure,
        OperationCanceledException => new Failure(ExitCode.Interrupted, $"{doing}: stopped"),
        FolderInPlaceException folder => new Failure(ExitCode.Other, folder.Message, null, $"cd {Words.Escape(folder.Folder)}, then run put again"),
        FtpLoginException refused => SignInRefused(refused, target),
        FtpTlsException tls => NotTrusted(tls, doing, target),
        FtpProxyException behind => Behind(behind, doing, target),
        FtpReplyException refused => Refused(refused, doing, target),
        FtpTargetExistsException exists => new Failure(ExitCode.Other, $"{doing}: {exists.Path} exists already, and is left as it is", null, "another name, or rm first"),
        FtpIntegrityException lost => NotTheSame(lost, doing),
        FtpConnectionException { Phase: FtpOperationPhase.Connect or FtpOperationPhase.Greeting } unreachable => Unreachable(unreachable, target),
        FtpConnectionException lost => Lost(lost, doing, target),
        FtpException odd => new Failure(ExitCode.Other, $"{doing}: {odd.Message}"),
        FileNotFoundException or DirectoryNotFoundException or StoreException { Error: StoreError.NotFound } =>
            new Failure(ExitCode.NotFound, $"{doing}: no such file here, in {Environment.CurrentDirectory}", null, "lls, to see what is here"),
        IOException or UnauthorizedAccessException => new Failure(ExitCode.LocalFiles, $"{doing}: on this side: {LocalReason.Of(e)}"),
        _ => new Failure(ExitCode.Other, $"{doing}: {e.Message}"),
    };

    private static Failure SignInRefused(FtpLoginException e, Target target) => new(
        ExitCode.LoginRefused, $"{target} does not let {e.UserName} in", Said(e.Reply),
        e.Reply.Code == FtpReplyCode.AccountNeeded ? AccountAdvice
        : Says(e.Reply, "certificate") ? "--cert FILE and --key FILE, with a certificate that the server trusts"
        : string.Equals(e.UserName, SignIn.Anonymous, StringComparison.OrdinalIgnoreCase) ? $"fts client {target.Host} {target.Port} --user NAME" : "another password, or --user with another name");

    private static Failure NotTrusted(FtpTlsException e, string doing, Target target) => e.Failure switch
    {
        FtpTlsFailure.Truncated => new Failure(ExitCode.TransferFailed, $"{doing}: {e.Message}", null, "the same command again"),
        FtpTlsFailure.NotOffered => new Failure(ExitCode.NotTrusted, $"{target} offers no encryption now, which was asked for or was there before", Said(e.Reply), "--tls off, if the data may be sent unencrypted"),
        FtpTlsFailure.PasswordNotProtected => new Failure(
            ExitCode.NotTrusted, $"{target} offers no encryption, and no password is sent unencrypted to another machine", null,
            "--tls off, to send the password unencrypted"),
        FtpTlsFailure.UntrustedServerCertificate when e.Identity is { } identity => new Failure(ExitCode.NotTrusted, $"{target} is not trusted: {identity.Problem ?? e.Message}; its key is {identity.Fingerprint}", null,
            identity.ProblemKind == FtpCertificateProblem.UntrustedRoot ? "without --ca, to remember that key" : $"without --ca, and with that key remembered: fts trust add {target} {identity.Fingerprint}"),
        FtpTlsFailure.ClientCertificateRejected => new Failure(ExitCode.NotTrusted, $"{target}: {e.Message}", null, "--cert FILE and --key FILE, with a certificate that the server trusts"),
        FtpTlsFailure.Handshake when target.UsesImplicitTls => new Failure(
            ExitCode.NotTrusted, $"{target}: {e.Message}", null, "--tls explicit, because most servers begin without TLS and use AUTH TLS; only some ports, such as 990, use --tls implicit"),
        _ => new Failure(ExitCode.NotTrusted, $"{target}: {RemoveReply(e.Message, e.Reply)}", Said(e.Reply), "--tls off, if the data may be sent unencrypted"),
    };

    private static Failure NotTheSame(FtpIntegrityException e, string doing) => e.Failure switch
    {
        FtpIntegrityFailure.Content => new Failure(ExitCode.Mismatch, $"{doing}: the file here and the file on the server differ (SHA-256)", null, "the same command again"),
        FtpIntegrityFailure.Unverified => new Failure(ExitCode.Mismatch, $"{doing}: the server cannot compute a SHA-256 to compare", null, "--verify auto, which compares only the length if the server has no hash"),
        FtpIntegrityFailure.SourceChanged => new Failure(ExitCode.TransferFailed, $"{doing}: the file changed on the server meanwhile", null, "the same command again"),
        _ => new Failure(ExitCode.TransferFailed, $"{doing}: {e.Actual} of {e.Expected} bytes arrived", null, "the same command again"),
    };

    private static Failure Behind(FtpProxyException e, string doing, Target target) => new(
        ExitCode.CannotConnect, $"{(doing == "connect" ? $"cannot connect to {target}" : doing)}: {e.Message}", null,
        e.IsTransient ? "again later, or --proxy off" : "another --proxy, with USER@ and FTS_PROXY_PASSWORD if it wants them, or --proxy off");

    private static Failure Unreachable(FtpConnectionException e, Target target)
    {
        if (e.Reply is not null)
        {
            return new Failure(ExitCode.CannotConnect, $"{target} refuses the connection", Said(e.Reply), e.IsTransient ? "again later" : null);
        }

        string reason = e is FtpTimeoutException ? e.Message : (e.InnerException as SocketException ?? e.InnerException?.InnerException as SocketException)?.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "connection refused; is the server running?",
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "no such host",
            SocketError.HostUnreachable => "no route to that host",
            SocketError.NetworkUnreachable => "no route to that network",
            SocketError.TimedOut => "no answer",
            SocketError.ConnectionReset => "the connection was closed at once; is that an FTP server?",
            _ => e.Message,
        };
        // A server with implicit TLS sends nothing until the client's handshake begins.
        string? next = e.Phase == FtpOperationPhase.Greeting && !target.UsesImplicitTls ? "--tls implicit, if this port expects TLS from the first byte, as port 990 does" : null;
        return new Failure(ExitCode.CannotConnect, $"cannot connect to {target}: {reason}", null, next);
    }

    private static Failure Lost(FtpConnectionException e, string doing, Target target) =>
        e.Phase is FtpOperationPhase.OpenData
            ? new Failure(ExitCode.TransferFailed, $"{doing}: no data connection with {target}: {RemoveReply(e.Message, e.Reply)}", Said(e.Reply), "fts client with --active, --passive or --passive-address server")
            : new Failure(
                e.Phase is FtpOperationPhase.Transfer or FtpOperationPhase.FinalReply ? ExitCode.TransferFailed : ExitCode.CannotConnect,
                $"{doing}: the connection to {target} was lost: {RemoveReply(e.Message, e.Reply)}", Said(e.Reply), "the same command again; it opens a new connection");

    private static Failure Refused(FtpReplyException e, string doing, Target target)
    {
        string verb = e.Command.Split(' ')[0];
        return Kind(e.Reply, verb) switch
        {
            ExitCode.NotFound => new Failure(ExitCode.NotFound, $"{doing}: no such file or folder on the server {target}", Said(e.Reply), "ls, to see what is there"),
            ExitCode.Denied => new Failure(ExitCode.Denied, $"{doing}: not permitted on {target}", Said(e.Reply)),
            ExitCode.NoSpace => new Failure(ExitCode.NoSpace, $"{doing}: no room left on {target}", Said(e.Reply)),
            ExitCode.LoginRefused when e.Reply.Code == FtpReplyCode.AccountNeededToStore =>
                new Failure(ExitCode.LoginRefused, $"{doing}: {target} requires an account (ACCT) for this command", Said(e.Reply), AccountAdvice),
            ExitCode.LoginRefused => new Failure(ExitCode.LoginRefused, $"{doing}: {target} wants a sign-in first", Said(e.Reply), "fts client with --user NAME"),
            ExitCode.TransferFailed => new Failure(ExitCode.TransferFailed, $"{doing}: the transfer failed on {target}", Said(e.Reply), "the same command again"),
            var other => new Failure(other, $"{doing}: refused by {target}", Said(e.Reply)),
        };
    }

    /// <summary>
    /// 550 means "no such file" and "not permitted" alike (RFC 959 §4.2.2), and only its words tell which. Where they say neither, what reads is missing
    /// something and what writes is not allowed to.
    /// </summary>
    private static ExitCode Kind(FtpReply reply, string verb) => reply.Code switch
    {
        FtpReplyCode.NotLoggedIn or FtpReplyCode.AccountNeededToStore => ExitCode.LoginRefused,
        FtpReplyCode.InsufficientStorage or FtpReplyCode.StorageExceeded => ExitCode.NoSpace,
        FtpReplyCode.CannotOpenDataConnection or FtpReplyCode.TransferAborted or FtpReplyCode.FileBusy or FtpReplyCode.LocalError => ExitCode.TransferFailed,
        FtpReplyCode.NameNotAllowed => ExitCode.Denied,
        // Not about a file, whatever its text says.
        _ when verb is not ("RETR" or "STOR" or "APPE" or "DELE" or "RNFR" or "RNTO" or "MKD" or "RMD" or "CWD" or "SIZE" or "MDTM" or "MLST" or "MLSD" or "LIST" or "NLST") => ExitCode.Other,
        FtpReplyCode.FileUnavailable when Says(reply, "no such", "not found", "not exist", "cannot find") => ExitCode.NotFound,
        FtpReplyCode.FileUnavailable when Says(reply, "denied", "permi", "not allowed", "forbidden", "may not", "read-only", "read only") => ExitCode.Denied,
        FtpReplyCode.FileUnavailable when Says(reply, "exists", "not empty", "not a ", "is a ") => ExitCode.Other,
        FtpReplyCode.FileUnavailable => verb is "STOR" or "APPE" or "MKD" ? ExitCode.Denied : ExitCode.NotFound,
        _ => ExitCode.Other,
    };

    private static bool Says(FtpReply reply, params ReadOnlySpan<string> words)
    {
        foreach (string word in words)
        {
            if (reply.Lines.Any(line => line.Contains(word, StringComparison.OrdinalIgnoreCase)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Code and last line: a refusal's other lines are a banner more often than a reason.</summary>
    private static string? Said(FtpReply? reply) => reply is null ? null : $"{(int)reply.Code} {Brief(reply)}";

    /// <summary>Returns a message without the reply at its end, which is shown on a line of its own.</summary>
    private static string RemoveReply(string message, FtpReply? reply) =>
        reply is not null && message.IndexOf($": {(int)reply.Code}", StringComparison.Ordinal) is > 0 and var start ? message[..start] : message;

    /// <summary>A reply's last line, as much of it as one reads on a terminal.</summary>
    public static string Brief(FtpReply reply) => FtpName.ToDisplayText(reply.Text.Length <= MostShown ? reply.Text : $"{reply.Text[..MostShown]}…");
}
