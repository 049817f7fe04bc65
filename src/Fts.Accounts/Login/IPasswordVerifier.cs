namespace Fts.Accounts.Login;

/// <summary>Verifies passwords against stored hashes. Thread-safe.</summary>
public interface IPasswordVerifier
{
    /// <summary>Verifies the password of an account.</summary>
    /// <param name="account">The name of the account.</param>
    /// <param name="hash">The stored hash. A hash that cannot be verified rejects every password.</param>
    /// <param name="password">The password.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    ValueTask<PasswordCheck> VerifyAsync(string account, string hash, string password, CancellationToken cancellationToken);

    /// <summary>
    /// Rejects the password of an account that does not exist or has no password. Takes as long as the rejection of a wrong password.
    /// </summary>
    ValueTask<PasswordCheck> RejectUnknownAsync(string password, CancellationToken cancellationToken);

    /// <summary>Creates a new hash of a password, or returns null if the verifier is busy.</summary>
    ValueTask<string?> CreateHashAsync(string password, CancellationToken cancellationToken);
}

/// <summary>The result of the verification of a password.</summary>
public enum PasswordCheck
{
    /// <summary>The password is wrong, or the account is unknown.</summary>
    Rejected,
    /// <summary>The password is correct.</summary>
    Accepted,
    /// <summary>The password is correct, and the stored hash should be replaced by a new one.</summary>
    AcceptedNeedsUpgrade,
    /// <summary>Too many verifications wait. Nothing is known about the password.</summary>
    Busy,
}
