using Fts.Protocol;
using Fts.Server.Commands;
using Fts.Storage;

namespace Fts.Server;

/// <summary>The fixed sentences, and the one place where a store's refusal becomes a reply. No exception text, path of the machine or stack is ever in one.</summary>
internal static class Replies
{
    public static readonly Reply Done = new(ReplyCode.Okay, "Done.");
    public static readonly Reply TypeBinary = new(ReplyCode.Okay, "Type is image.");
    public static readonly Reply ModeStream = new(ReplyCode.Okay, "Mode is stream.");
    public static readonly Reply ModeBlock = new(ReplyCode.Okay, "Mode is block.");
    public static readonly Reply ModeDeflate = new(ReplyCode.Okay, "Mode is deflate.");
    public static readonly Reply TypeAscii = new(ReplyCode.Okay, "Type is ASCII.");
    public static readonly Reply English = new(ReplyCode.Okay, "Replies are in English.");
    public static readonly Reply NotNeeded = new(ReplyCode.Superfluous, "Not needed here.");
    public static readonly Reply SystemType = new(ReplyCode.SystemType, "UNIX Type: L8");
    public static readonly Reply ReadyAgain = new(ReplyCode.ServiceReady, "Ready for a new user.");
    public static readonly Reply Goodbye = new(ReplyCode.Closing, "Goodbye.");
    public static readonly Reply AlreadyOpen = new(ReplyCode.TransferStarting, "Data connection already open.");
    public static readonly Reply Opening = new(ReplyCode.OpeningDataConnection, "Opening the data connection.");
    public static readonly Reply HandshakeNow = new(ReplyCode.SecurityAccepted, "Begin the TLS handshake.");
    public static readonly Reply BufferSizeZero = new(ReplyCode.Okay, "PBSZ=0");
    public static readonly Reply DataIsPrivate = new(ReplyCode.Okay, "Data connections are encrypted.");
    public static readonly Reply DataIsClear = new(ReplyCode.Okay, "Data connections are not encrypted.");
    public static readonly Reply AlreadySecure = new(ReplyCode.BadSequence, "This connection is encrypted already.");
    public static readonly Reply AuthenticateFirst = new(ReplyCode.BadSequence, "Say AUTH TLS, and PBSZ 0, first.");
    public static readonly Reply ProtectionMismatch = new(ReplyCode.ProtectionMismatch, "Data connections must be encrypted here, use PROT P.");
    public static readonly Reply ProtectionRefused = new(ReplyCode.PolicyDenied, "This server's policy does not allow that protection level.");
    public static readonly Reply ProtectionNotSupported = new(ReplyCode.ProtectionNotSupported, "Protection is C or P.");
    public static readonly Reply NotSecure = new(ReplyCode.ProtectionDenied, "This connection is not encrypted.");
    public static readonly Reply ClearRefused = new(ReplyCode.PolicyDenied, "This server keeps control connections encrypted.");
    public static readonly Reply EncryptFirst = new(ReplyCode.NotLoggedIn, "Sign in over TLS: say AUTH TLS first.");
    public static readonly Reply CertificateFirst = new(ReplyCode.NotLoggedIn, "Sign in over TLS, with a client certificate that is trusted here.");
    public static readonly Reply HandshakeFailed = new(ReplyCode.ProtocolNotSupported, "The TLS handshake of the data connection failed.");
    public static readonly Reply NotResumed = new(ReplyCode.CannotOpenDataConnection, "The data connection must resume the TLS session of the control connection.");

    public static readonly Reply Aborted = new(ReplyCode.TransferComplete, "Nothing is being transferred now.");
    public static readonly Reply Transferred = new(ReplyCode.TransferComplete, "Transfer complete.");
    public static readonly Reply TransferredAndOpen = new(ReplyCode.FileActionOkay, "Transfer complete.");
    public static readonly Reply SignedIn = new(ReplyCode.LoggedIn, "Signed in.");
    public static readonly Reply SignedInByCertificate = new(ReplyCode.LoggedInBySecurity, "Signed in by certificate.");
    public static readonly Reply FileDone = new(ReplyCode.FileActionOkay, "Done.");

    public static readonly Reply PasswordPlease = new(ReplyCode.PasswordNeeded, "Password, please.");
    public static readonly Reply RangeIsWhole = new(ReplyCode.PendingFurtherInformation, "Restarting at 0, to the end.");
    public static readonly Reply CopyTo = new(ReplyCode.PendingFurtherInformation, "Ready for SITE CPTO.");
    public static readonly Reply RenameTo = new(ReplyCode.PendingFurtherInformation, "Ready for RNTO.");

    public static readonly Reply TooManySessions = new(ReplyCode.ServiceNotAvailable, "Too many connections, try again later.");
    public static readonly Reply Stopping = new(ReplyCode.ServiceNotAvailable, "The server is stopping.");
    public static readonly Reply IdleTooLong = new(ReplyCode.ServiceNotAvailable, "Idle for too long, closing.");
    public static readonly Reply SignInTooSlow = new(ReplyCode.ServiceNotAvailable, "Took too long to sign in, closing.");
    public static readonly Reply NotInTime = new(ReplyCode.ServiceNotAvailable, "Timeout, closing control connection.");
    public static readonly Reply TooManyRefusals = new(ReplyCode.ServiceNotAvailable, "Too many refused sign-ins, closing.");
    public static readonly Reply TooManyFailedLogins = new(ReplyCode.ServiceNotAvailable, "Too many failed logins from your address, try again later.");
    public static readonly Reply TooManyUnknown = new(ReplyCode.ServiceNotAvailable, "This is an FTP server, closing.");

    public static readonly Reply NoDataPort = new(ReplyCode.CannotOpenDataConnection, "Say PASV, EPSV, PORT or EPRT first.");
    public static readonly Reply CannotListen = new(ReplyCode.CannotOpenDataConnection, "No port is free for a data connection.");
    public static readonly Reply AddressUnknown = new(ReplyCode.CannotOpenDataConnection, "The address to tell is not known yet, use EPSV.");
    public static readonly Reply TransferAborted = new(ReplyCode.TransferAborted, "Transfer aborted.");
    public static readonly Reply TransferStalled = new(ReplyCode.TransferAborted, "No data moved for too long; transfer aborted.");
    public static readonly Reply TransferTakenOver = new(ReplyCode.TransferAborted, "Another connection of yours continues this transfer.");
    public static readonly Reply Incomplete = new(ReplyCode.LocalError, "Not as many bytes came as were announced; nothing was stored.");
    public static readonly Reply NotProvenComplete = new(ReplyCode.FileUnavailable, "Nothing proves that all of it came: announce its size with ALLO, or use TLS. Nothing was stored.");
    public static readonly Reply DeflateDamaged = new(ReplyCode.LocalError, "Not one whole zlib stream; nothing was stored.");
    public static readonly Reply NoBlock = new(ReplyCode.LocalError, "Not blocks of RFC 959; nothing was stored.");
    public static readonly Reply DeflateTooLarge = new(ReplyCode.StorageExceeded, "Expands too far for its size, use MODE S; nothing was stored.");
    public static readonly Reply LocalError = new(ReplyCode.LocalError, "The server failed to do this.");

    public static readonly Reply LineTooLong = new(ReplyCode.SyntaxError, "Line too long.");
    public static readonly Reply NotACommand = new(ReplyCode.SyntaxError, "Not an FTP command.");
    public static readonly Reply Unknown = new(ReplyCode.SyntaxError, "Command not known.");
    public static readonly Reply NoSuchCommand = new(ReplyCode.NotImplemented, "No such command.");
    public static readonly Reply NotUtf8 = new(ReplyCode.ParameterError, "The argument must be UTF-8.");
    public static readonly Reply BadParameter = new(ReplyCode.ParameterError, "Parameter not understood.");
    public static readonly Reply BadSequence = new(ReplyCode.BadSequence, "Not now: another command belongs before this one.");
    public static readonly Reply RangeIsForReading = new(ReplyCode.BadSequence, "RANG is for RETR and HASH.");
    public static readonly Reply AlreadySignedIn = new(ReplyCode.BadSequence, "Already signed in.");
    public static readonly Reply OnlyExtendedPassive = new(ReplyCode.BadSequence, "EPSV ALL was said; only EPSV is accepted.");
    public static readonly Reply HostComesFirst = new(ReplyCode.BadSequence, "HOST belongs before the sign-in, and before AUTH where the handshake names no host.");
    public static readonly Reply NoHostName = new(ReplyCode.ParameterError, "Not a host name, nor an IPv4 address, nor an IPv6 address in brackets.");
    public static readonly Reply UnknownHost = new(ReplyCode.ParameterNotImplemented, "No such host here.");
    public static readonly Reply ParameterNotImplemented = new(ReplyCode.ParameterNotImplemented, "Not implemented for that parameter.");
    public static readonly Reply NoCreationTime = new(ReplyCode.ParameterNotImplemented, "Times of creation cannot be set here.");
    public static readonly Reply ForbiddenAddress = new(ReplyCode.ParameterNotImplemented, "Data connections to that address or port are not allowed.");
    public static readonly Reply ForeignAddress = new(ReplyCode.ParameterNotImplemented, "Only your own address, and a port from 1024 on.");
    public static readonly Reply OnlyIPv4 = new(ReplyCode.ProtocolNotSupported, "Network protocol not supported, use (1)");
    public static readonly Reply OnlyIPv6 = new(ReplyCode.ProtocolNotSupported, "Network protocol not supported, use (2)");
    public static readonly Reply PassiveIsIPv4 = new(ReplyCode.CannotOpenDataConnection, "PASV is for IPv4, use EPSV.");
    public static readonly Reply SignInFirst = new(ReplyCode.NotLoggedIn, "Sign in first.");
    public static readonly Reply Refused = new(ReplyCode.NotLoggedIn, "Sign-in refused.");

    public static readonly Reply NotFound = new(ReplyCode.FileUnavailable, "No such file or folder.");
    public static readonly Reply SpaceUnknown = new(ReplyCode.FileUnavailable, "How much space is left is not known.");
    public static readonly Reply NotAFile = new(ReplyCode.FileUnavailable, "Not a file.");
    public static readonly Reply FolderHasNoHash = new(ReplyCode.NameNotAllowed, "A folder has no hash."); // draft-bryan-ftpext-hash §3.5
    public static readonly Reply NotAFolder = new(ReplyCode.FileUnavailable, "Not a folder.");
    public static readonly Reply NotAFolderParameter = new(ReplyCode.ParameterError, "Not a folder.");
    public static readonly Reply LinkGoesUp = new(ReplyCode.NameNotAllowed, "A link can lead only to what lies beside it or below.");
    public static readonly Reply NoLinks = new(ReplyCode.NotImplemented, "There are no links here.");
    public static readonly Reply BadName = new(ReplyCode.NameNotAllowed, "File name not allowed.");
    public static readonly Reply SizeNeedsBinary = new(ReplyCode.FileUnavailable, "The size in ASCII is not known, use TYPE I.");
    public static readonly Reply SizeIsDoubtful = new(ReplyCode.FileUnavailable, "There are a file and an unfinished upload of yours: not told which.");
    public static readonly Reply SizeMisled = new(ReplyCode.FileBusy, "The last SIZE reply was for your partial upload, not for this file. Send SIZE and RETR again.");
    public static readonly Reply RangeNeedsBinary = new(ReplyCode.PageTypeUnknown, "A part needs TYPE I."); // draft-bryan-ftp-range §5
    public static readonly Reply RestartNeedsBinary = new(ReplyCode.FileUnavailable, "A restart needs TYPE I.");

    public static readonly Reply NotSortedNow = new(ReplyCode.TransferComplete, "Transfer complete. Not sorted: the server is sorting too many other entries.");

    /// <summary>A directory had too many entries to be sorted.</summary>
    public static Reply NotSorted(int limit) => new(ReplyCode.TransferComplete, $"Transfer complete. Not sorted: more than {limit} entries.");

    /// <summary>A recursive listing left out directories that the account of the server process cannot read.</summary>
    public static Reply ListedExcept(int unreadable) => new(ReplyCode.TransferComplete, $"Transfer complete. Not listed: {unreadable} folder{(unreadable == 1 ? "" : "s")} that cannot be read.");

    /// <summary>A recursive listing reached the limit of entries.</summary>
    public static Reply ListingTooLarge(int limit) => new(ReplyCode.LocalError, $"The listing is incomplete: more than {limit} entries. List the folders one by one.");

    /// <summary>A recursive listing reached the limit of depth.</summary>
    public static Reply ListingTooDeep(int limit) => new(ReplyCode.LocalError, $"The listing is incomplete: more than {limit} level{(limit == 1 ? "" : "s")} of folders. List the deeper folders one by one.");

    /// <summary>No data connection was established.</summary>
    public static Reply NoDataConnection(string reason) => new(ReplyCode.CannotOpenDataConnection, $"Can't open data connection: {reason}.");

    /// <summary>The data connection failed before the end of the transfer.</summary>
    public static Reply DataConnectionLost(string reason) => new(ReplyCode.TransferAborted, $"Transfer failed: {reason}.");

    /// <summary>An upload that is not published.</summary>
    public static Reply For(UploadVerdict verdict) => verdict switch
    {
        UploadVerdict.NotAsAnnounced => Incomplete,
        UploadVerdict.Unknown => NotProvenComplete,
        _ => TransferAborted,
    };

    /// <summary>Every way in which a store refuses, with its reply.</summary>
    public static Reply For(StoreError error) => error switch
    {
        StoreError.NotFound => NotFound,
        StoreError.Denied => Denied,
        StoreError.Exists => Exists,
        StoreError.NotEmpty => NotEmpty,
        StoreError.NotAFile => NotAFile,
        StoreError.NotAFolder => NotAFolder,
        StoreError.NoSpace => NoSpace,
        StoreError.QuotaExceeded => QuotaExceeded,
        StoreError.Busy => Busy,
        StoreError.BadName => BadName,
        StoreError.BadOffset => BadOffset,
        StoreError.NotSupported => NotSupported,
        _ => LocalError,
    };

    private static readonly Reply Denied = new(ReplyCode.FileUnavailable, "Permission denied.");
    private static readonly Reply Exists = new(ReplyCode.NameNotAllowed, "That name is taken.");
    private static readonly Reply NotEmpty = new(ReplyCode.FileUnavailable, "The folder is not empty.");
    private static readonly Reply NoSpace = new(ReplyCode.InsufficientStorage, "No space left.");
    private static readonly Reply QuotaExceeded = new(ReplyCode.StorageExceeded, "Quota exceeded.");
    private static readonly Reply Busy = new(ReplyCode.FileBusy, "In use, try again later.");
    private static readonly Reply BadOffset = new(ReplyCode.InvalidRestart, "The restart offset lies past the end of the file.");
    private static readonly Reply NotSupported = new(ReplyCode.FileUnavailable, "This store cannot do that.");
}
