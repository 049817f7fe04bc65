using System.Security.Cryptography;
using System.Text;

namespace Fts.Accounts.Passwords.Functions;

/// <summary>MD5-crypt of FreeBSD (<c>$1$</c>), and its variant in the Apache HTTP server (<c>$apr1$</c>).</summary>
internal sealed class Md5CryptFunction : IPasswordFunction
{
    private const int Rounds = 1000, MaxSaltLength = 8, TextLength = 22;

    private readonly byte[] _prefix;
    private readonly byte[] _salt;
    private readonly byte[] _expected;

    private Md5CryptFunction(PasswordHashKind kind, string salt, string expected)
    {
        Kind = kind;
        _prefix = kind == PasswordHashKind.Apr1 ? "$apr1$"u8.ToArray() : "$1$"u8.ToArray();
        (_salt, _expected) = (Encoding.ASCII.GetBytes(salt), Encoding.ASCII.GetBytes(expected));
    }

    /// <inheritdoc/>
    public PasswordHashKind Kind { get; }

    /// <summary>Parses <c>$1$salt$hash</c> or <c>$apr1$salt$hash</c>. Returns null if the text is malformed.</summary>
    public static Md5CryptFunction? Parse(string text, out string? problem)
    {
        string[] fields = text.Split('$');
        bool isValid = fields.Length == 4 && fields[2].Length <= MaxSaltLength && Ascii.IsValid(fields[2]) &&
            fields[3].Length == TextLength && CryptAlphabet.IsValid(fields[3]);
        problem = isValid ? null : $"the ${fields[1]}$ hash is malformed";
        return isValid
            ? new Md5CryptFunction(fields[1] == "apr1" ? PasswordHashKind.Apr1 : PasswordHashKind.Md5Crypt, fields[2], fields[3])
            : null;
    }

    /// <inheritdoc/>
    public bool Verify(ReadOnlySpan<byte> password)
    {
        // crypt(3) reads a password to its first NUL.
        if (password.Contains((byte)0))
        {
            return false;
        }

        Span<byte> digest = stackalloc byte[MD5.HashSizeInBytes];
        ComputeFirstDigest(password, digest);
        PerformRounds(password, digest);

        Span<byte> text = stackalloc byte[TextLength];
        Span<byte> rest = text;
        for (int i = 0; i < 5; i++)
        {
            // The last of the five groups ends with byte 5 instead of byte 16.
            rest = CryptAlphabet.Write(rest, digest[i], digest[i + 6], digest[i == 4 ? 5 : i + 12]);
        }

        CryptAlphabet.Write(rest, 0, 0, digest[11], 2);
        return CryptographicOperations.FixedTimeEquals(text, _expected);
    }

    private void ComputeFirstDigest(ReadOnlySpan<byte> password, Span<byte> digest)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        hash.AppendData(password);
        hash.AppendData(_salt);
        hash.AppendData(password);
        hash.GetHashAndReset(digest);

        hash.AppendData(password);
        hash.AppendData(_prefix);
        hash.AppendData(_salt);
        for (int length = password.Length; length > 0; length -= digest.Length)
        {
            hash.AppendData(digest[..Math.Min(length, digest.Length)]);
        }

        for (int bits = password.Length; bits > 0; bits >>= 1)
        {
            hash.AppendData((bits & 1) != 0 ? [0] : password[..1]);
        }

        hash.GetHashAndReset(digest);
    }

    private void PerformRounds(ReadOnlySpan<byte> password, Span<byte> digest)
    {
        byte[] input = new byte[(2 * password.Length) + _salt.Length + digest.Length];
        for (int round = 0; round < Rounds; round++)
        {
            var writer = new SpanWriter(input);
            writer.Write((round & 1) != 0 ? password : digest);
            if (round % 3 != 0)
            {
                writer.Write(_salt);
            }

            if (round % 7 != 0)
            {
                writer.Write(password);
            }

            writer.Write((round & 1) != 0 ? digest : password);
#pragma warning disable CA5351 // MD5-crypt is defined with MD5. No new hash uses it.
            MD5.HashData(writer.Written, digest);
#pragma warning restore CA5351
        }

        CryptographicOperations.ZeroMemory(input);
    }
}
