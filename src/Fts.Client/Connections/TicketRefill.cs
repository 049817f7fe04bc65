using System.Security.Authentication;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>
/// Keeps a TLS 1.3 session resumable on servers that insist on it. A ticket is good for one connection, and ProFTPD gives none with an upload: it would
/// refuse the data connection after it, and by then STOR has emptied the file that was there. So what follows an upload is a list of the one name that was
/// uploaded. Served, the server needs no such care, which is remembered; refused, it brought new tickets all the same, and cost nobody a file.
/// </summary>
internal sealed class TicketRefill(FtpConnection connection)
{
    private string? _uploaded;

    /// <summary>To be told of each data connection that was made.</summary>
    public void Note(FtpDataDirection direction, string path) => _uploaded = direction == FtpDataDirection.Send ? path : null;

    /// <summary>To be called before each data connection.</summary>
    public async ValueTask RunAsync(CancellationToken cancellationToken)
    {
        if (_uploaded is not { } path || connection.Memory.RenewsTickets || connection.Tls?.Protocol != SslProtocols.Tls13)
        {
            return;
        }

        _uploaded = null;
        connection.Memory.RenewsTickets = await IsTakenAsync(path, cancellationToken).ConfigureAwait(false);
    }

    private async Task<bool> IsTakenAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            FtpDataStream names = await connection.OpenDataAsync(
                "NLST", Listable(path), restart: 0, FtpDataDirection.Receive, connection.IsDeflating, cancellationToken).ConfigureAwait(false);
            await using (names.ConfigureAwait(false))
            {
                byte[] unread = new byte[1024];
                while (await names.ReadAsync(unread, cancellationToken).ConfigureAwait(false) > 0)
                {
                }

                return !Refuses(await names.CompleteAsync(cancellationToken).ConfigureAwait(false));
            }
        }
        catch (FtpReplyException e)
        {
            return !Refuses(e.Reply);
        }
    }

    /// <summary>425, and 522 as vsftpd has it. Any other refusal is about the name, and says nothing of the session.</summary>
    private static bool Refuses(FtpReply reply) => reply.Code is FtpReplyCode.CannotOpenDataConnection or FtpReplyCode.ProtocolNotSupported;

    /// <summary>To NLST a name may be a pattern, or options; such a one is listed with all its folder.</summary>
    private static string Listable(string path) => path.StartsWith('-') || path.AsSpan().ContainsAny("*?[{~") ? "" : path;
}
