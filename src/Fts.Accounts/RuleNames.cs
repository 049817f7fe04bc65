namespace Fts.Accounts;

/// <summary>
/// The stable names of the rules that refuse logins and commands. Replies, logs, events and <c>fts user explain</c> use the same name.
/// </summary>
public static class RuleNames
{
    /// <summary>The account does not exist, or the password is wrong.</summary>
    public const string LoginCredentials = "login.credentials";
    /// <summary>The account is disabled.</summary>
    public const string AccountDisabled = "account.disabled";
    /// <summary>The account was removed. Only the log of an ended session contains this name.</summary>
    public const string AccountRemoved = "account.removed";
    /// <summary>The account has expired.</summary>
    public const string AccountExpired = "account.expired";
    /// <summary>The account cannot log in at this time of day.</summary>
    public const string AccountHours = "account.hours";
    /// <summary>The account cannot log in without TLS.</summary>
    public const string TlsRequired = "tls.required";
    /// <summary>The account cannot log in from the client's network.</summary>
    public const string NetworkDenied = "network.denied";
    /// <summary>The address, or the account at this address, is banned.</summary>
    public const string Banned = "ban.active";
    /// <summary>Too many logins from the address, or to the account, have failed. The next login must wait.</summary>
    public const string LoginDelay = "ban.delay";
    /// <summary>Too many logins of the session have failed.</summary>
    public const string FailedLoginLimit = "limit.failed-logins";
    /// <summary>A login needs a trusted client certificate.</summary>
    public const string CertificateRequired = "tls.certificate";
    /// <summary>A data connection must resume the TLS session of the control connection.</summary>
    public const string TlsResumptionRequired = "tls.resumption";
    /// <summary>Data connections to the address or port are not allowed.</summary>
    public const string DataPeer = "data.peer";
    /// <summary>Uploads that are not verified as complete are not stored.</summary>
    public const string UploadUnverified = "upload.unverified";
    /// <summary>Compressed data expands too much.</summary>
    public const string ExpansionLimit = "limit.expansion";
    /// <summary>A limit on the number of sessions is reached.</summary>
    public const string SessionLimit = "limit.sessions";
    /// <summary>The limit on new connections per second is reached.</summary>
    public const string ConnectionRateLimit = "limit.connections";
    /// <summary>The client sent too many commands before its login.</summary>
    public const string CommandLimit = "limit.commands";
    /// <summary>The server checks too many passwords at the moment.</summary>
    public const string LoginBusy = "limit.logins";
    /// <summary>The account's quota in bytes would be exceeded.</summary>
    public const string QuotaBytes = "quota.bytes";
    /// <summary>The account's quota in files would be exceeded.</summary>
    public const string QuotaFiles = "quota.files";
    /// <summary>The files of the account's quota cannot be counted now.</summary>
    public const string QuotaCount = "quota.count";
    /// <summary>A directory is mounted here, or a directory mounted below this path would be moved or deleted.</summary>
    public const string MountPoint = "mount.point";
    /// <summary>The directory is mounted read-only.</summary>
    public const string MountReadOnly = "mount.read-only";
    /// <summary>The account's home directory or a mounted directory cannot be used.</summary>
    public const string HomeUnavailable = "home.unavailable";
    /// <summary>The server from which accounts are taken over cannot check the login, or the account cannot be created.</summary>
    public const string LegacyUnavailable = "legacy.unavailable";

    /// <summary>Returns the rule name for a missing permission, for example <c>permission.delete</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is not exactly one permission.</exception>
    public static string FromPermission(Permissions permission) => permission switch
    {
        Permissions.List => "permission.list",
        Permissions.Read => "permission.read",
        Permissions.Create => "permission.create",
        Permissions.Overwrite => "permission.overwrite",
        Permissions.Append => "permission.append",
        Permissions.Rename => "permission.rename",
        Permissions.Delete => "permission.delete",
        Permissions.CreateDirectory => "permission.make-directory",
        Permissions.SetMetadata => "permission.change-attributes",
        _ => throw new ArgumentOutOfRangeException(nameof(permission), permission, "The value is not exactly one permission."),
    };
}
