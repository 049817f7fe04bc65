namespace Fts.Accounts.Passwords.Import;

/// <summary>The formats of password files that <see cref="PasswordFileParser"/> reads.</summary>
public enum PasswordFileFormat
{
    /// <summary>A file of the Apache HTTP server or nginx: <c>name:hash</c>, optionally with a comment after another colon.</summary>
    Htpasswd,

    /// <summary>
    /// The AuthUserFile of ProFTPD, with the fields of passwd(5): <c>name:hash:uid:gid:comment:home:shell</c>.
    /// </summary>
    Passwd,

    /// <summary>shadow(5): <c>name:hash:…</c> with 9 fields.</summary>
    Shadow,

    /// <summary>The file of <c>pure-pw</c>, usually <c>pureftpd.passwd</c>, with up to 18 fields.</summary>
    PureFtpd,
}
