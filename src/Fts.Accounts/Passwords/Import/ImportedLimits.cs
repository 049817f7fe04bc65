using System.Net;

namespace Fts.Accounts.Passwords.Import;

/// <summary>The limits of an account of pure-ftpd. A limit that is null does not exist.</summary>
public sealed record ImportedLimits
{
    /// <summary>No limits.</summary>
    public static ImportedLimits None { get; } = new();

    /// <summary>The maximum number of files.</summary>
    public long? MaxFiles { get; init; }

    /// <summary>The maximum total size of the files, in bytes.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>The maximum rate of uploads, in bytes per second.</summary>
    public long? UploadBytesPerSecond { get; init; }

    /// <summary>The maximum rate of downloads, in bytes per second.</summary>
    public long? DownloadBytesPerSecond { get; init; }

    /// <summary>The maximum number of sessions at the same time.</summary>
    public int? MaxSessions { get; init; }

    /// <summary>The networks from which clients may log in. Empty if all networks are allowed.</summary>
    public IReadOnlyList<IPNetwork> AllowedNetworks { get; init; } = [];

    /// <summary>The networks from which clients must not log in, even if <see cref="AllowedNetworks"/> contains them.</summary>
    public IReadOnlyList<IPNetwork> RefusedNetworks { get; init; } = [];

    /// <summary>The time of day at which clients may log in.</summary>
    public LoginHours? LoginHours { get; init; }
}

/// <summary>A time of day at which logins are allowed, in the local time of the server.</summary>
/// <param name="First">The first minute.</param>
/// <param name="Last">The last minute, inclusive. If it is before the first one, the time extends past midnight.</param>
public readonly record struct LoginHours(TimeOnly First, TimeOnly Last)
{
    /// <summary>Returns whether a time of day is within the hours.</summary>
    public bool Contains(TimeOnly time)
    {
        var minute = new TimeOnly(time.Hour, time.Minute);
        return First <= Last ? First <= minute && minute <= Last : First <= minute || minute <= Last;
    }
}
