using System.Net.Sockets;
using Fts.Cli.Connections;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell;
using Fts.Shell.Commands;
using Fts.Storage;
using Fts.Trust;

namespace Fts.Cli;

/// <summary>Translates exceptions of the libraries to errors for the user, and selects their exit codes.</summary>
internal static class ExceptionTranslator
{
    /// <summary>The maximum number of characters of a reply in an error message.</summary>
    private const int MaxReplyLength = 500;

    private const string AccountAdvice = "--user NAME with FTS_ACCOUNT set, or 'account ACCOUNT' in the entry of the server in ~/.netrc";

    private const string RepeatAdvice = "the same command again";

    private const string UnencryptedAdvice = "--tls off, to send everything unencrypted, including the password";

    private const string CertificateAdvice = "--cert FILE and --key FILE, with a certificate that the server trusts";

    /// <summary>The verbs of commands whose argument is a file or a folder.</summary>
    private static readonly string[] FileVerbs =
        ["RETR", "STOR", "APPE", "DELE", "RNFR", "RNTO", "MKD", "RMD", "CWD", "SIZE", "MDTM", "MLST", "MLSD", "LIST", "NLST"];

    /// <summary>Returns the error for an exception.</summary>
    /// <param name="e">The exception.</param>
    /// <param name="operation">The command in the form that the user typed, such as <c>get report.pdf</c>.</param>
    /// <param name="target">The server.</param>
    public static UserError Translate(Exception e, string operation, Target target) => e switch
    {
        UserErrorException userErrorException => userErrorException.Error,
        OperationCanceledException => new UserError(ExitCode.Interrupted, $"{operation}: stopped"),
        TargetIsDirectoryException exception => new UserError(
            ExitCode.OtherError, exception.Message, null, $"cd {ShellLineParser.Escape(exception.Name)}, then run put again"),
        FtpLoginException exception => TranslateLoginError(exception, target),
        FtpTlsException exception => TranslateTlsError(exception, operation, target),
        FtpProxyException proxyException => TranslateProxyError(proxyException, operation, target),
        FtpReplyException exception => TranslateNegativeReply(exception, operation, target),
        FtpTargetExistsException exception => new UserError(
            ExitCode.OtherError, $"{operation}: {exception.Message}; it was not changed", null,
            "another name, or remove or rename the existing file first"),
        FtpIntegrityException exception => TranslateIntegrityError(exception, operation),
        FtpConnectionException { Phase: FtpOperationPhase.Connect or FtpOperationPhase.Greeting } exception =>
            TranslateConnectError(exception, target),
        FtpConnectionException exception => TranslateConnectionLoss(exception, operation, target),
        FtpException other => new UserError(ExitCode.OtherError, $"{operation}: {other.Message}"),
        FileNotFoundException or DirectoryNotFoundException or StoreException { Error: StoreError.NotFound } =>
            new UserError(
                ExitCode.NotFound,
                $"{operation}: no such local file{FormatSearchedFolder(e)}",
                null,
                "lls, to list the local folder"),
        IOException or UnauthorizedAccessException =>
            new UserError(ExitCode.LocalFileError, $"{operation}: local error: {LocalErrorText.Describe(e)}"),
        _ => new UserError(ExitCode.OtherError, $"{operation}: {e.Message}"),
    };

    /// <summary>
    /// Returns " in " and the folder that does not contain the file. Returns an empty text if that folder does not exist.
    /// </summary>
    private static string FormatSearchedFolder(Exception e) => e switch
    {
        DirectoryNotFoundException => "",
        FileNotFoundException { FileName: { } file } when Path.GetDirectoryName(file) is { Length: > 0 } folder => $" in {folder}",
        _ => $" in {Environment.CurrentDirectory}",
    };

    private static UserError TranslateLoginError(FtpLoginException e, Target target)
    {
        string advice = "another password, or --user with another name";
        if (e.Reply.Code == FtpReplyCode.AccountNeeded)
        {
            advice = AccountAdvice;
        }
        else if (ContainsAny(e.Reply, "certificate"))
        {
            advice = CertificateAdvice;
        }
        else if (string.Equals(e.UserName, SignInCredentials.AnonymousUser, StringComparison.OrdinalIgnoreCase))
        {
            advice = $"fts client {target.Host} {target.Port} --user NAME";
        }

        return new UserError(ExitCode.LoginFailed, $"login failed for {e.UserName} on {target}", FormatReply(e.Reply), advice);
    }

    private static UserError TranslateTlsError(FtpTlsException e, string operation, Target target) => e.Failure switch
    {
        FtpTlsFailure.Truncated => new UserError(ExitCode.TransferFailed, $"{operation}: {e.Message}", null, RepeatAdvice),
        FtpTlsFailure.NotOffered => new UserError(
            ExitCode.NotTrusted,
            $"{target} does not support TLS, which is required or was used before",
            FormatReply(e.Reply),
            UnencryptedAdvice),
        FtpTlsFailure.PasswordNotProtected => new UserError(
            ExitCode.NotTrusted,
            $"{target} does not support TLS, and no password is sent unencrypted to another machine",
            null,
            UnencryptedAdvice),
        FtpTlsFailure.UntrustedServerCertificate when e.Identity is { } identity => new UserError(
            ExitCode.NotTrusted,
            $"the certificate of {target} is not trusted: {identity.Problem ?? e.Message}; its key is {identity.Fingerprint}",
            null,
            identity.ProblemKind == FtpCertificateProblem.UntrustedRoot
                ? "if this is the key of your server, omit --ca; fts then trusts and remembers this key"
                : $"if this is the key of your server, omit --ca and run: fts trust add {target} {identity.Fingerprint}"),
        FtpTlsFailure.ClientCertificateRejected => new UserError(ExitCode.NotTrusted, $"{target}: {e.Message}", null, CertificateAdvice),
        FtpTlsFailure.Handshake when target.UsesImplicitTls => new UserError(
            ExitCode.NotTrusted,
            $"{target}: {e.Message}",
            null,
            "--tls explicit, which most servers support; --tls implicit is for ports such as 990"),
        _ => new UserError(ExitCode.NotTrusted, $"{target}: {RemoveReply(e.Message, e.Reply)}", FormatReply(e.Reply), UnencryptedAdvice),
    };

    private static UserError TranslateIntegrityError(FtpIntegrityException e, string operation) => e.Failure switch
    {
        FtpIntegrityFailure.Content => new UserError(
            ExitCode.ContentMismatch,
            $"{operation}: the SHA-256 hashes of the local file and the file on the server differ",
            null,
            RepeatAdvice),
        FtpIntegrityFailure.Unverified => new UserError(
            ExitCode.ContentMismatch,
            $"{operation}: the server cannot compute a SHA-256 hash for the comparison",
            null,
            "--verify auto, which compares only the length if the server does not support hashes"),
        FtpIntegrityFailure.SourceChanged => new UserError(
            ExitCode.TransferFailed, $"{operation}: the file changed on the server during the transfer", null, RepeatAdvice),
        _ => new UserError(ExitCode.TransferFailed, $"{operation}: {e.Actual} of {e.Expected} bytes arrived", null, RepeatAdvice),
    };

    private static UserError TranslateProxyError(FtpProxyException e, string operation, Target target) => new(
        ExitCode.CannotConnect, $"{(operation == "connect" ? $"cannot connect to {target}" : operation)}: {e.Message}", null,
        e.IsTransient
            ? "the same command later, or --proxy off"
            : "another --proxy URL, with USER@ and FTS_PROXY_PASSWORD if the proxy requires a login, or --proxy off");

    private static UserError TranslateConnectError(FtpConnectionException e, Target target)
    {
        if (e.Reply is not null)
        {
            return new UserError(
                ExitCode.CannotConnect,
                $"{target} refused the connection",
                FormatReply(e.Reply),
                e.IsTransient ? "the same command later" : null);
        }

        var socketException = e.InnerException as SocketException ?? e.InnerException?.InnerException as SocketException;
        string reason = e is FtpTimeoutException ? e.Message : socketException?.SocketErrorCode switch
        {
            SocketError.ConnectionRefused => "connection refused; is the server running?",
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => "no such host",
            SocketError.HostUnreachable => "no route to the host",
            SocketError.NetworkUnreachable => "no route to the network",
            SocketError.TimedOut => "no response",
            SocketError.ConnectionReset => "the server closed the connection at once; is it an FTP server?",
            _ => e.Message,
        };
        // A server with implicit TLS sends nothing until the client's handshake begins.
        string? advice = e.Phase == FtpOperationPhase.Greeting && !target.UsesImplicitTls
            ? "--tls implicit, if this port expects TLS from the first byte, as port 990 does"
            : null;
        return new UserError(ExitCode.CannotConnect, $"cannot connect to {target}: {reason}", null, advice);
    }

    private static UserError TranslateConnectionLoss(FtpConnectionException e, string operation, Target target) =>
        e.Phase is FtpOperationPhase.OpenData
            ? new UserError(
                ExitCode.TransferFailed,
                $"{operation}: cannot open a data connection with {target}: {RemoveReply(e.Message, e.Reply)}",
                FormatReply(e.Reply),
                "start fts with --active, --passive or --passive-address server")
            : new UserError(
                e.Phase is FtpOperationPhase.Transfer or FtpOperationPhase.FinalReply ? ExitCode.TransferFailed : ExitCode.CannotConnect,
                $"{operation}: the connection to {target} was lost: {RemoveReply(e.Message, e.Reply)}",
                FormatReply(e.Reply),
                $"{RepeatAdvice}; it opens a new connection");

    private static UserError TranslateNegativeReply(FtpReplyException e, string operation, Target target)
    {
        string verb = e.Command.Split(' ')[0];
        return ClassifyReply(e.Reply, verb) switch
        {
            ExitCode.NotFound => new UserError(
                ExitCode.NotFound,
                $"{operation}: no such file or folder on the server {target}",
                FormatReply(e.Reply),
                "ls, to list the remote folder"),
            ExitCode.PermissionDenied => new UserError(
                ExitCode.PermissionDenied, $"{operation}: permission denied by {target}", FormatReply(e.Reply)),
            ExitCode.NoSpace => new UserError(ExitCode.NoSpace, $"{operation}: no space left on {target}", FormatReply(e.Reply)),
            ExitCode.LoginFailed when e.Reply.Code == FtpReplyCode.AccountNeededToStore => new UserError(
                ExitCode.LoginFailed,
                $"{operation}: {target} requires an account (ACCT) for this command",
                FormatReply(e.Reply),
                AccountAdvice),
            ExitCode.LoginFailed => new UserError(
                ExitCode.LoginFailed, $"{operation}: {target} requires a login", FormatReply(e.Reply), "start fts with --user NAME"),
            ExitCode.TransferFailed => new UserError(
                ExitCode.TransferFailed, $"{operation}: the transfer failed on {target}", FormatReply(e.Reply), RepeatAdvice),
            var other => new UserError(other, $"{operation}: refused by {target}", FormatReply(e.Reply)),
        };
    }

    /// <summary>
    /// Returns the exit code for a negative reply. 550 means both "no such file" and "permission denied" (RFC 959 §4.2.2), so the text of
    /// the reply decides. If the text is unclear, 550 means "permission denied" for commands that create a file or folder, and "no such
    /// file" for others.
    /// </summary>
    private static ExitCode ClassifyReply(FtpReply reply, string verb) => reply.Code switch
    {
        FtpReplyCode.NotLoggedIn or FtpReplyCode.AccountNeededToStore => ExitCode.LoginFailed,
        FtpReplyCode.InsufficientStorage or FtpReplyCode.StorageExceeded => ExitCode.NoSpace,
        FtpReplyCode.CannotOpenDataConnection or FtpReplyCode.TransferAborted or FtpReplyCode.FileBusy or FtpReplyCode.LocalError =>
            ExitCode.TransferFailed,
        FtpReplyCode.NameNotAllowed => ExitCode.PermissionDenied,
        // The argument of other verbs is not a file, so words such as "not found" do not mean a missing file.
        _ when !FileVerbs.Contains(verb) => ExitCode.OtherError,
        FtpReplyCode.FileUnavailable when ContainsAny(reply, "no such", "not found", "not exist", "cannot find") => ExitCode.NotFound,
        FtpReplyCode.FileUnavailable
            when ContainsAny(reply, "denied", "permi", "not allowed", "forbidden", "may not", "read-only", "read only") =>
            ExitCode.PermissionDenied,
        FtpReplyCode.FileUnavailable when ContainsAny(reply, "exists", "not empty", "not a ", "is a ") => ExitCode.OtherError,
        FtpReplyCode.FileUnavailable => verb is "STOR" or "APPE" or "MKD" ? ExitCode.PermissionDenied : ExitCode.NotFound,
        _ => ExitCode.OtherError,
    };

    /// <summary>Returns whether a line of the reply contains one of the texts, in upper or lower case.</summary>
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

    /// <summary>
    /// Returns the code and the last line of a reply, or null if there is no reply. The other lines of a negative reply are usually a
    /// banner.
    /// </summary>
    private static string? FormatReply(FtpReply? reply) => reply is null ? null : $"{(int)reply.Code} {GetLastLine(reply)}";

    /// <summary>Returns a message without the reply at its end, because the reply is printed on its own line.</summary>
    private static string RemoveReply(string message, FtpReply? reply) =>
        reply is not null && message.IndexOf($": {(int)reply.Code}", StringComparison.Ordinal) is > 0 and var start
            ? message[..start]
            : message;

    /// <summary>Returns the last line of a reply, limited to <see cref="MaxReplyLength"/> characters.</summary>
    public static string GetLastLine(FtpReply reply) =>
        FtpName.ToDisplayText(reply.Text.Length <= MaxReplyLength ? reply.Text : $"{reply.Text[..MaxReplyLength]}…");
}
