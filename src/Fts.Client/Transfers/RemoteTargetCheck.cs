using Fts.Client.Listings;

namespace Fts.Client.Transfers;

/// <summary>Checks the target of an operation that must not replace a file on the server.</summary>
internal static class RemoteTargetCheck
{
    /// <summary>
    /// Throws if the target exists on the server. The check may enter a directory. If the server does not support PWD, the client cannot
    /// return from the directory and closes the connection.
    /// </summary>
    /// <exception cref="FtpTargetExistsException">The target exists.</exception>
    public static async Task ThrowIfExistsAsync(FtpConnection connection, string target, CancellationToken cancellationToken)
    {
        if (await RemoteMetadata.GetEntryAsync(connection, target, cancellationToken).ConfigureAwait(false) is not null)
        {
            throw new FtpTargetExistsException(target);
        }
    }
}
