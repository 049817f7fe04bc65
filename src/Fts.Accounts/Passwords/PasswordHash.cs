using System.Diagnostics.CodeAnalysis;
using Fts.Accounts.Passwords.Functions;

namespace Fts.Accounts.Passwords;

/// <summary>The hash of a password: its kind, cost, salt and result, with their text form. Immutable and thread-safe.</summary>
/// <remarks>
/// New hashes use PBKDF2 with HMAC-SHA-512 (RFC 8018). Hashes of other programs are verified, and <see cref="NeedsUpgrade"/> reports
/// that they should be replaced. <see cref="ToString"/> does not contain the hash, so that logs cannot contain it either.
/// </remarks>
public sealed class PasswordHash
{
    /// <summary>The maximum length of a password, in bytes. crypt(3) has the same limit.</summary>
    public const int MaxPasswordBytes = 512;

    /// <summary>The maximum length of a hash text, in characters.</summary>
    public const int MaxTextLength = 1024;

    /// <summary>The default number of iterations of a new hash, which need about 50 ms of processor time.</summary>
    /// <remarks>The decision page <c>passwords.md</c> has the measured times.</remarks>
    public const int DefaultIterations = 100_000;

    /// <summary>The minimum number of iterations of a new hash.</summary>
    public const int MinIterations = 1000;

    /// <summary>The maximum number of iterations of any PBKDF2 hash.</summary>
    public const int MaxIterations = CostLimits.MaxPbkdf2Iterations;

    private readonly IPasswordFunction _function;

    private PasswordHash(string text, IPasswordFunction function) => (Text, _function) = (text, function);

    /// <summary>The text form, which contains everything that a verification needs. Keep it secret.</summary>
    public string Text { get; }

    /// <summary>The kind of the hash.</summary>
    public PasswordHashKind Kind => _function.Kind;

    /// <summary>The memory in bytes that one verification allocates, or 0 if it is negligible.</summary>
    internal long RequiredMemory => _function.RequiredMemory;

    /// <summary>The number of iterations of a hash of the own format, or 0 for other kinds.</summary>
    internal int OwnIterations => _function is Pbkdf2Function { Kind: PasswordHashKind.Own } own ? own.Iterations : 0;

    /// <summary>Creates a hash in the own format, with a random salt of 16 bytes. Blocks the calling thread for the whole work.</summary>
    /// <param name="password">The password, at most <see cref="MaxPasswordBytes"/> bytes in UTF-8.</param>
    /// <param name="iterations">The cost, from <see cref="MinIterations"/> to <see cref="MaxIterations"/>.</param>
    /// <exception cref="ArgumentException">The password is empty, too long, or not valid text.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The cost is out of range.</exception>
    public static PasswordHash Create(string password, int iterations = DefaultIterations)
    {
        ArgumentException.ThrowIfNullOrEmpty(password);
        ArgumentOutOfRangeException.ThrowIfLessThan(iterations, MinIterations);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(iterations, MaxIterations);
        Span<byte> buffer = stackalloc byte[MaxPasswordBytes];
        if (!PasswordBytes.TryCreate(password, buffer, out PasswordBytes bytes))
        {
            throw new ArgumentException(
                $"The password is not valid text, or it is longer than {MaxPasswordBytes} bytes.", nameof(password));
        }

        using (bytes)
        {
            string text = Pbkdf2Function.CreateText(bytes.Value, iterations);
            return TryParse(text, out PasswordHash? hash, out string? problem) ? hash : throw new InvalidOperationException(problem);
        }
    }

    /// <summary>Parses the text form of a hash.</summary>
    /// <param name="text">The text.</param>
    /// <param name="hash">The hash, or null if the text is rejected.</param>
    /// <param name="problem">
    /// The reason why the text is rejected, as part of a sentence: an unsupported kind, a malformed hash, or a cost that is too high.
    /// The reason does not contain salt and hash.
    /// </param>
    /// <returns>Whether the hash can be verified.</returns>
    public static bool TryParse(string? text, [NotNullWhen(true)] out PasswordHash? hash, [NotNullWhen(false)] out string? problem)
    {
        hash = null;
        IPasswordFunction? function = PasswordFunctions.Parse(text ?? "", out problem);
        if (function is null)
        {
            problem ??= "the hash is malformed";
            return false;
        }

        problem = null;
        hash = new PasswordHash(text!, function);
        return true;
    }

    /// <summary>
    /// Returns whether a password matches the hash. Blocks the calling thread for the whole work: use <see cref="PasswordVerifier"/> in a
    /// server.
    /// </summary>
    /// <exception cref="OutOfMemoryException">The memory that Argon2id needs cannot be allocated.</exception>
    public bool Verify(string password)
    {
        ArgumentNullException.ThrowIfNull(password);
        Span<byte> buffer = stackalloc byte[MaxPasswordBytes];
        if (!PasswordBytes.TryCreate(password, buffer, out PasswordBytes bytes))
        {
            return false;
        }

        using (bytes)
        {
            return _function.Verify(bytes.Value);
        }
    }

    /// <summary>
    /// Returns whether the hash should be replaced by a new one after the next successful login, because it has another kind or a lower
    /// cost.
    /// </summary>
    /// <param name="iterations">The cost of new hashes.</param>
    public bool NeedsUpgrade(int iterations = DefaultIterations) => OwnIterations < iterations;

    /// <summary>Returns the kind, without the hash.</summary>
    public override string ToString() => $"{Kind} password hash";
}
