using Fts.Server.Data;

namespace Fts.Server.Sessions;

/// <summary>
/// Reads the state of sessions for <see cref="FtpServer.GetSessions"/>. The session's loop writes this state without locks, so the values
/// of one snapshot may differ by one command.
/// </summary>
internal static class SessionSnapshot
{
    /// <summary>Returns the state of a session.</summary>
    /// <param name="session">The session, which may end at the same time.</param>
    /// <param name="utcNow">The current time.</param>
    public static FtpSessionInfo Create(Session session, DateTimeOffset utcNow)
    {
        long now = Environment.TickCount64;
        Transfer? transfer = session.Transfer;
        return new FtpSessionInfo
        {
            Id = session.Id,
            Account = session.Files?.Account.Name,
            Client = session.Peer,
            Host = session.HostName,
            Tls = session.IsSecure ? session.Tls?.Negotiated : null,
            ConnectedAt = ToTime(session.ConnectedAt),
            IdleTime = TimeSpan.FromMilliseconds(transfer is null ? Math.Max(0, now - session.LastActivityAt) : 0),
            LastCommand = session.LastCommand,
            Transfer = transfer is null ? null : CreateTransfer(session, transfer),
        };

        DateTimeOffset ToTime(long tickCount) => utcNow - TimeSpan.FromMilliseconds(now - tickCount);

        FtpTransferInfo CreateTransfer(Session session, Transfer transfer)
        {
            return new FtpTransferInfo
            {
                Kind = GetKind(transfer.Verb),
                Verb = transfer.Verb,
                Path = transfer.Path ?? GetPath(session, transfer),
                Bytes = transfer.Bytes,
                TotalBytes = transfer.TotalBytes,
                StartedAt = ToTime(transfer.StartedAt),
                BytesPerSecond = transfer.GetBytesPerSecond(now),
            };
        }
    }

    private static FtpTransferKind GetKind(string verb) => verb switch
    {
        "STOR" or "APPE" or "STOU" => FtpTransferKind.Upload,
        "RETR" => FtpTransferKind.Download,
        "LIST" or "NLST" or "MLSD" => FtpTransferKind.Listing,
        _ => FtpTransferKind.Other,
    };

    /// <summary>Returns the path of a listing. For other commands, returns the argument.</summary>
    private static string GetPath(Session session, Transfer transfer)
    {
        string argument = transfer.Description.Length > transfer.Verb.Length ? transfer.Description[(transfer.Verb.Length + 1)..] : "";
        bool isListing = GetKind(transfer.Verb) == FtpTransferKind.Listing;
        // The working directory cannot change during a transfer. Options of LIST stay in the text.
        return isListing && !argument.StartsWith('-') && session.Resolve(argument) is { } path ? path.Value : argument;
    }
}
