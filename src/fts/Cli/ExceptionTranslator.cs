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
internal static class ExceptionTranslator
{
    private const int MaxReplyLength = 500;

    private const string AccountAdvice = "--user NAME with FTS_ACCOUNT set, or 'account NAME' in the entry of the server in ~/.netrc";

    /// <summary>The failure to show.</summary>
    /// <param name="e">What was thrown.</param>
    /// <param name="operation">The command as the user would name it: <c>get report.pdf</c>.</param>
    /// <param name="target">The server.</param>
    public static UserError Translate(Exception e, string operation, Target target) => e switch
    {
        UserErrorException userErrorException => userErrorException.Error,
        OperationCanceledException => new UserError(ExitCode.Interrupted, $"{operation}: stopped"),
        TargetIsDirectoryException exception => new UserError(ExitCode.OtherError, exception.Message, null, $"cd {ShellLineParser.Escape(exception.Name)}, then run put again"),
        FtpLoginException exception => TranslateLoginError(exception, target),
        FtpTlsException exception => TranslateTlsError(exception, operation, target),
        FtpProxyException proxyException => TranslateProxyError(proxyException, operation, target),
        FtpReplyException exception => TranslateNegativeReply(exception, operation, target),
        FtpTargetExistsException exception => new UserError(ExitCode.OtherError, $"{operation}: {exception.Path} exists already, and is left as it is", null, "another name, or rm first"),
        FtpIntegrityException exception => TranslateIntegrityError(exception, operation),
        FtpConnectionException { Phase: FtpOperationPhase.Connect or FtpOperationPhase.Greeting } exception => TranslateConnectError(exception, target),
        FtpConnectionException exception => TranslateConnectionLoss(exception, operation, target),
        FtpException other => new UserError(ExitCode.OtherError, $"{operation}: {other.Message}"),
        FileNotFoundException or DirectoryNotFoundException or StoreException { Error: StoreError.NotFound } =>
            new UserError(ExitCode.NotFound, $"{operation}: no such file here, in {Environment.CurrentDirectory}", null, "lls, to see what is here"),
        IOException or UnauthorizedAccessException => new UserError(ExitCode.LocalFileError, $"{operation}: on this side: {LocalErrorText.Describe(e)}"),
        _ => new UserError(ExitCode.OtherError, $"{operation}: {e.Message}"),
    };

    private static UserError TranslateLoginError(FtpLoginException e, Target target) => new(
        ExitCode.LoginFailed, $"{target} does not let {e.UserName} in", FormatReply(e.Reply),
        e.Reply.Code == FtpReplyCode.AccountNeeded ? AccountAdvice
        : ContainsAny(e.Reply, "certificate") ? "--cert FILE and --key FILE, with a certificate that the server trusts"
        : string.Equals(e.UserName, SignInCredentials.AnonymousUser, StringComparison.OrdinalIgnoreCase) ? $"fts client {target.Host} {target.Port} --user NAME" : "another password, or --user with another name");

    private static UserError TranslateTlsError(FtpTlsException e, string operation, Target target) => e.Failure switch
    {
        FtpTlsFailure.Truncated => new UserError(ExitCode.TransferFailed, $"{operation}: {e.Message}", null, "the same command again"),
        FtpTlsFailure.NotOffered => new UserError(ExitCode.NotTrusted, $"{target} offers no encryption now, which was asked for or was there before", FormatReply(e.Reply), "--tls off, if the data may be sent unencrypted"),
        FtpTlsFailure.PasswordNotProtected => new UserError(
            ExitCode.NotTrusted, $"{target} offers no encryption, and no password is sent unencrypted to another machine", null,
            "--tls off, to send the password unencrypted"),
        FtpTlsFailure.UntrustedServerCertificate when e.Identity is { } identity => new UserError(ExitCode.NotTrusted, $"{target} is not trusted: {identity.Problem ?? e.Message}; its key is {identity.Fingerprint}", null,
            identity.ProblemKind == FtpCertificateProblem.UntrustedRoot ? "without --ca, to remember that key" : $"without --ca, and with that key remembered: fts trust add {target} {identity.Fingerprint}"),
        FtpTlsFailure.ClientCertificateRejected => new UserError(ExitCode.NotTrusted, $"{target}: {e.Message}", null, "--cert FILE and --key FILE, with a certificate that the server trusts"),
        FtpTlsFailure.Handshake when target.UsesImplicitTls => new UserError(
            ExitCode.NotTrusted, $"{target}: {e.Message}", null, "--tls explicit, because most servers begin without TLS and use AUTH TLS; only some ports, such as 990, use --tls implicit"),
        _ => new UserError(ExitCode.NotTrusted, $"{target}: {RemoveReply(e.Message, e.Reply)}", FormatReply(e.Reply), "--tls off, if the data may be sent unencrypted"),
    };

    private static UserError TranslateIntegrityError(FtpIntegrityException e, string operation) => e.Failure switch
    {
        FtpIntegrityFailure.Content => new UserError(ExitCode.ContentMismatch, $"{operation}: the file here and the file on the server differ (SHA-256)", null, "the same command again"),
        FtpIntegrityFailure.Unverified => new UserError(ExitCode.ContentMismatch, $"{operation}: the server cannot compute a SHA-256 to compare", null, "--verify auto, which compares only the length if the server has no hash"),
        FtpIntegrityFailure.SourceChanged => new UserError(ExitCode.TransferFailed, $"{operation}: the file changed on the server meanwhile", null, "the same command again"),
        _ => new UserError(ExitCode.TransferFailed, $"{operation}: {e.Actual} of {e.Expected} bytes arrived", null, "the same command again"),
    };

    private static UserError TranslateProxyError(FtpProxyException e, string operation, Target target) => new(
        ExitCode.CannotConnect, $"{(operation == "connect" ? $"cannot connect to {target}" : operation)}: {e.Message}", null,
        e.IsTransient ? "again later, or --proxy off" : "another --proxy, with USER@ and FTS_PROXY_PASSWORD if it wants them, or --proxy off");

    private static UserError TranslateConnectError(FtpConnectionException e, Target target)
    {
        if (e.Reply is not null)
        {
            return new UserError(ExitCode.CannotConnect, $"{target} refuses the connection", FormatReply(e.Reply), e.IsTransient ? "again later" : null);
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
        return new UserError(ExitCode.CannotConnect, $"cannot connect to {target}: {reason}", null, next);
    }

    private static UserError TranslateConnectionLoss(FtpConnectionException e, string operation, Target target) =>
        e.Phase is FtpOperationPhase.OpenData
            ? new UserError(ExitCode.TransferFailed, $"{operation}: no data connection with {target}: {RemoveReply(e.Message, e.Reply)}", FormatReply(e.Reply), "fts client with --active, --passive or --passive-address server")
            : new UserError(
                e.Phase is FtpOperationPhase.Transfer or FtpOperationPhase.FinalReply ? ExitCode.TransferFailed : ExitCode.CannotConnect,
                $"{operation}: the connection to {target} was lost: {RemoveReply(e.Message, e.Reply)}", FormatReply(e.Reply), "the same command again; it opens a new connection");

    private static UserError TranslateNegativeReply(FtpReplyException e, string operation, Target target)
    {
        string verb = e.Command.Split(' ')[0];
        return ClassifyReply(e.Reply, verb) switch
        {
            ExitCode.NotFound => new UserError(ExitCode.NotFound, $"{operation}: no such file or folder on the server {target}", FormatReply(e.Reply), "ls, to see what is there"),
            ExitCode.PermissionDenied => new UserError(ExitCode.PermissionDenied, $"{operation}: not permitted on {target}", FormatReply(e.Reply)),
            ExitCode.NoSpace => new UserError(ExitCode.NoSpace, $"{operation}: no room left on {target}", FormatReply(e.Reply)),
            ExitCode.LoginFailed when e.Reply.Code == FtpReplyCode.AccountNeededToStore =>
                new UserError(ExitCode.LoginFailed, $"{operation}: {target} requires an account (ACCT) for this command", FormatReply(e.Reply), AccountAdvice),
            ExitCode.LoginFailed => new UserError(ExitCode.LoginFailed, $"{operation}: {target} wants a sign-in first", FormatReply(e.Reply), "fts client with --user NAME"),
            ExitCode.TransferFailed => new UserError(ExitCode.TransferFailed, $"{operation}: the transfer failed on {target}", FormatReply(e.Reply), "the same command again"),
            var other => new UserError(other, $"{operation}: refused by {target}", FormatReply(e.Reply)),
        };
    }

    /// <summary>
    /// 550 means "no such file" and "not permitted" alike (RFC 959 §4.2.2), and only its words tell which. Where they say neither, what reads is missing
    /// something and what writes is not allowed to.
    /// </summary>
    private static ExitCode ClassifyReply(FtpReply reply, string verb) => reply.Code switch
    {
        FtpReplyCode.NotLoggedIn or FtpReplyCode.AccountNeededToStore => ExitCode.LoginFailed,
        FtpReplyCode.InsufficientStorage or FtpReplyCode.StorageExceeded => ExitCode.NoSpace,
        FtpReplyCode.CannotOpenDataConnection or FtpReplyCode.TransferAborted or FtpReplyCode.FileBusy or FtpReplyCode.LocalError => ExitCode.TransferFailed,
        FtpReplyCode.NameNotAllowed => ExitCode.PermissionDenied,
        // Not about a file, whatever its text says.
        _ when verb is not ("RETR" or "STOR" or "APPE" or "DELE" or "RNFR" or "RNTO" or "MKD" or "RMD" or "CWD" or "SIZE" or "MDTM" or "MLST" or "MLSD" or "LIST" or "NLST") => ExitCode.OtherError,
        FtpReplyCode.FileUnavailable when ContainsAny(reply, "no such", "not found", "not exist", "cannot find") => ExitCode.NotFound,
        FtpReplyCode.FileUnavailable when ContainsAny(reply, "denied", "permi", "not allowed", "forbidden", "may not", "read-only", "read only") => ExitCode.PermissionDenied,
        FtpReplyCode.FileUnavailable when ContainsAny(reply, "exists", "not empty", "not a ", "is a ") => ExitCode.OtherError,
        FtpReplyCode.FileUnavailable => verb is "STOR" or "APPE" or "MKD" ? ExitCode.PermissionDenied : ExitCode.NotFound,
        _ => ExitCode.OtherError,
    };

    private static bool ContainsAny(FtpReply reply, params ReadOnlySpan<string> words)
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
    private static string? FormatReply(FtpReply? reply) => reply is null ? null : $"{(int)reply.Code} {GetLastLine(reply)}";

    /// <summary>Returns a message without the reply at its end, which is shown on a line of its own.</summary>
    private static string RemoveReply(string message, FtpReply? reply) =>
        reply is not null && message.IndexOf($": {(int)reply.Code}", StringComparison.Ordinal) is > 0 and var start ? message[..start] : message;

    /// <summary>A reply's last line, as much of it as one reads on a terminal.</summary>
    public static string GetLastLine(FtpReply reply) => FtpName.ToDisplayText(reply.Text.Length <= MaxReplyLength ? reply.Text : $"{reply.Text[..MaxReplyLength]}…");
}
