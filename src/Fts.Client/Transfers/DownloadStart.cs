using Microsoft.Win32.SafeHandles;

namespace Fts.Client;

/// <summary>Where a download begins: what is here of the file already, and proven to be.</summary>
internal sealed class DownloadStart(FtpConnection connection, string path, FtpEntry? metadata, ProgressMeter meter)
{
    private const int CopyLength = 1024 * 1024;

    /// <summary>File systems keep a time to two seconds at worst.</summary>
    private static readonly TimeSpan CoarsestTime = TimeSpan.FromSeconds(2);

    /// <summary>What is to be kept beside what comes; null when it could never prove anything, so that keeping would be litter.</summary>
    public PartialRecord? Record { get; } = metadata is { Length: { } length, Kind: Protocol.FtpEntryKind.File } && (TimeOf(metadata) is not null || RemoteHash.IsOfferedForParts(connection))
        ? new PartialRecord($"{connection.Options.Credentials.UserName}@{connection.Options.Host}:{connection.Options.Port}", WorkingFolder.Identify(connection, path), length, TimeOf(metadata), DateTime.UtcNow)
        : null;

    /// <summary>Whether facts are as the server itself tells a file's: LIST tells times to the minute at best, and in no zone.</summary>
    public static bool AreExact(FtpEntry metadata) => metadata.Source is null or Protocol.FtpEntrySource.Mlsx or Protocol.FtpEntrySource.Eplf;

    /// <summary>Leaves in <paramref name="part"/> what an earlier download left and is proven to be the file's beginning, and says how many bytes that is.</summary>
    public async Task<long> FindAsync(PartialFile part, CancellationToken cancellationToken)
    {
        if (part.Length == 0)
        {
            return 0;
        }

        meter.Restart = await PrefixProof.LookAsync(connection, part, Record, () => meter.Enter(FtpPhase.Verifying), cancellationToken).ConfigureAwait(false);
        if (meter.Restart != FtpRestart.None)
        {
            return 0;
        }

        if (part.IsScattered && !PrefixProof.IsEnough(part.Record!, Record!))
        {
            part.KeepPrefix();
        }

        return part.Length;
    }

    /// <summary>Whether the target has all of the server's file already: how that showed; null when it has not.</summary>
    public async Task<FtpVerified?> FindWholeAsync(string target, CancellationToken cancellationToken)
    {
        using SafeFileHandle handle = File.OpenHandle(target);
        return RandomAccess.GetLength(handle) != metadata?.Length ? null : await CompareAsync(handle, isWhole: true, cancellationToken).ConfigureAwait(false) switch
        {
            true => FtpVerified.Hash,
            null when metadata.Modified is { } there && IsOf(File.GetLastWriteTimeUtc(handle), there) => FtpVerified.Length,
            false => throw Another(target, "its content is another than that on the server"),
            null => throw Another(target, "nothing proves that its content is that on the server"),
        };
    }

    /// <summary>Copies the target, if it is proven to be the file's beginning, into <paramref name="part"/>, and says how many bytes that is.</summary>
    public async Task<long> TakeTargetAsync(string target, PartialFile part, CancellationToken cancellationToken)
    {
        using SafeFileHandle handle = File.OpenHandle(target);
        long length = RandomAccess.GetLength(handle);
        if (length == 0)
        {
            return 0;
        }

        if (metadata?.Length is not { } whole || length > whole)
        {
            throw Another(target, metadata?.Length is null ? "the server does not tell how long its file is" : "is longer than the file on the server");
        }

        if (await CompareAsync(handle, isWhole: false, cancellationToken).ConfigureAwait(false) is not true)
        {
            throw Another(target, "is not proven to be the beginning of the file on the server");
        }

        part.Begin(Record);
        byte[] buffer = new byte[CopyLength];
        for (int read; part.Length < length && (read = RandomAccess.Read(handle, buffer.AsSpan(0, (int)Math.Min(buffer.Length, length - part.Length)), part.Length)) > 0;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            part.Write(buffer.AsSpan(0, read));
        }

        return part.Length;
    }

    /// <summary>A file that was fetched by what a LIST told has its time to the minute.</summary>
    private static bool IsOf(DateTime here, DateTime there) =>
        (here - there).Duration() <= CoarsestTime || (here.Ticks % TimeSpan.TicksPerMinute == 0 && here.Ticks == there.Ticks - (there.Ticks % TimeSpan.TicksPerMinute));

    private static DateTime? TimeOf(FtpEntry metadata) => AreExact(metadata) ? metadata.Modified : null;

    private static FtpTargetExistsException Another(string target, string why) => new(target, why);

    private async Task<bool?> CompareAsync(SafeFileHandle handle, bool isWhole, CancellationToken cancellationToken)
    {
        long length = RandomAccess.GetLength(handle);
        if (length == 0)
        {
            return true;
        }

        if (!(isWhole ? RemoteHash.IsOffered(connection.Features) : RemoteHash.IsOfferedForParts(connection)))
        {
            return null;
        }

        meter.Enter(FtpPhase.Verifying);
        return await ContentProof.CompareAsync(connection, path, handle, length, isWhole, cancellationToken).ConfigureAwait(false);
    }
}
