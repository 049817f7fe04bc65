using Fts.Client;
using Fts.Protocol;

namespace Fts.Transfers.Remote;

/// <summary>Creates folders on a server.</summary>
internal static class RemoteFolders
{
    /// <summary>Creates a folder and its missing parents. An existing folder is not an error.</summary>
    /// <exception cref="FtpReplyException">The server refuses to create the folder, and it does not exist.</exception>
    public static async Task CreateWithParentsAsync(FtpClient client, string path, CancellationToken cancellationToken)
    {
        if (path.Trim('/').Length == 0 || await client.GetEntryAsync(path, cancellationToken) is { Kind: FtpEntryKind.Directory })
        {
            return;
        }

        int slash = path.TrimEnd('/').LastIndexOf('/');
        if (slash > 0)
        {
            await CreateWithParentsAsync(client, path[..slash], cancellationToken);
        }

        try
        {
            await client.CreateDirectoryAsync(path, cancellationToken);
        }
        catch (FtpReplyException)
        {
            // Another client may have created the folder.
            if (await client.GetEntryAsync(path, cancellationToken) is not { Kind: FtpEntryKind.Directory })
            {
                throw;
            }
        }
    }
}
