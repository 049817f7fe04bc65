using System.Net;
using Fts.Accounts.Recording;
using Fts.Storage;

namespace Fts.Accounts;

/// <summary>The account of a logged-in client. Immutable; a change of the account's settings creates another object.</summary>
/// <param name="Name">
/// The name. Logs contain it. Together with the client ID (<see cref="UserFiles"/>), it identifies the owner of partial uploads.
/// </param>
/// <param name="Permissions">The permissions on all paths to which no rule of <see cref="Rules"/> applies.</param>
public sealed record Account(string Name, Permissions Permissions)
{
    /// <summary>The permissions by path. Default: <see cref="Permissions"/> on all paths.</summary>
    public PermissionRules Rules { get; init; } = new(Permissions);

    /// <summary>
    /// The store with the account's files: its home directory and mounted directories. Null to use the store of the host. The owner of the
    /// accounts disposes it. Default: null.
    /// </summary>
    public IFileStore? Store { get; init; }

    /// <summary>
    /// The real directories of <see cref="Store"/>, for quotas. Null to use those of the host. Default: null.
    /// </summary>
    public StoreLocations? Locations { get; init; }

    /// <summary>The limits of the account's sessions. Default: none.</summary>
    public AccountLimits Limits { get; init; } = AccountLimits.None;

    /// <summary>
    /// The current state of the account's settings, or null if they never change. A session checks it before each command. Default: null.
    /// </summary>
    public AccountState? State { get; init; }
}

/// <summary>The limits of an account's sessions. Null means no limit.</summary>
public sealed record AccountLimits
{
    /// <summary>No limits.</summary>
    public static AccountLimits None { get; } = new();

    /// <summary>The maximum speed of all uploads of a session together, in bytes per second.</summary>
    public long? UploadRate { get; init; }

    /// <summary>The maximum speed of all downloads of a session together, in bytes per second.</summary>
    public long? DownloadRate { get; init; }

    /// <summary>The maximum number of concurrent sessions.</summary>
    public int? MaxSessions { get; init; }

    /// <summary>The networks from which the account can log in. Empty means all networks.</summary>
    public IReadOnlyList<IPNetwork> Networks { get; init; } = [];

    /// <summary>Whether the account can log in only over TLS. All its data connections must then be encrypted (PROT P), too.</summary>
    public bool RequiresTls { get; init; }

    /// <summary>The time of day when the account can log in. Null for any time.</summary>
    public AllowedHours? Hours { get; init; }

    /// <summary>The time after which the account can no longer log in.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>
/// A part of the day in local time. If the end is before the start, the part includes midnight. If both are equal, it is the whole day.
/// </summary>
/// <param name="Start">The start, inclusive.</param>
/// <param name="End">The end, exclusive.</param>
public readonly record struct AllowedHours(TimeOnly Start, TimeOnly End)
{
    /// <summary>The whole day.</summary>
    public static AllowedHours AllDay => default;

    /// <summary>Whether this is the whole day.</summary>
    public bool IsAllDay => Start == End;

    /// <summary>Returns whether a time is within this part of the day.</summary>
    public bool Contains(TimeOnly time) => IsAllDay || time.IsBetween(Start, End);
}

/// <summary>
/// The link between the sessions of an account and its settings. The owner of the settings replaces <see cref="Current"/> when they change.
/// </summary>
/// <param name="current">The account with the settings at the time of this call.</param>
public sealed class AccountState(Account? current = null)
{
    private volatile Account? _current = current;
    private volatile string? _endRule;

    /// <summary>
    /// The account with its newest settings. Null after the account was disabled, removed, or can no longer log in. The server then ends
    /// its sessions.
    /// </summary>
    public Account? Current
    {
        get => _current;
        set => _current = value;
    }

    /// <summary>
    /// The rule name of the reason why <see cref="Current"/> is null, for the log, for example <c>account.disabled</c>. Null if the reason
    /// is unknown.
    /// </summary>
    public string? EndRule => _endRule;

    /// <summary>Sets <see cref="Current"/> to null for a reason.</summary>
    /// <param name="rule">The rule name of the reason.</param>
    public void End(string rule) => (_endRule, _current) = (rule, null);
}
