using Fts.Client.Transfers;

namespace Fts.Client.Downloads;

/// <summary>
/// Verifies that the bytes of an earlier download are the beginning of the current remote file. An unchanged length and an unchanged
/// last-modified time of the remote file together are a proof. If the server reports no time, only a hash is a proof. If the file may have
/// changed again without a new time, a hash is also compared if the server supports hashes.
/// </summary>
/// <remarks>
/// The server's address is not part of the proof, because a server can have several names and ports. If the address differs from that of
/// the earlier download, a time is a proof only for the same user and path, and only if the time is settled
/// (<see cref="IsTimeSettled"/>). For a different user or path, only a hash is a proof.
/// </remarks>
internal static class PrefixVerification
{
    /// <summary>
    /// The minimum length in bytes at which a hash is compared even if the time is a proof. The comparison costs less than a wasted
    /// download.
    /// </summary>
    private const long MinHashedLength = 1024 * 1024;

    /// <summary>
    /// The minimum age at which a last-modified time in whole seconds reveals every later change. A younger file may change again within
    /// the same second, and the clocks of client and server may differ.
    /// </summary>
    private static readonly TimeSpan SettlingTime = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Returns <see cref="FtpRestartReason.None"/> if the bytes are verified; otherwise the reason why the download starts from the
    /// beginning.
    /// </summary>
    /// <param name="connection">The control connection.</param>
    /// <param name="file">The locked partial file.</param>
    /// <param name="current">The current record of the remote file; null if the server reports too little metadata.</param>
    /// <param name="meter">Reports <see cref="FtpTransferStage.Verifying"/> before hashing, which can take a long time.</param>
    /// <param name="cancellationToken">Cancels the wait for the server.</param>
    public static async Task<FtpRestartReason> VerifyAsync(
        FtpConnection connection,
        PartialDownloadFile file,
        PartialDownloadRecord? current,
        ProgressMeter meter,
        CancellationToken cancellationToken)
    {
        if (file.Record is not { } earlier || current is null)
        {
            return FtpRestartReason.Unverifiable;
        }

        bool hasTimeChanged = earlier.LastModified is { } before && current.LastModified is { } after && !IsSameTime(before, after);
        if (earlier.Length != current.Length || file.PrefixLength > current.Length || hasTimeChanged)
        {
            return FtpRestartReason.Changed;
        }

        if (file.PrefixLength < current.Length && connection.Features is { IsKnown: true, CanRestart: false })
        {
            return FtpRestartReason.Unsupported;
        }

        bool isProvenByTime = IsProvenByTime(earlier, current);
        bool shouldHash = !isProvenByTime || !IsTimeSettled(earlier) || earlier.Server != current.Server
            || file.PrefixLength >= MinHashedLength;
        if (shouldHash && RemoteHash.IsSupportedForPrefix(connection))
        {
            meter.EnterStage(FtpTransferStage.Verifying);
            bool? isSame = await ContentComparison.CompareAsync(
                connection, current.Path, file.Handle, file.PrefixLength, file.PrefixLength == current.Length, cancellationToken)
                    .ConfigureAwait(false);
            if (isSame is { } answer)
            {
                return answer ? FtpRestartReason.None : FtpRestartReason.Changed;
            }
        }

        return isProvenByTime ? FtpRestartReason.None : FtpRestartReason.Unverifiable;
    }

    /// <summary>
    /// Returns whether two times, UTC, are equal. A server may report a time to the second in one reply and more precisely in another.
    /// </summary>
    public static bool IsSameTime(DateTime first, DateTime second) =>
        first == second
            || ((IsWholeSecond(first) || IsWholeSecond(second))
                && first.Ticks / TimeSpan.TicksPerSecond == second.Ticks / TimeSpan.TicksPerSecond);

    /// <summary>
    /// Returns whether the time verifies all existing bytes without a hash. A hash does not cover the bytes that a segmented download left
    /// after a gap (missing range).
    /// </summary>
    public static bool IsTimeSufficient(PartialDownloadRecord earlier, PartialDownloadRecord current) =>
        IsProvenByTime(earlier, current) && IsTimeSettled(earlier);

    /// <summary>
    /// Returns whether every change of the file after this record was created would change the time that the server reports.
    /// </summary>
    public static bool IsTimeSettled(PartialDownloadRecord record) =>
        record.LastModified is { } time && (!IsWholeSecond(time) || (record.CreatedAt - time).Duration() > SettlingTime);

    /// <summary>Returns whether equal last-modified times prove that the remote file is unchanged. The caller compares the times.</summary>
    private static bool IsProvenByTime(PartialDownloadRecord earlier, PartialDownloadRecord current) =>
        earlier.LastModified is not null && current.LastModified is not null && earlier.Path == current.Path
            && (earlier.Server == current.Server || (GetUser(earlier) == GetUser(current) && IsTimeSettled(earlier)));

    /// <summary>
    /// Returns the user in a record. Users may have different initial directories, and therefore different files at the same path.
    /// </summary>
    private static string GetUser(PartialDownloadRecord record) => record.Server[..Math.Max(0, record.Server.LastIndexOf('@'))];

    private static bool IsWholeSecond(DateTime time) => time.Ticks % TimeSpan.TicksPerSecond == 0;
}
