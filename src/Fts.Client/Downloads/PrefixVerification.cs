using Fts.Client.Transfers;

namespace Fts.Client.Downloads;

/// <summary>
/// Whether what an earlier download left is the beginning of the server's file as it is now. Length and time of change, as they were told then and now, prove
/// that. If there is no time, or it may not reflect the latest change, only a hash does. The address of the server is not part of the
/// proof, because a server can have several names and ports. From another address, the time proves it only for the same user and path, and
/// only if it is settled. For another user or path, only a hash proves it.
/// </summary>
internal static class PrefixVerification
{
    /// <summary>From here on a hash costs less than the bytes that would be fetched in vain, and is asked for although the time proves it.</summary>
    private const long MinHashedLength = 1024 * 1024;

    /// <summary>A file seen this soon after its time of change may have changed once more within the same second; clocks differ besides.</summary>
    private static readonly TimeSpan SettlingTime = TimeSpan.FromMinutes(1);

    /// <summary><see cref="FtpRestartReason.None"/> when it is; else why it cannot be gone on with.</summary>
    /// <param name="connection">Where to ask.</param>
    /// <param name="part">What is here, locked.</param>
    /// <param name="now">What a record of it would say now; null when the server tells too little.</param>
    /// <param name="verifying">Called before hashing, which can take long.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<FtpRestartReason> VerifyAsync(FtpConnection connection, PartialDownloadFile part, PartialDownloadRecord? now, Action verifying, CancellationToken cancellationToken)
    {
        if (part.Record is not { } then || now is null)
        {
            return FtpRestartReason.Unverifiable;
        }

        if (then.Length != now.Length || part.PrefixLength > now.Length || (then.LastModified is { } before && now.LastModified is { } after && !IsSameTime(before, after)))
        {
            return FtpRestartReason.Changed;
        }

        if (part.PrefixLength < now.Length && connection.Features is { IsKnown: true, CanRestart: false })
        {
            return FtpRestartReason.Unsupported;
        }

        bool isByTime = IsProvenByTime(then, now);
        if (RemoteHash.IsSupportedForPrefix(connection) && (!isByTime || !IsTimeSettled(then) || then.Server != now.Server || part.PrefixLength >= MinHashedLength))
        {
            verifying();
            switch (await ContentComparison.CompareAsync(connection, now.Path, part.Handle, part.PrefixLength, part.PrefixLength == now.Length, cancellationToken).ConfigureAwait(false))
            {
                case true:
                    return FtpRestartReason.None;
                case false:
                    return FtpRestartReason.Changed;
                default:
                    // It does not tell after all.
                    break;
            }
        }

        return isByTime ? FtpRestartReason.None : FtpRestartReason.Unverifiable;
    }

    /// <summary>Servers tell a file's time to the second in one reply and finer in another.</summary>
    public static bool IsSameTime(DateTime one, DateTime other) =>
        one == other || ((IsWholeSecond(one) || IsWholeSecond(other)) && one.Ticks / TimeSpan.TicksPerSecond == other.Ticks / TimeSpan.TicksPerSecond);

    /// <summary>Whether the time alone proves all that is here, also what is after a gap and in no hash.</summary>
    public static bool IsTimeSufficient(PartialDownloadRecord then, PartialDownloadRecord now) => IsProvenByTime(then, now) && IsTimeSettled(then);

    /// <summary>Whether a change after this record would show in the time that the server tells.</summary>
    public static bool IsTimeSettled(PartialDownloadRecord record) => record.LastModified is { } time && (!IsWholeSecond(time) || (record.RetrievedAt - time).Duration() > SettlingTime);

    private static bool IsProvenByTime(PartialDownloadRecord then, PartialDownloadRecord now) =>
        then.LastModified is not null && now.LastModified is not null && then.Path == now.Path
            && (then.Server == now.Server || (GetUser(then) == GetUser(now) && IsTimeSettled(then)));

    /// <summary>Each user may have another directory after login, and so another file at the same path.</summary>
    private static string GetUser(PartialDownloadRecord record) => record.Server[..Math.Max(0, record.Server.LastIndexOf('@'))];

    private static bool IsWholeSecond(DateTime time) => time.Ticks % TimeSpan.TicksPerSecond == 0;
}
