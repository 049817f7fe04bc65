using Fts.Protocol;
using Fts.Server.Uploads;
using Fts.Storage;

namespace Fts.Server;

/// <summary>The fixed sentences, and the one place where a store's refusal becomes a reply. No exception text, path of the machine or stack is ever in one.</summary>
internal static class Replies
{
    public static readonly FtpReply Done = new(FtpReplyCode.Okay, "Done.");
    public static readonly FtpReply TypeBinary = new(FtpReplyCode.Okay, "Type is image.");
    public static readonly FtpReply ModeStream = new(FtpReplyCode.Okay, "Mode is stream.");
    public static readonly FtpReply ModeBlock = new(FtpReplyCode.Okay, "Mode is block.");
    public static readonly FtpReply ModeDeflate = new(FtpReplyCode.Okay, "Mode is deflate.");
    public static readonly FtpReply TypeAscii = new(FtpReplyCode.Okay, "Type is ASCII.");
    public static readonly FtpReply English = new(FtpReplyCode.Okay, "Replies are in English.");
    public static readonly FtpReply NotNeeded = new(FtpReplyCode.Superfluous, "Not needed here.");
    public static readonly FtpReply SystemType = new(FtpReplyCode.SystemType, "UNIX Type: L8");
    public static readonly FtpReply Reinitialized = new(FtpReplyCode.ServiceReady, "Ready for a new user.");
    public static readonly FtpReply Goodbye = new(FtpReplyCode.Closing, "Goodbye.");
    public static readonly FtpReply DataConnectionAlreadyOpen = new(FtpReplyCode.TransferStarting, "Data connection already open.");
    public static readonly FtpReply OpeningDataConnection = new(FtpReplyCode.OpeningDataConnection, "Opening the data connection.");
    public static readonly FtpReply StartHandshake = new(FtpReplyCode.SecurityAccepted, "Begin the TLS handshake.");
    public static readonly FtpReply BufferSizeZero = new(FtpReplyCode.Okay, "PBSZ=0");
    public static readonly FtpReply DataConnectionsEncrypted = new(FtpReplyCode.Okay, "Data connections are encrypted.");
    public static readonly FtpReply DataConnectionsNotEncrypted = new(FtpReplyCode.Okay, "Data connections are not encrypted.");
    public static readonly FtpReply AlreadyEncrypted = new(FtpReplyCode.BadSequence, "This connection is encrypted already.");
    public static readonly FtpReply AuthAndPbszFirst = new(FtpReplyCode.BadSequence, "Say AUTH TLS, and PBSZ 0, first.");
    public static readonly FtpReply ProtectionMismatch = new(FtpReplyCode.ProtectionMismatch, "Data connections must be encrypted here, use PROT P.");
    public static readonly FtpReply ProtectionLevelNotAllowed = new(FtpReplyCode.PolicyDenied, "This server's policy does not allow that protection level.");
    public static readonly FtpReply ProtectionNotSupported = new(FtpReplyCode.ProtectionNotSupported, "Protection is C or P.");
    public static readonly FtpReply NotEncrypted = new(FtpReplyCode.ProtectionDenied, "This connection is not encrypted.");
    public static readonly FtpReply ClearCommandChannelNotAllowed = new(FtpReplyCode.PolicyDenied, "This server keeps control connections encrypted.");
    public static readonly FtpReply TlsRequired = new(FtpReplyCode.NotLoggedIn, "Sign in over TLS: say AUTH TLS first.");
    public static readonly FtpReply CertificateRequired = new(FtpReplyCode.NotLoggedIn, "Sign in over TLS, with a client certificate that is trusted here.");
    public static readonly FtpReply HandshakeFailed = new(FtpReplyCode.ProtocolNotSupported, "The TLS handshake of the data connection failed.");
    public static readonly FtpReply NotResumed = new(FtpReplyCode.CannotOpenDataConnection, "The data connection must resume the TLS session of the control connection.");

    public static readonly FtpReply AbortComplete = new(FtpReplyCode.TransferComplete, "Nothing is being transferred now.");
    public static readonly FtpReply TransferComplete = new(FtpReplyCode.TransferComplete, "Transfer complete.");
    public static readonly FtpReply TransferCompleteStillOpen = new(FtpReplyCode.FileActionOkay, "Transfer complete.");
    public static readonly FtpReply LoggedIn = new(FtpReplyCode.LoggedIn, "Signed in.");
    public static readonly FtpReply LoggedInByCertificate = new(FtpReplyCode.LoggedInBySecurity, "Signed in by certificate.");
    public static readonly FtpReply FileActionDone = new(FtpReplyCode.FileActionOkay, "Done.");

    public static readonly FtpReply NeedPassword = new(FtpReplyCode.PasswordNeeded, "Password, please.");
    public static readonly FtpReply RangeReset = new(FtpReplyCode.PendingFurtherInformation, "Restarting at 0, to the end.");
    public static readonly FtpReply ReadyForCopyTarget = new(FtpReplyCode.PendingFurtherInformation, "Ready for SITE CPTO.");
    public static readonly FtpReply ReadyForRenameTarget = new(FtpReplyCode.PendingFurtherInformation, "Ready for RNTO.");

    public static readonly FtpReply TooManySessions = new(FtpReplyCode.ServiceNotAvailable, "Too many connections, try again later.");
    public static readonly FtpReply Stopping = new(FtpReplyCode.ServiceNotAvailable, "The server is stopping.");
    public static readonly FtpReply IdleTimeout = new(FtpReplyCode.ServiceNotAvailable, "Idle for too long, closing.");
    public static readonly FtpReply LoginTimeout = new(FtpReplyCode.ServiceNotAvailable, "Took too long to sign in, closing.");
    public static readonly FtpReply ControlConnectionTimeout = new(FtpReplyCode.ServiceNotAvailable, "Timeout, closing control connection.");
    public static readonly FtpReply TooManyFailedAttempts = new(FtpReplyCode.ServiceNotAvailable, "Too many refused sign-ins, closing.");
    public static readonly FtpReply TooManyFailedLogins = new(FtpReplyCode.ServiceNotAvailable, "Too many failed logins from your address, try again later.");
    public static readonly FtpReply TooManyUnknownCommands = new(FtpReplyCode.ServiceNotAvailable, "This is an FTP server, closing.");

    public static readonly FtpReply NoDataConnectionPrepared = new(FtpReplyCode.CannotOpenDataConnection, "Say PASV, EPSV, PORT or EPRT first.");
    public static readonly FtpReply NoPassivePort = new(FtpReplyCode.CannotOpenDataConnection, "No port is free for a data connection.");
    public static readonly FtpReply PassiveAddressUnknown = new(FtpReplyCode.CannotOpenDataConnection, "The address to tell is not known yet, use EPSV.");
    public static readonly FtpReply TransferAborted = new(FtpReplyCode.TransferAborted, "Transfer aborted.");
    public static readonly FtpReply TransferStalled = new(FtpReplyCode.TransferAborted, "No data moved for too long; transfer aborted.");
    public static readonly FtpReply TransferSuperseded = new(FtpReplyCode.TransferAborted, "Another connection of yours continues this transfer.");
    public static readonly FtpReply SizeMismatch = new(FtpReplyCode.LocalError, "Not as many bytes came as were announced; nothing was stored.");
    public static readonly FtpReply UploadUnverified = new(FtpReplyCode.FileUnavailable, "Nothing proves that all of it came: announce its size with ALLO, or use TLS. Nothing was stored.");
    public static readonly FtpReply InvalidDeflateData = new(FtpReplyCode.LocalError, "Not one whole zlib stream; nothing was stored.");
    public static readonly FtpReply InvalidBlock = new(FtpReplyCode.LocalError, "Not blocks of RFC 959; nothing was stored.");
    public static readonly FtpReply DeflateExpansionTooLarge = new(FtpReplyCode.StorageExceeded, "Expands too far for its size, use MODE S; nothing was stored.");
    public static readonly FtpReply LocalError = new(FtpReplyCode.LocalError, "The server failed to do this.");

    public static readonly FtpReply LineTooLong = new(FtpReplyCode.SyntaxError, "Line too long.");
    public static readonly FtpReply NotACommand = new(FtpReplyCode.SyntaxError, "Not an FTP command.");
    public static readonly FtpReply UnknownCommand = new(FtpReplyCode.SyntaxError, "Command not known.");
    public static readonly FtpReply NoSuchCommand = new(FtpReplyCode.NotImplemented, "No such command.");
    public static readonly FtpReply NotUtf8 = new(FtpReplyCode.ParameterError, "The argument must be UTF-8.");
    public static readonly FtpReply BadParameter = new(FtpReplyCode.ParameterError, "Parameter not understood.");
    public static readonly FtpReply BadSequence = new(FtpReplyCode.BadSequence, "Not now: another command belongs before this one.");
    public static readonly FtpReply RangeNotForUploads = new(FtpReplyCode.BadSequence, "RANG is for RETR and HASH.");
    public static readonly FtpReply AlreadyLoggedIn = new(FtpReplyCode.BadSequence, "Already signed in.");
    public static readonly FtpReply OnlyExtendedPassive = new(FtpReplyCode.BadSequence, "EPSV ALL was said; only EPSV is accepted.");
    public static readonly FtpReply HostMustComeFirst = new(FtpReplyCode.BadSequence, "HOST belongs before the sign-in, and before AUTH where the handshake names no host.");
    public static readonly FtpReply InvalidHostName = new(FtpReplyCode.ParameterError, "Not a host name, nor an IPv4 address, nor an IPv6 address in brackets.");
    public static readonly FtpReply UnknownHost = new(FtpReplyCode.ParameterNotImplemented, "No such host here.");
    public static readonly FtpReply ParameterNotImplemented = new(FtpReplyCode.ParameterNotImplemented, "Not implemented for that parameter.");
    public static readonly FtpReply NoCreationTime = new(FtpReplyCode.ParameterNotImplemented, "Times of creation cannot be set here.");
    public static readonly FtpReply ForbiddenAddress = new(FtpReplyCode.ParameterNotImplemented, "Data connections to that address or port are not allowed.");
    public static readonly FtpReply OnlyOwnAddress = new(FtpReplyCode.ParameterNotImplemented, "Only your own address, and a port from 1024 on.");
    public static readonly FtpReply OnlyIPv4 = new(FtpReplyCode.ProtocolNotSupported, "Network protocol not supported, use (1)");
    public static readonly FtpReply OnlyIPv6 = new(FtpReplyCode.ProtocolNotSupported, "Network protocol not supported, use (2)");
    public static readonly FtpReply PassiveNeedsIPv4 = new(FtpReplyCode.CannotOpenDataConnection, "PASV is for IPv4, use EPSV.");
    public static readonly FtpReply NotLoggedIn = new(FtpReplyCode.NotLoggedIn, "Sign in first.");
    public static readonly FtpReply LoginFailed = new(FtpReplyCode.NotLoggedIn, "Sign-in refused.");

    public static readonly FtpReply NotFound = new(FtpReplyCode.FileUnavailable, "No such file or folder.");
    public static readonly FtpReply FreeSpaceUnknown = new(FtpReplyCode.FileUnavailable, "How much space is left is not known.");
    public static readonly FtpReply NotAFile = new(FtpReplyCode.FileUnavailable, "Not a file.");
    public static readonly FtpReply DirectoryHasNoHash = new(FtpReplyCode.NameNotAllowed, "A folder has no hash."); // draft-bryan-ftpext-hash §3.5
    public static readonly FtpReply NotADirectory = new(FtpReplyCode.FileUnavailable, "Not a folder.");
    public static readonly FtpReply NotADirectoryParameter = new(FtpReplyCode.ParameterError, "Not a folder.");
    public static readonly FtpReply LinkTargetNotBelow = new(FtpReplyCode.NameNotAllowed, "A link can lead only to what lies beside it or below.");
    public static readonly FtpReply LinksNotSupported = new(FtpReplyCode.NotImplemented, "There are no links here.");
    public static readonly FtpReply BadName = new(FtpReplyCode.NameNotAllowed, "File name not allowed.");
    public static readonly FtpReply SizeNeedsBinary = new(FtpReplyCode.FileUnavailable, "The size in ASCII is not known, use TYPE I.");
    public static readonly FtpReply SizeAmbiguous = new(FtpReplyCode.FileUnavailable, "There are a file and an unfinished upload of yours: not told which.");
    public static readonly FtpReply SizeWasForPartialUpload = new(FtpReplyCode.FileBusy, "The last SIZE reply was for your partial upload, not for this file. Send SIZE and RETR again.");
    public static readonly FtpReply RangeNeedsBinary = new(FtpReplyCode.PageTypeUnknown, "A part needs TYPE I."); // draft-bryan-ftp-range §5
    public static readonly FtpReply RestartNeedsBinary = new(FtpReplyCode.FileUnavailable, "A restart needs TYPE I.");

    public static readonly FtpReply NotSortedOverBudget = new(FtpReplyCode.TransferComplete, "Transfer complete. Not sorted: the server is sorting too many other entries.");

    /// <summary>A directory had too many entries to be sorted.</summary>
    public static FtpReply NotSorted(int limit) => new(FtpReplyCode.TransferComplete, $"Transfer complete. Not sorted: more than {limit} entries.");

    /// <summary>A recursive listing left out directories that the account of the server process cannot read.</summary>
    public static FtpReply DirectoriesNotListed(int unreadable) => new(FtpReplyCode.TransferComplete, $"Transfer complete. Not listed: {unreadable} folder{(unreadable == 1 ? "" : "s")} that cannot be read.");

    /// <summary>A recursive listing reached the limit of entries.</summary>
    public static FtpReply ListingTooLarge(int limit) => new(FtpReplyCode.LocalError, $"The listing is incomplete: more than {limit} entries. List the folders one by one.");

    /// <summary>A recursive listing reached the limit of depth.</summary>
    public static FtpReply ListingTooDeep(int limit) => new(FtpReplyCode.LocalError, $"The listing is incomplete: more than {limit} level{(limit == 1 ? "" : "s")} of folders. List the deeper folders one by one.");

    /// <summary>No data connection was established.</summary>
    public static FtpReply NoDataConnection(string reason) => new(FtpReplyCode.CannotOpenDataConnection, $"Can't open data connection: {reason}.");

    /// <summary>The data connection failed before the end of the transfer.</summary>
    public static FtpReply DataConnectionLost(string reason) => new(FtpReplyCode.TransferAborted, $"Transfer failed: {reason}.");

    /// <summary>An upload that is not published.</summary>
    public static FtpReply For(UploadVerdict verdict) => verdict switch
    {
        UploadVerdict.SizeMismatch => SizeMismatch,
        UploadVerdict.Unverified => UploadUnverified,
        _ => TransferAborted,
    };

    /// <summary>Every way in which a store refuses, with its reply.</summary>
    public static FtpReply For(StoreError error) => error switch
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
    private static readonly FtpReply NameExists = new(FtpReplyCode.NameNotAllowed, "That name is taken.");
    private static readonly FtpReply NotEmpty = new(FtpReplyCode.FileUnavailable, "The folder is not empty.");
    private static readonly FtpReply NoSpace = new(FtpReplyCode.InsufficientStorage, "No space left.");
    private static readonly FtpReply QuotaExceeded = new(FtpReplyCode.StorageExceeded, "Quota exceeded.");
    private static readonly FtpReply Busy = new(FtpReplyCode.FileBusy, "In use, try again later.");
    private static readonly FtpReply BadOffset = new(FtpReplyCode.InvalidRestart, "The restart offset lies past the end of the file.");
    private static readonly FtpReply NotSupported = new(FtpReplyCode.FileUnavailable, "This store cannot do that.");
}
