using Fts.Accounts.Recording;
using Fts.Accounts.Settings;
using Fts.Storage;

namespace Fts.Accounts.Login;

/// <summary>Provides the stores of accounts. Thread-safe.</summary>
public interface IAccountStores
{
    /// <summary>
    /// Returns the store with the home directory and the mounted directories of an account, or null for the store of the host. Creates the
    /// home directory if it does not exist. Can block the calling thread.
    /// </summary>
    /// <exception cref="IOException">
    /// A directory cannot be used. The message is for the log: what failed, why, and what to do.
    /// </exception>
    IFileStore? GetStore(ResolvedAccount account);

    /// <summary>
    /// Returns the real directories of an account's store, for quotas and events, or null to use those of the host. The default
    /// implementation returns null.
    /// </summary>
    StoreLocations? GetLocations(ResolvedAccount account) => null;
}
