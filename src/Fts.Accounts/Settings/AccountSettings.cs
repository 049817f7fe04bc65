namespace Fts.Accounts.Settings;

/// <summary>The stored settings of an account, before groups and defaults apply (<see cref="AccountResolver"/>).</summary>
/// <param name="Name">The name (<see cref="AccountName"/>).</param>
public sealed record AccountSettings(string Name)
{
    /// <summary>Whether the account can log in. Default: true.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>The hash of the password, or null if the account cannot log in with a password.</summary>
    public string? PasswordHash { get; init; }

    /// <summary>
    /// The fingerprints of the public keys of client certificates that can log in without a password
    /// (<see cref="ClientCertificate.KeyFingerprint"/>). A fingerprint belongs to at most one account.
    /// </summary>
    public IReadOnlyList<string> KeyFingerprints { get; init; } = [];

    /// <summary>The names of the account's groups. They supply unset settings in this order.</summary>
    public IReadOnlyList<string> Groups { get; init; } = [];

    /// <summary>The settings that groups can supply.</summary>
    public AccessSettings Access { get; init; } = AccessSettings.None;

    /// <summary>Returns whether another account has equal settings. The order of groups matters, that of fingerprints does not.</summary>
    public bool Equals(AccountSettings? other) =>
        other is not null
        && (Name, IsEnabled, PasswordHash) == (other.Name, other.IsEnabled, other.PasswordHash)
        && Groups.SequenceEqual(other.Groups)
        && AccessSettings.HaveSameItems(KeyFingerprints, other.KeyFingerprints)
        && Access.Equals(other.Access);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, IsEnabled, PasswordHash, Groups.Count, KeyFingerprints.Count, Access);

    /// <summary>Returns the name, without the password hash.</summary>
    public override string ToString() => Name;
}

/// <summary>The stored settings of a group.</summary>
/// <param name="Name">The name (<see cref="AccountName"/>).</param>
public sealed record GroupSettings(string Name)
{
    /// <summary>The settings that the group supplies to its accounts.</summary>
    public AccessSettings Access { get; init; } = AccessSettings.None;
}
