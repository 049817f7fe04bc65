using System.Buffers;

namespace Fts.Accounts.Passwords.Functions;

/// <summary>Selects the password function for a hash text.</summary>
internal static class PasswordFunctions
{
    private const int DesLength = 13, BsdiLength = 20, MinLength = 20, MaxNameLength = 24;

    /// <summary>The names of Django, which start without <c>$</c>.</summary>
    private static readonly string[] s_djangoNames =
        ["pbkdf2_sha256$", "pbkdf2_sha1$", "argon2$", "bcrypt_sha256$", "bcrypt$", "scrypt$", "md5$", "sha1$"];

    private static readonly SearchValues<char> s_nameCharacters =
        SearchValues.Create("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_");

    /// <summary>Parses a hash text. Returns null if its kind is not supported, if it is malformed, or if its cost is too high.</summary>
    public static IPasswordFunction? Parse(string text, out string? problem)
    {
        if (text.Length > PasswordHash.MaxTextLength)
        {
            problem = $"the hash is longer than {PasswordHash.MaxTextLength} characters";
            return null;
        }

        switch (GetKindName(text))
        {
            case "$pbkdf2$" or "$pbkdf2-sha1$" or "$pbkdf2-sha256$" or "$pbkdf2-sha512$" or "$pbkdf2-b64salt-sha1$" or
                "$pbkdf2-b64salt-sha256$" or "$pbkdf2-b64salt-sha512$" or "pbkdf2_sha1$" or "pbkdf2_sha256$":
                return Pbkdf2Function.Parse(text, out problem);
            case "$2a$" or "$2b$" or "$2y$":
                return BcryptFunction.Parse(text, out problem);
            case "$5$" or "$6$":
                return ShaCryptFunction.Parse(text, out problem);
            case "$1$" or "$apr1$":
                return Md5CryptFunction.Parse(text, out problem);
            case "$argon2id$":
                return Argon2idFunction.Parse(text, out problem);
            case { } name:
                problem = $"kind {name} is not supported";
                return null;
            default:
                problem = text.Length == 0 ? "the hash is empty" : "the kind of the hash is not known";
                return null;
        }
    }

    /// <summary>
    /// Returns the name of a kind: the text to the second <c>$</c>, the name in braces, or a description. Returns null if the text does not
    /// have the form of a hash.
    /// </summary>
    /// <remarks>
    /// The text can be a password in plain text, of which no part may get into a message. A short text is therefore not a hash.
    /// </remarks>
    private static string? GetKindName(string text)
    {
        if (text.Length == DesLength && CryptAlphabet.IsValid(text))
        {
            return "DES crypt";
        }

        if (text.Length < MinLength)
        {
            return null;
        }

        int end;
        switch (text[0])
        {
            case '_':
                return text.Length == BsdiLength && CryptAlphabet.IsValid(text.AsSpan(1)) ? "BSDi crypt" : null;
            case '{':
                end = text.IndexOf('}', StringComparison.Ordinal);
                return end > 1 && IsName(text.AsSpan(1, end - 1)) ? text[..(end + 1)] : null;
            case '$':
                end = text.IndexOf('$', 1);
                return end > 1 && IsName(text.AsSpan(1, end - 1)) ? text[..(end + 1)] : null;
            default:
                return s_djangoNames.FirstOrDefault(name => text.StartsWith(name, StringComparison.Ordinal));
        }
    }

    private static bool IsName(ReadOnlySpan<char> text) => text.Length <= MaxNameLength && !text.ContainsAnyExcept(s_nameCharacters);
}
