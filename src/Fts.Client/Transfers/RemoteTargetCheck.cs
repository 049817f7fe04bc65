using Fts.Client.Listings;
using Fts.Client.Pool;

namespace Fts.Client.Transfers;

/// <summary>Runs work on the server that must not replace a file.</summary>
internal static class RemoteTargetCheck
{
    /// <summary>Requests the metadata of the target. The connection may be closed afterwards (see <see cref="CheckAndRunAsync"/>).</summary>
    /// <exception cref="FtpTargetExistsException">The target exists.</exception>
    public static async Task ThrowIfExistsAsync(FtpConnection connection, string target, CancellationToken cancellationToken)
    {
        if (await RemoteMetadata.GetEntryAsync(connection, target, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new FtpTargetExistsException(target);
        }
    }

    /// <summary>Checks that the target does not exist, then runs the work: on the same connection, or on another one if the lookup closed it.</summary>
    /// <remarks>A lookup may have to enter a folder. Without PWD the client cannot return from it, so it closes the connection.</remarks>
    /// <param name="run">Acquires a connection for a function (<see cref="ConnectionPool.RunAsync"/>).</param>
    /// <param name="target">The path.</param>
    /// <param name="overwrite">Whether the target may exist, so that no lookup is needed.</param>
    /// <param name="work">The work.</param>
    /// <exception cref="FtpTargetExistsException">The target exists.</exception>
    public static async Task<T> CheckAndRunAsync<T>(
        Func<Func<FtpConnection, CancellationToken, Task<(bool HasRun, T Result)>>, Task<(bool HasRun, T Result)>> run,
        string target,
        bool overwrite,
        Func<FtpConnection, CancellationToken, Task<T>> work)
    {
        bool isChecked = overwrite;
        while (true)
        {
            (bool hasRun, T result) = await run(async (connection, token) =>
            {
                if (!isChecked)
                {
                    await ThrowIfExistsAsync(connection, target, token).ConfigureAwait(false);
                    isChecked = !connection.IsUsable;
                    if (isChecked)
                    {
                        return (false, default!);
                    }
                }

                return (true, await work(connection, token).ConfigureAwait(false));
            }).ConfigureAwait(false);
            if (hasRun)
            {
                return result;
            }
        }
    }
}
