using System.Globalization;
using Fts.Protocol;
using Fts.Server.Sessions;

namespace Fts.Server.Commands;

/// <summary>Reports the quota of the account: SITE QUOTA. No standard defines this command.</summary>
internal static class QuotaCommands
{
    /// <summary>SITE QUOTA: returns the used and the permitted bytes and files of the account's home directory.</summary>
    public static ValueTask<FtpReply> QuotaAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.Records?.Quota is not { Limit.IsUnlimited: false } quota)
        {
            return new(Replies.NoQuota);
        }

        string reserved = quota.Reserved == default
            ? ""
            : string.Create(
                CultureInfo.InvariantCulture, $" Running uploads: {quota.Reserved.Bytes} bytes, {quota.Reserved.Files} files.");
        string text = $"Quota: {Format(quota.Used.Bytes, quota.Limit.Bytes)} bytes, {Format(quota.Used.Files, quota.Limit.Files)} files.";
        return new(new FtpReply(FtpReplyCode.Okay, text + reserved));
    }

    private static string Format(long used, long? limit) => string.Create(
        CultureInfo.InvariantCulture, $"{used} of {limit?.ToString(CultureInfo.InvariantCulture) ?? "unlimited"}");
}
