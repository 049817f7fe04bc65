namespace Fts.Accounts.Passwords;

/// <summary>The kinds of password hashes that <see cref="PasswordHash"/> verifies.</summary>
public enum PasswordHashKind
{
    /// <summary>The format of new hashes: PBKDF2 with HMAC-SHA-512 (RFC 8018), <c>$pbkdf2-sha512$i=…$salt$hash</c>.</summary>
    Own,

    /// <summary>PBKDF2 in the text formats of passlib, SFTPGo and Django.</summary>
    Pbkdf2,

    /// <summary>bcrypt: <c>$2a$</c>, <c>$2b$</c> and <c>$2y$</c>.</summary>
    Bcrypt,

    /// <summary>SHA-crypt with SHA-256: <c>$5$</c>.</summary>
    Sha256Crypt,

    /// <summary>SHA-crypt with SHA-512: <c>$6$</c>.</summary>
    Sha512Crypt,

    /// <summary>MD5-crypt: <c>$1$</c>.</summary>
    Md5Crypt,

    /// <summary>MD5-crypt of the Apache HTTP server: <c>$apr1$</c>.</summary>
    Apr1,

    /// <summary>Argon2id version 1.3 (RFC 9106): <c>$argon2id$v=19$</c>.</summary>
    Argon2id,
}
