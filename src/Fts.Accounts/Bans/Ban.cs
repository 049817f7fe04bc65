namespace Fts.Accounts.Bans;

/// <summary>What created a ban.</summary>
public enum BanSource
{
    /// <summary>The server, after too many failed logins.</summary>
    Automatic,
    /// <summary>An administrator.</summary>
    Manual,
}

/// <summary>A ban: it refuses logins before the password is checked. Immutable.</summary>
/// <param name="Subject">The refused logins. There is at most one ban for each subject.</param>
/// <param name="Reason">The reason, as text for the administrator. Clients do not receive it.</param>
/// <param name="Since">The start.</param>
/// <param name="Until">The end, or null for a ban without an end. Login attempts never change it.</param>
/// <param name="Source">What created the ban.</param>
/// <param name="Failures">The number of failed logins that led to the ban; 0 for a manual ban.</param>
public sealed record Ban(BanSubject Subject, string Reason, DateTimeOffset Since, DateTimeOffset? Until, BanSource Source, int Failures)
{
    /// <summary>The maximum number of characters of a reason.</summary>
    public const int MaxReasonLength = 500;

    /// <summary>The system user that added the ban as administrator, or null if unknown or for an automatic ban.</summary>
    public string? Actor { get; init; }

    /// <summary>Returns whether the ban has not ended at a time.</summary>
    public bool IsActive(DateTimeOffset now) => Until is not { } until || now < until;
}
