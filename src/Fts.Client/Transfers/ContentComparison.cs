using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Transfers;

/// <summary>Whether a local file and the server's begin alike, or are the same, byte for byte: both sides hash at once.</summary>
internal static class ContentComparison
{
    /// <summary>True when they are the same, false when they differ, null when the server does not tell.</summary>
    /// <param name="connection">Where to ask.</param>
    /// <param name="path">The file there.</param>
    /// <param name="handle">The file here.</param>
    /// <param name="length">Bytes from the beginning of both that are compared.</param>
    /// <param name="isWhole">Whether that is all of the server's file.</param>
    /// <param name="cancellationToken">Ends the wait, and with it the use of the connection.</param>
    public static async Task<bool?> CompareAsync(FtpConnection connection, string path, SafeFileHandle handle, long length, bool isWhole, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task<byte[]> local = LocalHash.ComputeAsync(handle, length, stop.Token);
        try
        {
            byte[]? remote = await RemoteHash.RequestAsync(connection, path, length, isWhole, cancellationToken).ConfigureAwait(false);
            return remote is null ? null : (await local.ConfigureAwait(false)).AsSpan().SequenceEqual(remote);
        }
        finally
        {
            // The file is somebody's to close: nothing reads it any more after this.
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)local).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
