namespace Fts.Accounts.Bans;

/// <summary>Stores bans, so that they survive a restart and apply to all servers that share the store. Thread-safe.</summary>
/// <remarks>All methods throw <see cref="IOException"/> if the store cannot be read or written.</remarks>
public interface IBanStore
{
    /// <summary>Returns all bans. May also return bans that have ended.</summary>
    /// <exception cref="IOException">The store cannot be read.</exception>
    ValueTask<IReadOnlyList<Ban>> LoadAsync(CancellationToken cancellationToken);

    /// <summary>Adds a ban, or replaces the ban with the same subject.</summary>
    /// <exception cref="IOException">The store cannot be written.</exception>
    ValueTask SaveAsync(Ban ban, CancellationToken cancellationToken);

    /// <summary>
    /// Removes the ban of a subject. Returns false if there is none. A removal for <see cref="BanRemovalReason.Ended"/> removes only a ban
    /// whose end is not later than the time of the removal.
    /// </summary>
    /// <param name="subject">The subject of the ban.</param>
    /// <param name="removal">Why the ban no longer applies.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="IOException">The store cannot be written.</exception>
    ValueTask<bool> RemoveAsync(BanSubject subject, BanRemoval removal, CancellationToken cancellationToken);
}
