using System.Net;
using Fts.Storage;

namespace Fts.Accounts.Settings;

/// <summary>
/// The settings that an account and a group can have. A setting that is null or not in a list is unset. A group then supplies it, or the
/// default applies (<see cref="AccountResolver"/>).
/// </summary>
/// <remarks>Two objects are equal if all their settings are equal. The order within a list does not matter.</remarks>
public sealed record AccessSettings
{
    /// <summary>The value of a limit that is explicitly set to "no limit", so that no group sets it.</summary>
    public const int Unlimited = -1;

    /// <summary>Settings that are all unset.</summary>
    public static AccessSettings None { get; } = new();

    /// <summary>The home directory (<see cref="DirectoryTemplate"/>). Default: the served folder.</summary>
    public string? Home { get; init; }

    /// <summary>The directories that appear below the home directory. Each path of a mount is a setting of its own.</summary>
    public IReadOnlyList<MountSettings> Mounts { get; init; } = [];

    /// <summary>
    /// The permissions by virtual path. Each path is a setting of its own. Default: all permissions on paths to which no rule applies.
    /// </summary>
    public IReadOnlyList<PermissionRule> Rules { get; init; } = [];

    /// <summary>The quota in bytes, or <see cref="Unlimited"/>. Default: no limit.</summary>
    public long? QuotaBytes { get; init; }

    /// <summary>The quota in files, or <see cref="Unlimited"/>. Default: no limit.</summary>
    public long? QuotaFiles { get; init; }

    /// <summary>The maximum speed of uploads of a session, in bytes per second, or <see cref="Unlimited"/>. Default: no limit.</summary>
    public long? UploadRate { get; init; }

    /// <summary>The maximum speed of downloads of a session, in bytes per second, or <see cref="Unlimited"/>. Default: no limit.</summary>
    public long? DownloadRate { get; init; }

    /// <summary>The maximum number of concurrent sessions, or <see cref="Unlimited"/>. Default: no limit.</summary>
    public int? MaxSessions { get; init; }

    /// <summary>The networks from which the account can log in. An empty list permits all networks. Default: all networks.</summary>
    public IReadOnlyList<IPNetwork>? Networks { get; init; }

    /// <summary>Whether the account can log in only over TLS. Default: false.</summary>
    public bool? RequiresTls { get; init; }

    /// <summary>
    /// The time of day when the account can log in, in the local time of the server. Default: <see cref="AllowedHours.AllDay"/>.
    /// </summary>
    public AllowedHours? Hours { get; init; }

    /// <summary>
    /// The time after which the account can no longer log in. <see cref="DateTimeOffset.MaxValue"/> means never. Default: never.
    /// </summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Returns whether other settings are equal.</summary>
    public bool Equals(AccessSettings? other) =>
        other is not null
        && (Home, QuotaBytes, QuotaFiles, UploadRate) == (other.Home, other.QuotaBytes, other.QuotaFiles, other.UploadRate)
        && (DownloadRate, MaxSessions, RequiresTls, Hours) == (other.DownloadRate, other.MaxSessions, other.RequiresTls, other.Hours)
        && ExpiresAt == other.ExpiresAt
        && HaveSameItems(Mounts, other.Mounts)
        && HaveSameItems(Rules, other.Rules)
        && (Networks is null) == (other.Networks is null)
        && HaveSameItems(Networks ?? [], other.Networks ?? []);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(
        Home, QuotaBytes, QuotaFiles, MaxSessions, Mounts.Count, Rules.Count, Networks?.Count, HashCode.Combine(Hours, ExpiresAt));

    internal static bool HaveSameItems<T>(IReadOnlyCollection<T> one, IReadOnlyCollection<T> other) =>
        one.Count == other.Count && one.ToHashSet().SetEquals(other);
}

/// <summary>A directory that is mounted into the tree of an account.</summary>
/// <param name="Path">The virtual path. Never the root.</param>
/// <param name="Directory">The directory on the server's machine (<see cref="DirectoryTemplate"/>).</param>
/// <param name="IsReadOnly">Whether nothing below the path can be changed, whatever the permission rules allow.</param>
public sealed record MountSettings(StorePath Path, string Directory, bool IsReadOnly);
