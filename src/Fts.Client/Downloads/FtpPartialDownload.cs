using Fts.Client.Downloads;

namespace Fts.Client;

/// <summary>What a download that broke off has left hidden beside its target, for the next one to go on from.</summary>
/// <param name="Length">Bytes that are here.</param>
/// <param name="Total">Bytes of the remote file, when it was seen last.</param>
public sealed record FtpPartialDownload(long Length, long Total)
{
    /// <summary>Looks for what is left of a download to this local path; null when nothing is, or nothing that could be gone on with.</summary>
    public static FtpPartialDownload? Find(string localPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(localPath);
        using PartialDownloadFile file = PartialDownloadFile.Open(localPath);
        return file is { PrefixLength: > 0, Record: { } record } ? new FtpPartialDownload(file.PresentBytes, record.Length) : null;
    }

    /// <summary>Whether a local name is that of something left by a download: nothing to upload or to show.</summary>
    public static bool IsPartialFileName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return PartialDownloadNames.IsPartialName(name);
    }
}
