using System.Globalization;
using System.Security.Cryptography;

namespace Fts.Accounts.Passwords.Functions;

/// <summary>
/// bcrypt: Niels Provos and David Mazières, "A Future-Adaptable Password Scheme" (1999). <c>$2a$</c>, <c>$2b$</c> and <c>$2y$</c> are the
/// same function here.
/// </summary>
/// <remarks><c>$2x$</c> marks the hashes of an old implementation with a bug and is not supported.</remarks>
internal sealed class BcryptFunction : IPasswordFunction
{
    private const int MinCost = 4, SaltLength = 22, HashLength = 31, SaltBytes = 16, HashBytes = 23, KeyBytes = 72, TextLength = 60;

    private const string Digits = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    private readonly int _cost;
    private readonly byte[] _salt;
    private readonly byte[] _expected;

    private BcryptFunction(int cost, byte[] salt, byte[] expected) => (_cost, _salt, _expected) = (cost, salt, expected);

    /// <inheritdoc/>
    public PasswordHashKind Kind => PasswordHashKind.Bcrypt;

    /// <summary>
    /// Parses <c>$2b$cost$</c>, followed by salt and hash. Returns null if the text is malformed or the cost is too high.
    /// </summary>
    public static BcryptFunction? Parse(string text, out string? problem)
    {
        problem = "the bcrypt hash is malformed";
        if (text.Length != TextLength || text[6] != '$' ||
            !int.TryParse(text.AsSpan(4, 2), NumberStyles.None, CultureInfo.InvariantCulture, out int cost) || cost < MinCost)
        {
            return null;
        }

        if (cost > CostLimits.MaxBcryptCost)
        {
            problem = $"cost {cost} exceeds the maximum of {CostLimits.MaxBcryptCost}";
            return null;
        }

        byte[] salt = new byte[SaltBytes], expected = new byte[HashBytes];
        if (!TryDecode(text.AsSpan(7, SaltLength), salt) || !TryDecode(text.AsSpan(7 + SaltLength, HashLength), expected))
        {
            return null;
        }

        problem = null;
        return new BcryptFunction(cost, salt, expected);
    }

    /// <inheritdoc/>
    public bool Verify(ReadOnlySpan<byte> password)
    {
        // Other implementations read a password to its first NUL.
        if (password.Contains((byte)0))
        {
            return false;
        }

        // The key is the password and a NUL, repeated to 72 bytes. The remaining bytes of a long password are ignored.
        Span<byte> key = stackalloc byte[KeyBytes];
        for (int i = 0; i < key.Length; i++)
        {
            int at = i % (password.Length + 1);
            key[i] = at < password.Length ? password[at] : (byte)0;
        }

        Span<byte> hash = stackalloc byte[24];
        ComputeHash(key, hash);
        CryptographicOperations.ZeroMemory(key);
        return CryptographicOperations.FixedTimeEquals(hash[..HashBytes], _expected);
    }

    private void ComputeHash(ReadOnlySpan<byte> key, Span<byte> hash)
    {
        Span<byte> repeatedSalt = stackalloc byte[KeyBytes];
        for (int i = 0; i < repeatedSalt.Length; i++)
        {
            repeatedSalt[i] = _salt[i % SaltBytes];
        }

        var cipher = new Blowfish();
        cipher.ExpandKey(key, _salt);
        for (int i = 1 << _cost; i > 0; i--)
        {
            cipher.ExpandKey(key, []);
            cipher.ExpandKey(repeatedSalt, []);
        }

        "OrpheanBeholderScryDoubt"u8.CopyTo(hash);
        cipher.Encrypt(hash, times: 64);
        cipher.Clear();
    }

    /// <summary>Decodes the Base64 variant of bcrypt. Ignores the unused low bits of the last character.</summary>
    private static bool TryDecode(ReadOnlySpan<char> text, Span<byte> bytes)
    {
        int bits = 0, count = 0, at = 0;
        foreach (char character in text)
        {
            int value = Digits.IndexOf(character, StringComparison.Ordinal);
            if (value < 0)
            {
                return false;
            }

            (bits, count) = (((bits << 6) | value) & 0xFFFF, count + 6);
            if (count >= 8 && at < bytes.Length)
            {
                count -= 8;
                bytes[at++] = (byte)(bits >> count);
            }
        }

        return true;
    }
}
