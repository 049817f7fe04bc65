using System.Security.Authentication;
using Fts.Protocol;

namespace Fts.Client.Data;

/// <summary>
/// Obtains new TLS 1.3 session tickets after an upload, for servers that require session resumption on data connections.
/// </summary>
/// <remarks>
/// A ticket is valid for one connection, and ProFTPD issues no tickets during an upload. Without a ticket, ProFTPD rejects the next data
/// connection. If that connection is for STOR, ProFTPD has already truncated the existing file. The client therefore sends NLST first. If
/// NLST succeeds, no renewal is necessary with this server, and this result is cached. If NLST fails, the client still obtained new
/// tickets, and no file was damaged.
/// </remarks>
internal sealed class SessionTicketRenewal(FtpConnection connection)
{
    private string? _lastUploadPath; // null if the last transfer was not an upload

    /// <summary>Records a transfer. Must be called after each data connection.</summary>
    public void RecordTransfer(FtpDataDirection direction, string path) =>
        _lastUploadPath = direction == FtpDataDirection.Send ? path : null;

    /// <summary>
    /// Sends NLST if the last transfer was an upload over TLS 1.3, unless an earlier NLST has succeeded. Must be called before each data
    /// connection.
    /// </summary>
    public async ValueTask RenewIfNeededAsync(CancellationToken cancellationToken)
    {
        bool canLackTickets = connection.Tls?.Protocol == SslProtocols.Tls13 && !connection.ServerProfile.CanResumeTlsAfterUpload;
        if (_lastUploadPath is not { } path || !canLackTickets)
        {
            return;
        }

        _lastUploadPath = null;
        connection.ServerProfile.CanResumeTlsAfterUpload = await TryListAsync(path, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Sends NLST, and returns whether the server accepted the data connection.</summary>
    private async Task<bool> TryListAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            FtpDataStream names = await connection.OpenDataAsync(
                "NLST", GetListArgument(path), restartOffset: 0, FtpDataDirection.Receive, connection.IsDeflating,
                cancellationToken).ConfigureAwait(false);
            await using (names.ConfigureAwait(false))
            {
                byte[] discarded = new byte[1024];
                while (await names.ReadAsync(discarded, cancellationToken).ConfigureAwait(false) > 0)
                {
                }

                return !IsDataConnectionRefused(await names.CompleteAsync(cancellationToken).ConfigureAwait(false));
            }
        }
        catch (FtpReplyException e)
        {
            return !IsDataConnectionRefused(e.Reply);
        }
    }

    /// <summary>
    /// Returns true for 425, and for 522 from vsftpd. Every other negative reply concerns the path and not the TLS session.
    /// </summary>
    private static bool IsDataConnectionRefused(FtpReply reply) =>
        reply.Code is FtpReplyCode.CannotOpenDataConnection or FtpReplyCode.ProtocolNotSupported;

    /// <summary>
    /// Returns the argument for NLST: the path, or an empty argument if the server could read the path as a pattern or as options.
    /// </summary>
    private static string GetListArgument(string path) => path.StartsWith('-') || path.AsSpan().ContainsAny("*?[{~") ? "" : path;
}
