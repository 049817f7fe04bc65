using System.Security.Authentication;
using Fts.Protocol;

namespace Fts.Client.Data;

/// <summary>
/// Keeps a TLS 1.3 session resumable on servers that insist on it. A ticket is good for one connection, and ProFTPD gives none with an upload: it would
/// refuse the data connection after it, and by then STOR has emptied the file that was there. So what follows an upload is a list of the one name that was
/// uploaded. Served, the server needs no such care, which is remembered; refused, it brought new tickets all the same, and cost nobody a file.
/// </summary>
internal sealed class SessionTicketRenewal(FtpConnection connection)
{
    private string? _lastUploadPath;

    /// <summary>To be told of each data connection that was made.</summary>
    public void NoteTransfer(FtpDataDirection direction, string path) => _lastUploadPath = direction == FtpDataDirection.Send ? path : null;

    /// <summary>To be called before each data connection.</summary>
    public async ValueTask RenewIfNeededAsync(CancellationToken cancellationToken)
    {
        if (_lastUploadPath is not { } path || connection.ServerProfile.CanResumeTlsAfterUpload || connection.Tls?.Protocol != SslProtocols.Tls13)
        {
            return;
        }

        _lastUploadPath = null;
        connection.ServerProfile.CanResumeTlsAfterUpload = await CanListAsync(path, cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> CanListAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            FtpDataStream names = await connection.OpenDataAsync(
                "NLST", GetListArgument(path), restartOffset: 0, FtpDataDirection.Receive, connection.IsDeflating, cancellationToken).ConfigureAwait(false);
            await using (names.ConfigureAwait(false))
            {
                byte[] unread = new byte[1024];
                while (await names.ReadAsync(unread, cancellationToken).ConfigureAwait(false) > 0)
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

    /// <summary>425, and 522 as vsftpd has it. Any other refusal is about the name, and says nothing of the session.</summary>
    private static bool IsDataConnectionRefused(FtpReply reply) => reply.Code is FtpReplyCode.CannotOpenDataConnection or FtpReplyCode.ProtocolNotSupported;

    /// <summary>To NLST a name may be a pattern, or options; such a one is listed with all its folder.</summary>
    private static string GetListArgument(string path) => path.StartsWith('-') || path.AsSpan().ContainsAny("*?[{~") ? "" : path;
}
