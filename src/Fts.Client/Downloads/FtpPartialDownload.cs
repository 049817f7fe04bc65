using Fts.Client.Downloads;

namespace Fts.Client;

/// <summary>The bytes of an interrupted download, kept in a hidden file beside the target for the next download to resume.</summary>
/// <param name="Length">The number of bytes kept.</param>
/// <param name="Total">The length of the remote file in bytes when the interrupted download started.</param>
public sealed record FtpPartialDownload(long Length, long Total)
{
    /// <summary>
    /// Returns the partial download of a local path, or null if no resumable partial download exists. Also returns null while a download to
    /// the path is running.
    /// </summary>
    /// <param name="localPath">The path of the target.</param>
    public static FtpPartialDownload? Find(string localPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(localPath);
        using PartialDownloadFile file = PartialDownloadFile.Open(localPath);
        return file is { PrefixLength: > 0, Record: { } record } ? new FtpPartialDownload(file.PresentBytes, record.Length) : null;
    }

    /// <summary>
    /// Returns whether a local file name is the name of a hidden file that belongs to a partial download. Such a file should be neither
    /// uploaded nor listed.
    /// </summary>
    public static bool IsPartialFileName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return PartialDownloadNames.IsPartialName(name);
    }
}
