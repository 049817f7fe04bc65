using Fts.Client.Listings;
using Fts.Client.Pool;

namespace Fts.Client.Transfers;

/// <summary>Checks the target of an operation that must not replace a file on the server.</summary>
internal static class RemoteTargetCheck
{
    /// <summary>
    /// Requests the metadata of the target. The connection may be closed afterwards (see <see cref="CheckAndRunAsync"/>).
    /// </summary>
    /// <exception cref="FtpTargetExistsException">The target exists.</exception>
    public static async Task ThrowIfExistsAsync(FtpConnection connection, string target, CancellationToken cancellationToken)
    {
        if (await RemoteMetadata.GetEntryAsync(connection, target, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new FtpTargetExistsException(target);
        }
    }

    /// <summary>
    /// Checks that the target does not exist, then runs the work on the same connection, or on another one if the check closed the
    /// connection.
    /// </summary>
    /// <remarks>
    /// The check may enter a directory. If the server does not support PWD, the client cannot return and closes the connection.
    /// </remarks>
    /// <param name="run">Runs a function on a connection of the pool (<see cref="ConnectionPool.RunAsync"/>).</param>
    /// <param name="target">The remote path.</param>
    /// <param name="overwrite">Whether the target may exist. If true, it is not checked.</param>
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
