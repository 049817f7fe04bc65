namespace Fts.Protocol;

/// <summary>
/// The reply codes of FTP (RFC 959 §4.2 unless a member names another source). A server may send other codes. The first digit of any
/// code determines its class: see <see cref="FtpReply.IsCompletion"/> and the other properties.
/// </summary>
public enum FtpReplyCode
{
    /// <summary>The default value, which is not a reply code.</summary>
    None = 0,
    /// <summary>110: restart marker.</summary>
    RestartMarker = 110,
    /// <summary>120: service ready in some minutes.</summary>
    ServiceReadyLater = 120,
    /// <summary>125: data connection already open, transfer starting.</summary>
    TransferStarting = 125,
    /// <summary>150: file status okay, about to open the data connection.</summary>
    OpeningDataConnection = 150,
    /// <summary>200: command okay.</summary>
    Okay = 200,
    /// <summary>202: command superfluous at this site.</summary>
    Superfluous = 202,
    /// <summary>211: system status, or the features in the reply to FEAT (RFC 2389 §3.2).</summary>
    SystemStatus = 211,
    /// <summary>212: directory status.</summary>
    DirectoryStatus = 212,
    /// <summary>213: file status, also the reply to MDTM (RFC 3659 §3.1), SIZE (RFC 3659 §4.1) and MFMT.</summary>
    FileStatus = 213,
    /// <summary>214: help.</summary>
    Help = 214,
    /// <summary>215: system type.</summary>
    SystemType = 215,
    /// <summary>220: service ready for a new user.</summary>
    ServiceReady = 220,
    /// <summary>221: service closing the control connection.</summary>
    Closing = 221,
    /// <summary>225: data connection open, no transfer in progress.</summary>
    DataConnectionOpen = 225,
    /// <summary>226: closing the data connection, requested file action successful.</summary>
    TransferComplete = 226,
    /// <summary>227: entering passive mode.</summary>
    PassiveMode = 227,
    /// <summary>229: entering extended passive mode (RFC 2428 §3).</summary>
    ExtendedPassiveMode = 229,
    /// <summary>230: user logged in.</summary>
    LoggedIn = 230,
    /// <summary>232: user logged in, authorized by the security exchange, without a password (RFC 2228 §5.1).</summary>
    LoggedInBySecurity = 232,
    /// <summary>234: security mechanism accepted (RFC 2228 §5.1).</summary>
    SecurityAccepted = 234,
    /// <summary>250: requested file action okay, completed.</summary>
    FileActionOkay = 250,
    /// <summary>257: path created, or the current directory.</summary>
    PathName = 257,
    /// <summary>331: user name okay, password needed.</summary>
    PasswordNeeded = 331,
    /// <summary>332: account needed for login.</summary>
    AccountNeeded = 332,
    /// <summary>350: requested action pending further information, after REST and RNFR.</summary>
    PendingFurtherInformation = 350,
    /// <summary>421: service not available, closing the control connection.</summary>
    ServiceNotAvailable = 421,
    /// <summary>425: cannot open the data connection.</summary>
    CannotOpenDataConnection = 425,
    /// <summary>426: connection closed, transfer aborted.</summary>
    TransferAborted = 426,
    /// <summary>430: invalid user name or password. Not in an RFC, but some servers send it.</summary>
    InvalidCredentials = 430,
    /// <summary>450: file unavailable, for example busy.</summary>
    FileBusy = 450,
    /// <summary>451: action aborted, local error in processing.</summary>
    LocalError = 451,
    /// <summary>452: insufficient storage space.</summary>
    InsufficientStorage = 452,
    /// <summary>500: syntax error, command unrecognised.</summary>
    SyntaxError = 500,
    /// <summary>501: syntax error in parameters.</summary>
    ParameterError = 501,
    /// <summary>502: command not implemented.</summary>
    NotImplemented = 502,
    /// <summary>503: bad sequence of commands.</summary>
    BadSequence = 503,
    /// <summary>504: not implemented for that parameter.</summary>
    ParameterNotImplemented = 504,
    /// <summary>521: data connection cannot be opened with this PROT setting (RFC 4217 §10.2).</summary>
    ProtectionMismatch = 521,
    /// <summary>522: network protocol not supported (RFC 2428 §2).</summary>
    ProtocolNotSupported = 522,
    /// <summary>530: not logged in.</summary>
    NotLoggedIn = 530,
    /// <summary>532: account needed for storing files.</summary>
    AccountNeededToStore = 532,
    /// <summary>533: command protection level denied for policy reasons (RFC 2228 §5.1).</summary>
    ProtectionDenied = 533,
    /// <summary>534: request denied for policy reasons (RFC 2228 §5.1).</summary>
    PolicyDenied = 534,
    /// <summary>536: requested PROT level not supported by the security mechanism (RFC 2228 §5.1).</summary>
    ProtectionNotSupported = 536,
    /// <summary>550: file unavailable, for example not found or no permission.</summary>
    FileUnavailable = 550,
    /// <summary>551: page type unknown.</summary>
    PageTypeUnknown = 551,
    /// <summary>552: storage allocation exceeded.</summary>
    StorageExceeded = 552,
    /// <summary>553: file name not allowed.</summary>
    NameNotAllowed = 553,
    /// <summary>554: invalid restart offset (RFC 1123 §4.1.3.4).</summary>
    InvalidRestart = 554,
}
