using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Fts.Accounts.Passwords.Functions;

/// <summary>SHA-crypt (<c>$5$</c> and <c>$6$</c>), as Ulrich Drepper's "Unix crypt using SHA-256 and SHA-512" specifies it.</summary>
internal sealed class ShaCryptFunction : IPasswordFunction
{
    private const int DefaultRounds = 5000, MinRounds = 1000, MaxSaltLength = 16, MaxDigest = SHA512.HashSizeInBytes, MaxTextLength = 86;

    private readonly int _rounds;
    private readonly byte[] _salt;
    private readonly byte[] _expected;

    private ShaCryptFunction(PasswordHashKind kind, int rounds, string salt, string expected)
    {
        (Kind, _rounds, _salt, _expected) = (kind, rounds, Encoding.UTF8.GetBytes(salt), Encoding.ASCII.GetBytes(expected));
    }

    /// <inheritdoc/>
    public PasswordHashKind Kind { get; }

    private bool Is512 => Kind == PasswordHashKind.Sha512Crypt;

    private HashAlgorithmName Algorithm => Is512 ? HashAlgorithmName.SHA512 : HashAlgorithmName.SHA256;

    private int DigestLength => Is512 ? SHA512.HashSizeInBytes : SHA256.HashSizeInBytes;

    /// <summary>
    /// Parses <c>$6$salt$hash</c> or <c>$6$rounds=number$salt$hash</c>. Returns null if the text is malformed or the cost is too high.
    /// </summary>
    public static ShaCryptFunction? Parse(string text, out string? problem)
    {
        string[] fields = text.Split('$');
        PasswordHashKind kind = fields[1] == "6" ? PasswordHashKind.Sha512Crypt : PasswordHashKind.Sha256Crypt;
        problem = $"the ${fields[1]}$ hash is malformed";
        bool hasRounds = fields.Length == 5 && fields[2].StartsWith("rounds=", StringComparison.Ordinal);
        long rounds = DefaultRounds;
        if (fields.Length != (hasRounds ? 5 : 4) ||
            (hasRounds && !long.TryParse(fields[2].AsSpan("rounds=".Length), NumberStyles.None, CultureInfo.InvariantCulture, out rounds)))
        {
            return null;
        }

        if (rounds > CostLimits.MaxShaCryptRounds)
        {
            problem = $"{rounds} rounds exceed the maximum of {CostLimits.MaxShaCryptRounds}";
            return null;
        }

        if (fields[^2].Length > MaxSaltLength || !Ascii.IsValid(fields[^2]) ||
            fields[^1].Length != (kind == PasswordHashKind.Sha512Crypt ? MaxTextLength : 43) || !CryptAlphabet.IsValid(fields[^1]))
        {
            return null;
        }

        problem = null;
        return new ShaCryptFunction(kind, (int)Math.Max(rounds, MinRounds), fields[^2], fields[^1]);
    }

    /// <inheritdoc/>
    public bool Verify(ReadOnlySpan<byte> password)
    {
        // crypt(3) reads a password to its first NUL.
        if (password.Contains((byte)0))
        {
            return false;
        }

        Span<byte> digest = stackalloc byte[MaxDigest];
        digest = digest[..DigestLength];
        ComputeFirstDigest(password, digest);

        byte[] secrets = new byte[password.Length + MaxSaltLength];
        Span<byte> passwordSequence = secrets.AsSpan(0, password.Length);
        Span<byte> saltSequence = secrets.AsSpan(password.Length, _salt.Length);
        FillSequence(passwordSequence, password, password.Length);
        FillSequence(saltSequence, _salt, 16 + digest[0]);
        PerformRounds(digest, passwordSequence, saltSequence);
        CryptographicOperations.ZeroMemory(secrets);

        Span<byte> text = stackalloc byte[MaxTextLength];
        text = text[.._expected.Length];
        WriteDigest(digest, text);
        return CryptographicOperations.FixedTimeEquals(text, _expected);
    }

    /// <summary>Computes digest A of the specification (steps 1 to 12).</summary>
    private void ComputeFirstDigest(ReadOnlySpan<byte> password, Span<byte> digest)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(Algorithm);
        Span<byte> alternate = stackalloc byte[MaxDigest];
        alternate = alternate[..digest.Length];
        hash.AppendData(password);
        hash.AppendData(_salt);
        hash.AppendData(password);
        hash.GetHashAndReset(alternate);

        hash.AppendData(password);
        hash.AppendData(_salt);
        AppendRepeated(hash, alternate, password.Length);
        for (int bits = password.Length; bits > 0; bits >>= 1)
        {
            hash.AppendData((bits & 1) != 0 ? alternate : password);
        }

        hash.GetHashAndReset(digest);
    }

    /// <summary>Fills a sequence with the digest of a text that is appended several times (steps 13 to 20).</summary>
    private void FillSequence(Span<byte> sequence, ReadOnlySpan<byte> text, int times)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(Algorithm);
        for (int i = 0; i < times; i++)
        {
            hash.AppendData(text);
        }

        Span<byte> digest = stackalloc byte[MaxDigest];
        digest = digest[..DigestLength];
        hash.GetHashAndReset(digest);
        for (; sequence.Length > digest.Length; sequence = sequence[digest.Length..])
        {
            digest.CopyTo(sequence);
        }

        digest[..sequence.Length].CopyTo(sequence);
        CryptographicOperations.ZeroMemory(digest);
    }

    /// <summary>Replaces the digest once in each round (step 21).</summary>
    private void PerformRounds(Span<byte> digest, ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt)
    {
        byte[] input = new byte[(2 * password.Length) + salt.Length + digest.Length];
        for (int round = 0; round < _rounds; round++)
        {
            var writer = new SpanWriter(input);
            writer.Write((round & 1) != 0 ? password : digest);
            if (round % 3 != 0)
            {
                writer.Write(salt);
            }

            if (round % 7 != 0)
            {
                writer.Write(password);
            }

            writer.Write((round & 1) != 0 ? digest : password);
            _ = Is512 ? SHA512.HashData(writer.Written, digest) : SHA256.HashData(writer.Written, digest);
        }

        CryptographicOperations.ZeroMemory(input);
    }

    /// <summary>Writes the digest in the byte order of the specification (step 22): bytes from each third, in rotating order.</summary>
    private void WriteDigest(ReadOnlySpan<byte> digest, Span<byte> text)
    {
        int third = digest.Length / 3;
        for (int i = 0; i < third; i++)
        {
            int shift = Is512 ? i % 3 : (3 - (i % 3)) % 3;
            text = CryptAlphabet.Write(
                text, digest[i + (shift * third)], digest[i + ((shift + 1) % 3 * third)], digest[i + ((shift + 2) % 3 * third)]);
        }

        _ = Is512 ? CryptAlphabet.Write(text, 0, 0, digest[63], 2) : CryptAlphabet.Write(text, 0, digest[31], digest[30], 3);
    }

    private static void AppendRepeated(IncrementalHash hash, ReadOnlySpan<byte> digest, int length)
    {
        for (; length > digest.Length; length -= digest.Length)
        {
            hash.AppendData(digest);
        }

        hash.AppendData(digest[..length]);
    }
}
