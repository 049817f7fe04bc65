using System.Net;
using Fts.Storage;

namespace Fts.Accounts.Events;

/// <summary>A search for events. Each property that is set excludes events. Immutable.</summary>
public sealed record EventFilter
{
    /// <summary>The earliest time, or null.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The time before which the events happened, or null.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>The name of an account, or null.</summary>
    public string? Account { get; init; }

    /// <summary>
    /// The address of a client, or null. Bans of its network, as <see cref="Bans.BanSubject.FromClient"/> returns it, match too.
    /// </summary>
    public IPAddress? Address { get; init; }

    /// <summary>The types. Empty for all types.</summary>
    public IReadOnlyList<EventType> Types { get; init; } = [];

    /// <summary>
    /// The virtual path of a file or directory, or null. Events about entries below it match too, and events about the names that the entry
    /// had before it, or a directory above it, was renamed.
    /// </summary>
    public StorePath? Path { get; init; }

    /// <summary>The maximum number of events. The newest ones are selected. Null for no maximum.</summary>
    public int? Limit { get; init; }
}
