using Fts.Protocol;
using Fts.Server.Sessions;
using Fts.Server.Tls;

namespace Fts.Server.Commands;

/// <summary>Starts and ends the encryption of control and data connections: AUTH, PBSZ, PROT and CCC (RFC 2228, RFC 4217).</summary>
internal static class SecurityCommands
{
    /// <summary>
    /// AUTH: accepts TLS and its older names. Resets the session, because an attacker may have sent or changed earlier commands.
    /// </summary>
    public static ValueTask<FtpReply> AuthenticateAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (session.IsSecure)
        {
            return new(Replies.AlreadyEncrypted);
        }

        if (argument.ToUpperInvariant() is not ("TLS" or "TLS-C" or "SSL" or "TLS-P"))
        {
            return new(Replies.ParameterNotImplemented);
        }

        session.Reset();
        session.Next = NextAction.StartTls;
        return new(Replies.StartHandshake);
    }

    /// <summary>PBSZ: returns the buffer size 0 for every argument, because TLS encrypts a stream, not buffers (RFC 4217 §9).</summary>
    public static ValueTask<FtpReply> ProtectionBufferSizeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (!session.IsSecure)
        {
            return new(Replies.AuthAndPbszFirst);
        }

        session.Tls!.HasReceivedPbsz = true;
        return new(Replies.BufferSizeZero);
    }

    /// <summary>PROT: sets whether data connections are encrypted (P) or not (C).</summary>
    public static ValueTask<FtpReply> ProtectionAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        SessionTls tls = session.Tls!;
        if (!session.IsSecure || !tls.HasReceivedPbsz)
        {
            return new(Replies.AuthAndPbszFirst);
        }

        switch (argument.ToUpperInvariant())
        {
            case "P" when tls.Options.Data != FtpTlsPolicy.Off:
                SetProtection(session, tls, isEncrypted: true);
                return new(Replies.DataConnectionsEncrypted);
            case "C" when tls.Options.Data != FtpTlsPolicy.Required:
                SetProtection(session, tls, isEncrypted: false);
                return new(Replies.DataConnectionsNotEncrypted);
            case "C" or "P":
                return new(Replies.ProtectionLevelNotAllowed);
            case "S" or "E":
                return new(Replies.ProtectionNotSupported);
            default:
                return new(Replies.ParameterNotImplemented);
        }
    }

    /// <summary>
    /// Sets whether data connections are encrypted. If this changes, the open data connection of block mode is closed, because the
    /// protection of an open connection cannot change.
    /// </summary>
    private static void SetProtection(Session session, SessionTls tls, bool isEncrypted)
    {
        if (tls.IsDataProtected != isEncrypted)
        {
            session.DataConnector.CloseBlockConnection();
        }

        tls.IsDataProtected = isEncrypted;
    }

    /// <summary>
    /// CCC: ends the encryption of the control connection if <see cref="FtpTlsOptions.AllowClearCommandChannel"/> is true. After the reply,
    /// both sides send close_notify and then plain text.
    /// </summary>
    public static ValueTask<FtpReply> ClearCommandChannelAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (!session.IsSecure)
        {
            return new(Replies.NotEncrypted);
        }

        if (!session.Tls!.Options.AllowClearCommandChannel)
        {
            return new(Replies.ClearCommandChannelNotAllowed);
        }

        session.Next = NextAction.EndTls;
        return new(Replies.CommandOkay);
    }
}
