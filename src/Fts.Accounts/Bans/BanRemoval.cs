namespace Fts.Accounts.Bans;

/// <summary>Why a ban no longer applies.</summary>
public enum BanRemovalReason
{
    /// <summary>An administrator removed it.</summary>
    Removed,
    /// <summary>Its time has ended.</summary>
    Ended,
    /// <summary>The list of bans was full. Only automatic bans are evicted.</summary>
    Evicted,
}

/// <summary>The removal of a ban. Immutable.</summary>
/// <param name="Reason">The reason.</param>
/// <param name="Time">The time of the removal.</param>
/// <param name="Actor">The system user that removed the ban as administrator, or null if unknown or if no administrator did.</param>
public sealed record BanRemoval(BanRemovalReason Reason, DateTimeOffset Time, string? Actor = null);
