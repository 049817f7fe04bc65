namespace Fts.Accounts.Passwords.Functions;

/// <summary>
/// The maximum costs of a hash. A hash with a higher cost is rejected when it is parsed, so that an imported file cannot stop the server.
/// </summary>
/// <remarks>The decision page <c>passwords.md</c> has the measured time of each limit.</remarks>
internal static class CostLimits
{
    /// <summary>The maximum number of PBKDF2 iterations. Django 6 uses 1,200,000.</summary>
    public const int MaxPbkdf2Iterations = 3_000_000;

    /// <summary>The maximum binary logarithm of the bcrypt rounds.</summary>
    public const int MaxBcryptCost = 14;

    /// <summary>The maximum number of SHA-crypt rounds. passlib uses 656,000.</summary>
    public const int MaxShaCryptRounds = 1_000_000;

    /// <summary>The maximum memory of Argon2id, in KiB.</summary>
    public const int MaxArgon2Memory = 256 * 1024;

    /// <summary>
    /// The maximum product of memory in KiB and passes of Argon2id, which determines its time. libsodium uses this value for "moderate".
    /// </summary>
    public const int MaxArgon2Work = 3 * MaxArgon2Memory;

    /// <summary>The maximum number of lanes of Argon2id. They run one after the other.</summary>
    public const int MaxArgon2Lanes = 64;
}
