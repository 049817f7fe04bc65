using Fts.Client.Connections;
using Fts.Client.Transfers;
using Microsoft.Win32.SafeHandles;

namespace Fts.Client.Downloads;

/// <summary>Where a download begins: what is here of the file already, and proven to be.</summary>
internal sealed class DownloadResumption(FtpConnection connection, string path, FtpEntry? metadata, ProgressMeter meter)
{
    private const int CopyBufferLength = 1024 * 1024;

    /// <summary>File systems keep a time to two seconds at worst.</summary>
    private static readonly TimeSpan TimeTolerance = TimeSpan.FromSeconds(2);

    /// <summary>What is to be kept beside what comes; null when it could never prove anything, so that keeping would be litter.</summary>
    public PartialDownloadRecord? Record { get; } = metadata is { Length: { } length, Kind: Protocol.FtpEntryKind.File } && (GetExactTime(metadata) is not null || RemoteHash.IsSupportedForPrefix(connection))
        ? new PartialDownloadRecord($"{connection.Options.Credentials.UserName}@{connection.Options.Host}:{connection.Options.Port}", WorkingDirectory.GetPathIdentity(connection, path), length, GetExactTime(metadata), DateTime.UtcNow)
        : null;

    /// <summary>Whether facts are as the server itself tells a file's: LIST tells times to the minute at best, and in no zone.</summary>
    public static bool HasExactMetadata(FtpEntry metadata) => metadata.Source is null or Protocol.FtpEntrySource.Mlsx or Protocol.FtpEntrySource.Eplf;

    /// <summary>Leaves in <paramref name="part"/> what an earlier download left and is proven to be the file's beginning, and says how many bytes that is.</summary>
    public async Task<long> FindOffsetAsync(PartialDownloadFile part, CancellationToken cancellationToken)
    {
        if (part.PrefixLength == 0)
        {
            return 0;
        }

        meter.RestartReason = await PrefixVerification.VerifyAsync(connection, part, Record, () => meter.EnterStage(FtpTransferStage.Verifying), cancellationToken).ConfigureAwait(false);
        if (meter.RestartReason != FtpRestartReason.None)
        {
            return 0;
        }

        if (part.CanHaveGaps && !PrefixVerification.IsTimeSufficient(part.Record!, Record!))
        {
            part.TruncateToPrefix();
        }

        return part.PrefixLength;
    }

    /// <summary>Whether the target has all of the server's file already: how that showed; null when it has not.</summary>
    public async Task<FtpVerifiedBy?> VerifyCompleteTargetAsync(string target, CancellationToken cancellationToken)
    {
        using SafeFileHandle handle = File.OpenHandle(target);
        return RandomAccess.GetLength(handle) != metadata?.Length ? null : await CompareAsync(handle, isWhole: true, cancellationToken).ConfigureAwait(false) switch
        {
            true => FtpVerifiedBy.Hash,
            null when metadata.LastModified is { } there && IsSameTime(File.GetLastWriteTimeUtc(handle), there.UtcDateTime) => FtpVerifiedBy.Length,
            false => throw CreateMismatchException(target, "its content is another than that on the server"),
            null => throw CreateMismatchException(target, "nothing proves that its content is that on the server"),
        };
    }

    /// <summary>Copies the target, if it is proven to be the file's beginning, into <paramref name="part"/>, and says how many bytes that is.</summary>
    public async Task<long> CopyTargetAsync(string target, PartialDownloadFile part, CancellationToken cancellationToken)
    {
        using SafeFileHandle handle = File.OpenHandle(target);
        long length = RandomAccess.GetLength(handle);
        if (length == 0)
        {
            return 0;
        }

        if (metadata?.Length is not { } whole || length > whole)
        {
            throw CreateMismatchException(target, metadata?.Length is null ? "the server does not tell how long its file is" : "is longer than the file on the server");
        }

        if (await CompareAsync(handle, isWhole: false, cancellationToken).ConfigureAwait(false) is not true)
        {
            throw CreateMismatchException(target, "is not proven to be the beginning of the file on the server");
        }

        part.CreateOrTruncate(Record);
        byte[] buffer = new byte[CopyBufferLength];
        for (int read; part.PrefixLength < length && (read = RandomAccess.Read(handle, buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - part.PrefixLength)), part.PrefixLength)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            part.Write(buffer.AsSpan(0, read));
        }

        return part.PrefixLength;
    }

    /// <summary>A file that was fetched by what a LIST told has its time to the minute.</summary>
    private static bool IsSameTime(DateTime here, DateTime there) =>
        (here - there).Duration() <= TimeTolerance || (here.Ticks % TimeSpan.TicksPerMinute == 0 && here.Ticks == there.Ticks - (there.Ticks % TimeSpan.TicksPerMinute));

    private static DateTime? GetExactTime(FtpEntry metadata) => HasExactMetadata(metadata) ? metadata.LastModified?.UtcDateTime : null;

    private static FtpTargetExistsException CreateMismatchException(string target, string why) => new(target, why);

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
