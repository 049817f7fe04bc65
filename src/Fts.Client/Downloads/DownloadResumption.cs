using Fts.Client.Connections;
using Fts.Client.Transfers;
using Fts.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Downloads;

/// <summary>The offset at which a download starts.</summary>
/// <param name="Offset">The number of verified bytes in the partial file; 0 to download the file from its beginning.</param>
/// <param name="RestartReason">The reason why existing local bytes are discarded; None if no bytes are discarded.</param>
internal readonly record struct ResumePoint(long Offset, FtpRestartReason RestartReason = FtpRestartReason.None);

/// <summary>Finds existing local bytes, and verifies that they are the beginning of the remote file.</summary>
internal sealed class DownloadResumption(FtpConnection connection, string path, FtpEntry? metadata, ProgressMeter meter)
{
    private const int CopyBufferLength = 1024 * 1024;

    /// <summary>The maximum difference between equal file times. FAT stores file times in multiples of two seconds.</summary>
    private static readonly TimeSpan TimeTolerance = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The record to store beside the partial file. Null if the metadata is not sufficient for a later download to verify the bytes.
    /// Without a record, the bytes of an interrupted download are deleted.
    /// </summary>
    public PartialDownloadRecord? Record { get; } = CreateRecord(connection, path, metadata);

    /// <summary>
    /// Returns whether the length and last-modified time in the metadata, if present, are exact. LIST reports times to the minute at best,
    /// in an unknown time zone.
    /// </summary>
    public static bool HasExactMetadata(FtpEntry metadata) => metadata.Source is null or FtpEntrySource.Mlsx or FtpEntrySource.Eplf;

    /// <summary>
    /// Verifies the bytes that an earlier download stored in <paramref name="file"/>. Returns the offset at which the download continues; 0
    /// if no bytes are verified.
    /// </summary>
    /// <remarks>
    /// A hash covers only the bytes before the first gap (missing range). The bytes after the gap are removed, unless the last-modified
    /// time verifies them.
    /// </remarks>
    public async Task<ResumePoint> FindResumePointAsync(PartialDownloadFile file, CancellationToken cancellationToken)
    {
        if (file.PrefixLength == 0)
        {
            return new ResumePoint(0);
        }

        FtpRestartReason reason = await PrefixVerification.VerifyAsync(connection, file, Record, meter, cancellationToken)
            .ConfigureAwait(false);
        if (reason != FtpRestartReason.None)
        {
            meter.SetRestartReason(reason);
            return new ResumePoint(0, reason);
        }

        if (file.CanHaveGaps && !PrefixVerification.IsTimeSufficient(file.Record!, Record!))
        {
            file.TruncateToPrefix();
        }

        return new ResumePoint(file.PrefixLength);
    }

    /// <summary>
    /// Returns the proof that the target has the content of the remote file. Without a hash, equal lengths are a proof only if the
    /// last-modified times are also equal. Returns null if the lengths differ, or if the length of the remote file is unknown.
    /// </summary>
    /// <exception cref="FtpTargetExistsException">The lengths are equal, but the content differs or cannot be verified.</exception>
    public async Task<FtpVerifiedBy?> VerifyCompleteTargetAsync(string target, CancellationToken cancellationToken)
    {
        using SafeFileHandle handle = File.OpenHandle(target);
        if (RandomAccess.GetLength(handle) != metadata?.Length)
        {
            return null;
        }

        return await CompareAsync(handle, isWhole: true, cancellationToken).ConfigureAwait(false) switch
        {
            true => FtpVerifiedBy.Hash,
            null when metadata.LastModified is { } remote && IsSameFileTime(File.GetLastWriteTimeUtc(handle), remote.UtcDateTime) =>
                FtpVerifiedBy.Length,
            false => throw new FtpTargetExistsException(target, "its content differs from the file on the server"),
            null => throw new FtpTargetExistsException(target, "its content cannot be compared, because the server reports no hash"),
        };
    }

    /// <summary>Copies the target into the partial file, if a hash proves that it is the beginning of the remote file.</summary>
    /// <returns>The number of bytes copied; 0 for an empty target.</returns>
    /// <exception cref="FtpTargetExistsException">The target is not proven to be the beginning of the remote file.</exception>
    public async Task<long> CopyTargetAsync(string target, PartialDownloadFile file, CancellationToken cancellationToken)
    {
        using SafeFileHandle handle = File.OpenHandle(target);
        long length = RandomAccess.GetLength(handle);
        if (length == 0)
        {
            return 0;
        }

        if (metadata?.Length is not { } remoteLength)
        {
            throw new FtpTargetExistsException(target, "the server does not report the length of the remote file");
        }

        if (length > remoteLength)
        {
            throw new FtpTargetExistsException(target, "it is longer than the file on the server");
        }

        if (await CompareAsync(handle, isWhole: false, cancellationToken).ConfigureAwait(false) is not true)
        {
            throw new FtpTargetExistsException(target, "it is not proven to be the beginning of the file on the server");
        }

        file.CreateOrTruncate(Record);
        byte[] buffer = new byte[CopyBufferLength];
        while (file.PrefixLength < length)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = (int)Math.Min(buffer.Length, length - file.PrefixLength);
            int read = RandomAccess.Read(handle, buffer.AsSpan(0, count), file.PrefixLength);
            if (read == 0)
            {
                break; // The target was truncated in the meantime.
            }

            file.Write(buffer.AsSpan(0, read));
        }

        return file.PrefixLength;
    }

    private static PartialDownloadRecord? CreateRecord(FtpConnection connection, string path, FtpEntry? metadata)
    {
        if (metadata is not { Length: { } length, Kind: FtpEntryKind.File })
        {
            return null;
        }

        DateTime? lastModified = HasExactMetadata(metadata) ? metadata.LastModified?.UtcDateTime : null;
        if (lastModified is null && !RemoteHash.IsSupportedForPrefix(connection))
        {
            return null;
        }

        string server = $"{connection.Options.Credentials.UserName}@{connection.Options.Host}:{connection.Options.Port}";
        return new PartialDownloadRecord(server, WorkingDirectory.GetPathIdentity(connection, path), length, lastModified, DateTime.UtcNow);
    }

    /// <summary>
    /// Returns whether the last-modified times of the local and the remote file, UTC, are equal within the resolution of file systems. The
    /// time of a local file may be from LIST. Such a time has no seconds, so it may be earlier in the same minute.
    /// </summary>
    private static bool IsSameFileTime(DateTime local, DateTime remote)
    {
        bool isSameMinute = local.Ticks % TimeSpan.TicksPerMinute == 0
            && local.Ticks == remote.Ticks - (remote.Ticks % TimeSpan.TicksPerMinute);
        return isSameMinute || (local - remote).Duration() <= TimeTolerance;
    }

    /// <summary>
    /// Returns whether the local file has the same hash as the remote file (<paramref name="isWhole"/>), or as the beginning of the remote
    /// file. Returns null if the server reports no hash. Returns true for an empty local file.
    /// </summary>
    private async Task<bool?> CompareAsync(SafeFileHandle handle, bool isWhole, CancellationToken cancellationToken)
    {
        long length = RandomAccess.GetLength(handle);
        if (length == 0)
        {
            return true;
        }

        if (!(isWhole ? RemoteHash.IsSupported(connection.Features) : RemoteHash.IsSupportedForPrefix(connection)))
        {
            return null;
        }

        meter.EnterStage(FtpTransferStage.Verifying);
        return await ContentComparison.CompareAsync(connection, path, handle, length, isWhole, cancellationToken).ConfigureAwait(false);
    }
}
