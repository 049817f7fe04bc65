namespace Fts.Protocol;

/// <summary>
/// The three-digit codes this project sends or expects (RFC 959 §4.2 unless a member says otherwise). A server may send any code;
/// an undefined value is legal and keeps its class, the first digit.
/// </summary>
public enum FtpReplyCode
{
    /// <summary>The peer's reply held no code.</summary>
    None = 0,
    /// <summary>110: restart marker.</summary>
    RestartMarker = 110,
    /// <summary>120: ready in some minutes.</summary>
    ServiceReadyLater = 120,
    /// <summary>125: the data connection is already open, the transfer starts.</summary>
    TransferStarting = 125,
    /// <summary>150: file status okay, about to open the data connection.</summary>
    OpeningDataConnection = 150,
    /// <summary>200: done.</summary>
    Okay = 200,
    /// <summary>202: not needed at this site.</summary>
    Superfluous = 202,
    /// <summary>211: system status, FEAT (RFC 2389 §3).</summary>
    SystemStatus = 211,
    /// <summary>212: directory status.</summary>
    DirectoryStatus = 212,
    /// <summary>213: file status; SIZE, MDTM, MFMT (RFC 3659 §3.1, §4.1).</summary>
    FileStatus = 213,
    /// <summary>214: help.</summary>
    Help = 214,
    /// <summary>215: system type.</summary>
    SystemType = 215,
    /// <summary>220: ready for a new user.</summary>
    ServiceReady = 220,
    /// <summary>221: closing the control connection.</summary>
    Closing = 221,
    /// <summary>225: data connection open, no transfer in progress.</summary>
    DataConnectionOpen = 225,
    /// <summary>226: closing the data connection, the file action succeeded.</summary>
    TransferComplete = 226,
    /// <summary>227: entering passive mode (h1,h2,h3,h4,p1,p2).</summary>
    PassiveMode = 227,
    /// <summary>229: entering extended passive mode (RFC 2428 §3).</summary>
    ExtendedPassiveMode = 229,
    /// <summary>230: signed in.</summary>
    LoggedIn = 230,
    /// <summary>232: signed in, by what the security exchange has shown; no password is needed (RFC 2228 §5.1).</summary>
    LoggedInBySecurity = 232,
    /// <summary>234: the security mechanism is accepted (RFC 2228 §5.5).</summary>
    SecurityAccepted = 234,
    /// <summary>250: file action completed.</summary>
    FileActionOkay = 250,
    /// <summary>257: the named path was created, or is current.</summary>
    PathName = 257,
    /// <summary>331: user name okay, password needed.</summary>
    PasswordNeeded = 331,
    /// <summary>332: account needed.</summary>
    AccountNeeded = 332,
    /// <summary>350: waiting for the command that completes this one (REST, RNFR).</summary>
    PendingFurtherInformation = 350,
    /// <summary>421: service not available, closing the control connection.</summary>
    ServiceNotAvailable = 421,
    /// <summary>425: cannot open the data connection.</summary>
    CannotOpenDataConnection = 425,
    /// <summary>426: connection closed, transfer aborted.</summary>
    TransferAborted = 426,
    /// <summary>430: user name or password refused, for now.</summary>
    InvalidCredentials = 430,
    /// <summary>450: file busy.</summary>
    FileBusy = 450,
    /// <summary>451: local error in processing.</summary>
    LocalError = 451,
    /// <summary>452: not enough storage.</summary>
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
    /// <summary>521: no data connection with this PROT setting (RFC 4217 §10.2).</summary>
    ProtectionMismatch = 521,
    /// <summary>522: network protocol not supported (RFC 2428 §2).</summary>
    ProtocolNotSupported = 522,
    /// <summary>530: not signed in.</summary>
    NotLoggedIn = 530,
    /// <summary>532: an account is needed for storing files.</summary>
    AccountNeededToStore = 532,
    /// <summary>533: the command must be protected (RFC 2228 §5.5).</summary>
    ProtectionDenied = 533,
    /// <summary>534: refused for reasons of policy (RFC 2228 §5.5).</summary>
    PolicyDenied = 534,
    /// <summary>536: protection level not supported (RFC 2228 §5.5).</summary>
    ProtectionNotSupported = 536,
    /// <summary>550: file unavailable.</summary>
    FileUnavailable = 550,
    /// <summary>551: page type unknown.</summary>
    PageTypeUnknown = 551,
    /// <summary>552: exceeded the storage allocation.</summary>
    StorageExceeded = 552,
    /// <summary>553: file name not allowed.</summary>
    NameNotAllowed = 553,
    /// <summary>554: invalid restart offset (RFC 3659 §5.4).</summary>
    InvalidRestart = 554,
}
