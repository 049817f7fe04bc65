namespace Fts.Accounts.Passwords;

/// <summary>The outcome of a password verification.</summary>
public enum PasswordOutcome
{
    /// <summary>The password is wrong, or the account or its hash cannot be used.</summary>
    Rejected,

    /// <summary>The password is correct.</summary>
    Accepted,

    /// <summary>Too many verifications are waiting. The password was not verified, and the client should retry later.</summary>
    Busy,
}

/// <summary>The result of a password verification.</summary>
/// <param name="Outcome">The outcome. The default value is a rejection.</param>
/// <param name="NeedsUpgrade">
/// Whether the password is correct and the hash should be replaced by a new one (<see cref="PasswordVerifier.CreateHashAsync"/>).
/// </param>
public readonly record struct PasswordVerdict(PasswordOutcome Outcome, bool NeedsUpgrade)
{
    /// <summary>Whether the password is correct.</summary>
    public bool IsAccepted => Outcome == PasswordOutcome.Accepted;
}
