using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Fts.Accounts.Passwords.Functions;

/// <summary>PBKDF2 (RFC 8018 §5.2).</summary>
internal sealed class Pbkdf2Function : IPasswordFunction
{
    private const int MinHashBytes = 16, MaxHashBytes = 64, MinOwnHashBytes = 32, MaxSaltBytes = 256, MinOwnSaltBytes = 16;

    private readonly HashAlgorithmName _algorithm;
    private readonly byte[] _salt;
    private readonly byte[] _expected;

    private Pbkdf2Function(PasswordHashKind kind, HashAlgorithmName algorithm, int iterations, byte[] salt, byte[] expected)
    {
        (Kind, _algorithm, Iterations, _salt, _expected) = (kind, algorithm, iterations, salt, expected);
    }

    /// <inheritdoc/>
    public PasswordHashKind Kind { get; }

    /// <summary>The number of iterations.</summary>
    public int Iterations { get; }

    /// <summary>
    /// Parses <c>$pbkdf2-sha512$i=iterations$salt$hash</c>, and the formats of passlib, SFTPGo and Django. Returns null if the text is
    /// malformed or the cost is too high.
    /// </summary>
    public static Pbkdf2Function? Parse(string text, out string? problem)
    {
        string[] fields = text.Split('$');
        bool isDjango = fields[0].Length > 0;
        string name = isDjango ? fields[0] : fields[1];
        ReadOnlySpan<string> values = fields.AsSpan(isDjango ? 1 : 2);
        problem = $"the {name} hash is malformed";
        if (values.Length != 3)
        {
            return null;
        }

        bool isOwn = name == "pbkdf2-sha512" && values[0].StartsWith("i=", StringComparison.Ordinal);
        if (!int.TryParse(values[0].AsSpan(isOwn ? 2 : 0), NumberStyles.None, CultureInfo.InvariantCulture, out int iterations) ||
            iterations == 0)
        {
            return null;
        }

        if (iterations > CostLimits.MaxPbkdf2Iterations)
        {
            problem = $"{iterations} iterations exceed the maximum of {CostLimits.MaxPbkdf2Iterations}";
            return null;
        }

        HashAlgorithmName algorithm = GetAlgorithm(name);
        Pbkdf2Function? function = isOwn
            ? CreateOwn(iterations, Base64Text.DecodeCanonical(values[1]), Base64Text.DecodeCanonical(values[2]))
            : CreateForeign(algorithm, iterations, DecodeSalt(name, values[1], values[2], algorithm), Base64Text.Decode(values[2]));
        problem = function is null ? problem : null;
        return function;
    }

    /// <summary>Returns the hash text of a password in the own format.</summary>
    public static string CreateText(ReadOnlySpan<byte> password, int iterations)
    {
        Span<byte> salt = stackalloc byte[MinOwnSaltBytes];
        Span<byte> hash = stackalloc byte[MaxHashBytes];
        RandomNumberGenerator.Fill(salt);
        Rfc2898DeriveBytes.Pbkdf2(password, salt, hash, iterations, HashAlgorithmName.SHA512);
        return string.Create(
            CultureInfo.InvariantCulture, $"$pbkdf2-sha512$i={iterations}${Base64Text.Encode(salt)}${Base64Text.Encode(hash)}");
    }

    /// <summary>Performs the work of verifying a hash of the own format, and discards the result.</summary>
    public static void PerformWork(ReadOnlySpan<byte> password, int iterations)
    {
        Span<byte> salt = stackalloc byte[MinOwnSaltBytes];
        Span<byte> hash = stackalloc byte[MaxHashBytes];
        salt.Clear();
        Rfc2898DeriveBytes.Pbkdf2(password, salt, hash, iterations, HashAlgorithmName.SHA512);
        CryptographicOperations.ZeroMemory(hash);
    }

    /// <inheritdoc/>
    public bool Verify(ReadOnlySpan<byte> password)
    {
        Span<byte> buffer = stackalloc byte[MaxHashBytes];
        Span<byte> hash = buffer[.._expected.Length];
        Rfc2898DeriveBytes.Pbkdf2(password, _salt, hash, Iterations, _algorithm);
        return CryptographicOperations.FixedTimeEquals(hash, _expected);
    }

    private static HashAlgorithmName GetAlgorithm(string name)
    {
        // passlib writes pbkdf2-sha1 as $pbkdf2$.
        if (name is "pbkdf2" || name.EndsWith("sha1", StringComparison.Ordinal))
        {
            return HashAlgorithmName.SHA1;
        }

        return name.EndsWith("512", StringComparison.Ordinal) ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;
    }

    /// <summary>Returns the bytes of a salt. Django and SFTPGo use its text, passlib and <c>b64salt</c> decode it as Base64.</summary>
    private static byte[]? DecodeSalt(string name, string salt, string hash, HashAlgorithmName algorithm)
    {
        bool isBase64 = name.Contains("b64salt", StringComparison.Ordinal) || (name[0] == 'p' && !name.Contains('_') && IsPasslib());
        return isBase64 ? Base64Text.Decode(salt) : Encoding.UTF8.GetBytes(salt);

        // passlib and SFTPGo use the same names. passlib never writes padding, and its hash is always one whole digest. SFTPGo writes
        // padding, which every whole digest needs.
        bool IsPasslib() => name == "pbkdf2" || (!hash.EndsWith('=') && Base64Text.Decode(hash)?.Length == GetDigestLength(algorithm));
    }

    private static int GetDigestLength(HashAlgorithmName algorithm) =>
        algorithm == HashAlgorithmName.SHA1 ? 20 : algorithm == HashAlgorithmName.SHA256 ? 32 : 64;

    private static Pbkdf2Function? CreateOwn(int iterations, byte[]? salt, byte[]? hash) =>
        salt?.Length is >= MinOwnSaltBytes and <= MaxSaltBytes && hash?.Length is >= MinOwnHashBytes and <= MaxHashBytes
            ? new(PasswordHashKind.Own, HashAlgorithmName.SHA512, iterations, salt, hash)
            : null;

    private static Pbkdf2Function? CreateForeign(HashAlgorithmName algorithm, int iterations, byte[]? salt, byte[]? hash) =>
        salt?.Length is <= MaxSaltBytes && hash?.Length >= MinHashBytes && hash.Length <= GetDigestLength(algorithm)
            ? new(PasswordHashKind.Pbkdf2, algorithm, iterations, salt, hash)
            : null;
}
