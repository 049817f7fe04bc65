using Fts.Accounts;
using Fts.Protocol;
using Fts.Server.Uploads;
using Fts.Storage;

namespace Fts.Server;

/// <summary>The replies of the server. No reply contains a local path, a stack trace or the message of an unexpected exception.</summary>
internal static class Replies
{
    /// <summary>The replies to refusals by a configured rule. Must be the first field, because the other initializers use it.</summary>
    private static readonly Dictionary<FtpReply, string> s_rules = new(ReferenceEqualityComparer.Instance);

    public static readonly FtpReply CommandOkay = new(FtpReplyCode.Okay, "Command okay.");
    public static readonly FtpReply NoQuota = new(FtpReplyCode.Okay, "No quota.");
    public static readonly FtpReply TypeBinary = new(FtpReplyCode.Okay, "Type set to I.");
    public static readonly FtpReply ModeStream = new(FtpReplyCode.Okay, "Mode set to S.");
    public static readonly FtpReply ModeBlock = new(FtpReplyCode.Okay, "Mode set to B.");
    public static readonly FtpReply ModeDeflate = new(FtpReplyCode.Okay, "Mode set to Z.");
    public static readonly FtpReply TypeAscii = new(FtpReplyCode.Okay, "Type set to A.");
    public static readonly FtpReply LanguageSet = new(FtpReplyCode.Okay, "Language set to EN.");
    public static readonly FtpReply CommandSuperfluous = new(FtpReplyCode.Superfluous, "Command superfluous.");
    public static readonly FtpReply SystemType = new(FtpReplyCode.SystemType, "UNIX Type: L8");
    public static readonly FtpReply Reinitialized = new(FtpReplyCode.ServiceReady, "Service ready for new user.");
    public static readonly FtpReply Goodbye = new(FtpReplyCode.Closing, "Goodbye.");
    public static readonly FtpReply DataConnectionAlreadyOpen = new(FtpReplyCode.TransferStarting, "Data connection already open.");
    public static readonly FtpReply OpeningDataConnection = new(FtpReplyCode.OpeningDataConnection, "Opening data connection.");
    public static readonly FtpReply StartHandshake = new(FtpReplyCode.SecurityAccepted, "AUTH TLS accepted; start the TLS handshake.");
    public static readonly FtpReply BufferSizeZero = new(FtpReplyCode.Okay, "PBSZ=0");
    public static readonly FtpReply DataConnectionsEncrypted = new(FtpReplyCode.Okay, "Protection level set to P.");
    public static readonly FtpReply DataConnectionsNotEncrypted = new(FtpReplyCode.Okay, "Protection level set to C.");
    public static readonly FtpReply AlreadyEncrypted = new(FtpReplyCode.BadSequence, "The control connection is already encrypted.");
    public static readonly FtpReply AuthAndPbszFirst = new(FtpReplyCode.BadSequence, "Send AUTH TLS and PBSZ 0 first.");
    public static readonly FtpReply ProtectionMismatch = Ruled(
        RuleNames.TlsRequired, FtpReplyCode.ProtectionMismatch, "Data connections must be encrypted (tls.required); send PROT P first.");
    public static readonly FtpReply ProtectionLevelNotAllowed = Ruled(
        RuleNames.TlsRequired, FtpReplyCode.PolicyDenied, "Protection level not allowed by server policy (tls.required).");
    public static readonly FtpReply ProtectionNotSupported =
        new(FtpReplyCode.ProtectionNotSupported, "Protection level not supported; use C or P.");
    public static readonly FtpReply NotEncrypted = new(FtpReplyCode.ProtectionDenied, "The control connection is not encrypted.");
    public static readonly FtpReply ClearCommandChannelNotAllowed = Ruled(
        RuleNames.TlsRequired, FtpReplyCode.PolicyDenied, "CCC not allowed by server policy (tls.required).");
    public static readonly FtpReply TlsRequired = Ruled(
        RuleNames.TlsRequired, FtpReplyCode.NotLoggedIn, "TLS required (tls.required); send AUTH TLS first.");
    public static readonly FtpReply CertificateRequired = Ruled(
        RuleNames.CertificateRequired, FtpReplyCode.NotLoggedIn, "A trusted TLS client certificate is required (tls.certificate).");
    public static readonly FtpReply DataHandshakeFailed =
        new(FtpReplyCode.ProtocolNotSupported, "TLS handshake failed on the data connection.");
    public static readonly FtpReply TlsSessionNotResumed = Ruled(
        RuleNames.TlsResumptionRequired, FtpReplyCode.CannotOpenDataConnection,
        "The data connection must resume the TLS session of the control connection (tls.resumption).");

    public static readonly FtpReply AbortComplete = new(FtpReplyCode.TransferComplete, "ABOR command successful.");
    public static readonly FtpReply TransferComplete = new(FtpReplyCode.TransferComplete, "Transfer complete.");
    public static readonly FtpReply TransferCompleteConnectionOpen = new(FtpReplyCode.FileActionOkay, "Transfer complete.");
    public static readonly FtpReply LoggedIn = new(FtpReplyCode.LoggedIn, "User logged in.");
    public static readonly FtpReply LoggedInByCertificate = new(FtpReplyCode.LoggedInBySecurity, "User logged in by client certificate.");
    public static readonly FtpReply FileActionOkay = new(FtpReplyCode.FileActionOkay, "Requested file action okay, completed.");

    public static readonly FtpReply NeedPassword = new(FtpReplyCode.PasswordNeeded, "User name okay, need password.");
    public static readonly FtpReply RangeReset =
        new(FtpReplyCode.PendingFurtherInformation, "Range reset; the next transfer is not limited to a range.");
    public static readonly FtpReply ReadyForCopyTarget = new(FtpReplyCode.PendingFurtherInformation, "File exists, ready for SITE CPTO.");
    public static readonly FtpReply ReadyForRenameTarget = new(FtpReplyCode.PendingFurtherInformation, "File exists, ready for RNTO.");

    public static readonly FtpReply TooManySessions = Ruled(
        RuleNames.SessionLimit, FtpReplyCode.ServiceNotAvailable, "Too many connections (limit.sessions), try again later.");
    public static readonly FtpReply Stopping = new(FtpReplyCode.ServiceNotAvailable, "Server shutting down, closing control connection.");
    public static readonly FtpReply AccountEnded =
        new(FtpReplyCode.ServiceNotAvailable, "Account no longer available, closing control connection.");
    public static readonly FtpReply IdleTimeout = new(FtpReplyCode.ServiceNotAvailable, "Idle timeout, closing control connection.");
    public static readonly FtpReply LoginTimeout = new(FtpReplyCode.ServiceNotAvailable, "Login timeout, closing control connection.");
    public static readonly FtpReply ControlConnectionTimeout =
        new(FtpReplyCode.ServiceNotAvailable, "Timeout, closing control connection.");
    public static readonly FtpReply TooManyFailedLoginsInSession = Ruled(
        RuleNames.FailedLoginLimit, FtpReplyCode.ServiceNotAvailable,
        "Too many failed logins (limit.failed-logins), closing control connection.");
    public static readonly FtpReply TooManyFailedLoginsFromAddress = Ruled(
        RuleNames.LoginDelay, FtpReplyCode.ServiceNotAvailable, "Too many failed logins from your address (ban.delay), try again later.");
    public static readonly FtpReply TooManyNewConnections = Ruled(
        RuleNames.ConnectionRateLimit, FtpReplyCode.ServiceNotAvailable,
        $"Too many new connections ({RuleNames.ConnectionRateLimit}), try again later.");
    public static readonly FtpReply TooManySessionsOfAccount = Ruled(
        RuleNames.SessionLimit, FtpReplyCode.ServiceNotAvailable,
        $"Too many sessions of this account ({RuleNames.SessionLimit}), try again later.");
    public static readonly FtpReply TooManyCommandsBeforeLogin = Ruled(
        RuleNames.CommandLimit, FtpReplyCode.ServiceNotAvailable,
        $"Too many commands before login ({RuleNames.CommandLimit}), closing control connection.");
    public static readonly FtpReply Banned = Ruled(
        RuleNames.Banned, FtpReplyCode.ServiceNotAvailable, $"Your address is banned ({RuleNames.Banned}), try again later.");
    public static readonly FtpReply NotAnFtpClient =
        new(FtpReplyCode.ServiceNotAvailable, "This is an FTP server. Closing control connection.");

    public static readonly FtpReply NoDataConnectionPrepared =
        new(FtpReplyCode.CannotOpenDataConnection, "Send PASV, EPSV, PORT or EPRT first.");
    public static readonly FtpReply NoPassivePort =
        new(FtpReplyCode.CannotOpenDataConnection, "Can't open data connection: no passive port is free.");
    public static readonly FtpReply PassiveAddressUnknown =
        new(FtpReplyCode.CannotOpenDataConnection, "The server's address for PASV is not known yet; use EPSV.");
    public static readonly FtpReply TransferAborted = new(FtpReplyCode.TransferAborted, "Transfer aborted.");
    public static readonly FtpReply TransferStalled =
        new(FtpReplyCode.TransferAborted, "Transfer aborted: no data was transferred within the time limit.");
    public static readonly FtpReply TransferSuperseded =
        new(FtpReplyCode.TransferAborted, "Transfer aborted: the client resumed the upload on another connection.");
    public static readonly FtpReply SizeMismatch =
        new(FtpReplyCode.LocalError, "The size differs from the size in ALLO; the file was not stored.");
    public static readonly FtpReply UploadUnverified = Ruled(
        RuleNames.UploadUnverified, FtpReplyCode.FileUnavailable,
        "The upload cannot be verified as complete and was not stored (upload.unverified). Send ALLO with the size first, or use TLS.");
    public static readonly FtpReply InvalidDeflateData = new(FtpReplyCode.LocalError, "Invalid zlib data; the file was not stored.");
    public static readonly FtpReply InvalidBlock = new(FtpReplyCode.LocalError, "Invalid block header; the file was not stored.");
    public static readonly FtpReply DeflateExpansionTooLarge = Ruled(
        RuleNames.ExpansionLimit, FtpReplyCode.StorageExceeded,
        "The compressed data expands too much (limit.expansion), so the file was not stored. Use MODE S.");
    public static readonly FtpReply LocalError = new(FtpReplyCode.LocalError, "Requested action aborted: local error in processing.");

    public static readonly FtpReply LineTooLong = new(FtpReplyCode.SyntaxError, "Line too long.");
    public static readonly FtpReply NotACommand = new(FtpReplyCode.SyntaxError, "Not an FTP command.");
    public static readonly FtpReply UnknownCommand = new(FtpReplyCode.SyntaxError, "Command unrecognized.");
    public static readonly FtpReply NoSuchCommand = new(FtpReplyCode.NotImplemented, "No such command.");
    public static readonly FtpReply NotUtf8 = new(FtpReplyCode.ParameterError, "The argument must be UTF-8.");
    public static readonly FtpReply BadParameter = new(FtpReplyCode.ParameterError, "Syntax error in parameters or arguments.");
    public static readonly FtpReply BadSequence = new(FtpReplyCode.BadSequence, "Bad sequence of commands.");
    public static readonly FtpReply RangeNotForUploads = new(FtpReplyCode.BadSequence, "RANG applies to RETR and HASH only.");
    public static readonly FtpReply AlreadyLoggedIn = new(FtpReplyCode.BadSequence, "Already logged in.");
    public static readonly FtpReply OnlyExtendedPassive = new(FtpReplyCode.BadSequence, "Only EPSV is allowed after EPSV ALL.");
    public static readonly FtpReply HostTooLate =
        new(FtpReplyCode.BadSequence, "Send HOST before USER, and before AUTH if the TLS handshake contains no server name.");
    public static readonly FtpReply InvalidHostName =
        new(FtpReplyCode.ParameterError, "Invalid host; send a host name, an IPv4 address, or an IPv6 address in brackets.");
    public static readonly FtpReply UnknownHost = new(FtpReplyCode.ParameterNotImplemented, "Unknown host.");
    public static readonly FtpReply ParameterNotImplemented =
        new(FtpReplyCode.ParameterNotImplemented, "Command not implemented for that parameter.");
    public static readonly FtpReply CannotSetCreationTime = new(FtpReplyCode.ParameterNotImplemented, "The creation time cannot be set.");
    public static readonly FtpReply ForbiddenAddress = Ruled(
        RuleNames.DataPeer, FtpReplyCode.ParameterNotImplemented, "Data connections to that address or port are not allowed (data.peer).");
    public static readonly FtpReply OnlyOwnAddress = Ruled(
        RuleNames.DataPeer, FtpReplyCode.ParameterNotImplemented, "Only your own address and ports from 1024 are allowed (data.peer).");
    public static readonly FtpReply OnlyIPv4 = new(FtpReplyCode.ProtocolNotSupported, "Network protocol not supported, use (1)");
    public static readonly FtpReply OnlyIPv6 = new(FtpReplyCode.ProtocolNotSupported, "Network protocol not supported, use (2)");
    public static readonly FtpReply PassiveNeedsIPv4 = new(FtpReplyCode.CannotOpenDataConnection, "PASV supports IPv4 only; use EPSV.");
    public static readonly FtpReply NotLoggedIn = new(FtpReplyCode.NotLoggedIn, "Not logged in.");
    public static readonly FtpReply LoginFailed = new(FtpReplyCode.NotLoggedIn, "Login incorrect.");

    public static readonly FtpReply NotFound = new(FtpReplyCode.FileUnavailable, "No such file or directory.");
    public static readonly FtpReply FreeSpaceUnknown = new(FtpReplyCode.FileUnavailable, "The free space is not known.");
    public static readonly FtpReply NotAFile = new(FtpReplyCode.FileUnavailable, "Not a plain file.");
    public static readonly FtpReply CannotHashDirectory =
        new(FtpReplyCode.NameNotAllowed, "Cannot hash a directory."); // draft-bryan-ftpext-hash §3.5
    public static readonly FtpReply NotADirectory = new(FtpReplyCode.FileUnavailable, "Not a directory.");
    public static readonly FtpReply NotADirectoryParameter = new(FtpReplyCode.ParameterError, "Not a directory.");
    public static readonly FtpReply LinkTargetOutsideDirectory =
        new(FtpReplyCode.NameNotAllowed, "The target of a link must be inside the directory that contains the link.");
    public static readonly FtpReply LinksNotSupported = new(FtpReplyCode.NotImplemented, "Symbolic links are not supported.");
    public static readonly FtpReply BadName = new(FtpReplyCode.NameNotAllowed, "File name not allowed.");
    public static readonly FtpReply SizeNeedsBinary = new(FtpReplyCode.FileUnavailable, "SIZE not allowed in ASCII mode; use TYPE I.");
    public static readonly FtpReply SizeAmbiguous =
        new(FtpReplyCode.FileUnavailable, "SIZE is ambiguous: a file and your partial upload have this name. Use MLST for the file.");
    public static readonly FtpReply SizeWasForPartialUpload =
        new(FtpReplyCode.FileBusy,
            "The last SIZE reply was for your partial upload, not for this file. Send MLST for the size, then RETR again.");
    public static readonly FtpReply RangeNeedsBinary =
        new(FtpReplyCode.PageTypeUnknown, "RANG requires TYPE I."); // draft-bryan-ftp-range §5
    public static readonly FtpReply RestartNeedsBinary = new(FtpReplyCode.FileUnavailable, "REST requires TYPE I.");

    /// <summary>The reply if a listing was not sorted because the listings of all sessions hold too many entries in memory.</summary>
    public static readonly FtpReply NotSortedServerLimit =
        new(FtpReplyCode.TransferComplete, "Transfer complete. Not sorted: the server is sorting too many entries of other listings.");

    /// <summary>Returns the reply if a directory was not sorted because it has more entries than the limit.</summary>
    public static FtpReply NotSorted(int limit) =>
        new(FtpReplyCode.TransferComplete, $"Transfer complete. Not sorted: more than {limit} entries.");

    /// <summary>Returns the reply if a recursive listing skipped directories that the server process cannot read.</summary>
    public static FtpReply DirectoriesNotListed(int unreadableCount) => new(
        FtpReplyCode.TransferComplete,
        $"Transfer complete. Not listed: {unreadableCount} director{(unreadableCount == 1 ? "y" : "ies")} without read permission.");

    /// <summary>Returns the reply if a recursive listing reached the entry limit.</summary>
    public static FtpReply ListingTooLarge(int limit) =>
        new(FtpReplyCode.LocalError, $"The listing is incomplete: more than {limit} entries. List the subdirectories separately.");

    /// <summary>Returns the reply if a recursive listing reached the depth limit.</summary>
    public static FtpReply ListingTooDeep(int limit) => new(
        FtpReplyCode.LocalError,
        $"The listing is incomplete: more than {limit} level{(limit == 1 ? "" : "s")} of directories. List deeper directories separately.");

    /// <summary>Returns the reply if no data connection was established.</summary>
    public static FtpReply NoDataConnection(string reason) =>
        new(FtpReplyCode.CannotOpenDataConnection, $"Can't open data connection: {reason}.");

    /// <summary>Returns the reply if the data connection failed before the end of the transfer.</summary>
    public static FtpReply DataConnectionLost(string reason) => new(FtpReplyCode.TransferAborted, $"Transfer failed: {reason}.");

    /// <summary>Returns the reply for an upload that was not published.</summary>
    public static FtpReply FromVerdict(UploadVerdict verdict) => verdict switch
    {
        UploadVerdict.SizeMismatch => SizeMismatch,
        UploadVerdict.Unverified => UploadUnverified,
        _ => TransferAborted, // the client disconnected or sent QUIT
    };

    /// <summary>Returns the rule that causes a negative reply, or null if the reply is not a refusal by a configured rule.</summary>
    /// <remarks>The rule of a <see cref="StoreException"/> is in the exception.</remarks>
    public static string? FindRule(FtpReply reply) => (int)reply.Code < 400 ? null : s_rules.GetValueOrDefault(reply);

    /// <summary>
    /// Returns the reply for an exception of a store. If a configured rule refused the operation, the text contains the name of the rule.
    /// </summary>
    public static FtpReply FromStoreException(StoreException exception)
    {
        FtpReply reply = FromStoreError(exception.Error);
        string? text = exception switch
        {
            { Explanation: { } explanation } => explanation,
            { Rule: { } rule } => $"{reply.Text.TrimEnd('.')} ({rule}).",
            _ => null,
        };
        return text is null ? reply : new FtpReply(reply.Code, text);
    }

    /// <summary>Returns the reply for an error of a store.</summary>
    public static FtpReply FromStoreError(StoreError error) => error switch
    {
        StoreError.NotFound => NotFound,
        StoreError.Denied => PermissionDenied,
        StoreError.Exists => NameExists,
        StoreError.NotEmpty => NotEmpty,
        StoreError.NotAFile => NotAFile,
        StoreError.NotADirectory => NotADirectory,
        StoreError.NoSpace => NoSpace,
        StoreError.QuotaExceeded => QuotaExceeded,
        StoreError.Busy => Busy,
        StoreError.BadName => BadName,
        StoreError.BadOffset => BadOffset,
        StoreError.NotSupported => NotSupported,
        _ => LocalError,
    };

    private static readonly FtpReply PermissionDenied = new(FtpReplyCode.FileUnavailable, "Permission denied.");
    private static readonly FtpReply NameExists = new(FtpReplyCode.NameNotAllowed, "File exists.");
    private static readonly FtpReply NotEmpty = new(FtpReplyCode.FileUnavailable, "Directory not empty.");
    private static readonly FtpReply NoSpace = new(FtpReplyCode.InsufficientStorage, "No space left on device.");
    private static readonly FtpReply QuotaExceeded = new(FtpReplyCode.StorageExceeded, "Quota exceeded.");
    private static readonly FtpReply Busy = new(FtpReplyCode.FileBusy, "File busy, try again later.");
    private static readonly FtpReply BadOffset = new(FtpReplyCode.InvalidRestart, "The restart offset is beyond the end of the file.");
    private static readonly FtpReply NotSupported = new(FtpReplyCode.FileUnavailable, "Operation not supported.");

    /// <summary>Creates the reply to a refusal by a configured rule. The text contains the name of the rule.</summary>
    private static FtpReply Ruled(string rule, FtpReplyCode code, string text)
    {
        var reply = new FtpReply(code, text);
        s_rules.Add(reply, rule);
        return reply;
    }
}
