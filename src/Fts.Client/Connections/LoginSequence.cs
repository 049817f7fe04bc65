using Fts.Client.Tls;
using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>
/// Performs the exchanges between the TCP connect and the caller's first command: greeting, AUTH TLS, login and transfer settings.
/// </summary>
internal static class LoginSequence
{
    /// <summary>The maximum number of replies with code 120 before the greeting.</summary>
    private const int MaxDelayedGreetings = 10;

    /// <summary>Reads the greeting. After 120 ("service ready in n minutes"), waits for the next reply.</summary>
    /// <exception cref="FtpConnectionException">The server rejects the connection. The exception contains the reply.</exception>
    /// <exception cref="FtpProtocolException">The server repeated reply 120 and sent no greeting.</exception>
    public static async Task<FtpReply> ReadGreetingAsync(FtpConnection connection, CancellationToken cancellationToken)
    {
        for (int i = 0; i < MaxDelayedGreetings; i++)
        {
            FtpReply reply = await connection.ReadReplyAsync(
                FtpOperationPhase.Greeting, connection.Options.Timeouts.Reply, cancellationToken).ConfigureAwait(false);
            if (reply.IsCompletion)
            {
                return reply;
            }

            if (!reply.IsPreliminary)
            {
                throw new FtpConnectionException(
                    FtpOperationPhase.Greeting, $"the server rejected the connection: {reply.ToPrintable()}") { Reply = reply };
            }
        }

        throw new FtpProtocolException($"the server sent {MaxDelayedGreetings} replies with code 120 (ready later) and no greeting");
    }

    /// <summary>
    /// Logs in and prepares the connection for transfers: HOST, USER, PASS, ACCT, PBSZ and PROT (with TLS), FEAT, OPTS UTF8, TYPE I.
    /// </summary>
    /// <param name="connection">The connection.</param>
    /// <param name="isTransferNext">Whether to prepare a data connection too, if that takes no extra round trip.</param>
    /// <param name="cancellationToken">Cancels the login.</param>
    /// <exception cref="FtpLoginException">The server rejects the login.</exception>
    /// <exception cref="FtpTlsException">
    /// The password cannot be sent encrypted, or the server does not encrypt data connections.
    /// </exception>
    public static async Task RunAsync(FtpConnection connection, bool isTransferNext, CancellationToken cancellationToken)
    {
        await ThrowIfSecretUnprotectedAsync(connection, connection.Options.Credentials.HasSecret, cancellationToken).ConfigureAwait(false);
        await HostCommand.SendIfSupportedAsync(connection, cancellationToken).ConfigureAwait(false);
        await AuthenticateAsync(connection, connection.Options.Credentials, cancellationToken).ConfigureAwait(false);
        FtpCommand? passive = isTransferNext ? connection.PassiveCommand : null;
        await connection.SendAheadAsync(GetSettings(connection, passive), cancellationToken).ConfigureAwait(false);
        if (passive is { } command)
        {
            connection.ConnectDataEarly(command);
        }

        if (connection.Tls is not null)
        {
            await ProtectDataAsync(connection, cancellationToken).ConfigureAwait(false);
        }

        FtpReply features = await connection.SendAsync("FEAT", null, cancellationToken).ConfigureAwait(false);
        connection.Features = features.IsCompletion
            ? new FtpServerFeatures(FeatureList.Parse(features), isKnown: true)
            : FtpServerFeatures.Unknown;
        if (connection.Features.HasUtf8 && connection.Text.IsUtf8)
        {
            // Some servers need this command. Other servers always use UTF-8 and reject the command, so the reply is ignored.
            await connection.SendAsync("OPTS", "UTF8 ON", cancellationToken).ConfigureAwait(false);
        }

        // Some servers support only one type and reject TYPE. If that type is not binary, transferred files have a wrong length, which the
        // client detects. A reply 3yz is an error, because RFC 959 §5.4 does not allow it for TYPE.
        FtpReply type = await connection.SendAsync("TYPE", "I", cancellationToken).ConfigureAwait(false);
        if (type.IsIntermediate)
        {
            throw new FtpReplyException(type, "TYPE I");
        }
    }

    /// <summary>
    /// Returns the commands that follow the login. OPTS UTF8 is included before the reply to FEAT is known, because a server without UTF8
    /// only rejects the command. EPSV or PASV is first, because firewalls look for its reply at the start of a packet. Over TLS, where no
    /// firewall reads the reply, it follows PROT, because some servers reject it before PROT.
    /// </summary>
    private static FtpCommand[] GetSettings(FtpConnection connection, FtpCommand? passive) =>
    [
        .. connection.Tls is null ? [] : (FtpCommand[])[new("PBSZ", "0"), new("PROT", "P")],
        .. passive is { } command ? (FtpCommand[])[command] : [],
        new("FEAT", ""),
        .. connection.Text.IsUtf8 ? (FtpCommand[])[new("OPTS", "UTF8 ON")] : [],
        new("TYPE", "I"),
    ];

    /// <summary>
    /// Starts TLS with AUTH (RFC 4217 §4). In <see cref="FtpTlsMode.Preferred"/> mode, the connection stays unencrypted if the server
    /// permanently rejects AUTH (5yz) and no other connection of the client has used TLS.
    /// </summary>
    /// <exception cref="FtpTlsException">
    /// The server rejected AUTH and the connection must not stay unencrypted, the handshake failed, or the server is not trusted.
    /// </exception>
    public static async Task StartTlsAsync(FtpConnection connection, ControlChannel control, CancellationToken cancellationToken)
    {
        TlsDecision decision = connection.ServerProfile.Tls;
        bool isDeciding = connection.Options.Tls == FtpTlsMode.Preferred
            && await decision.TryBeginAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            FtpReply reply = await connection.SendAsync("AUTH", "TLS", cancellationToken).ConfigureAwait(false);
            bool isAccepted = reply.Code == FtpReplyCode.SecurityAccepted;
            if (isAccepted)
            {
                await control.StartTlsAsync(cancellationToken).ConfigureAwait(false);
            }
            else if (connection.Options.Tls == FtpTlsMode.Required || decision.HasUsedTls || !reply.IsPermanentFailure)
            {
                // A transient reply such as 431 implies that the server supports TLS, so the client does not fall back to an unencrypted
                // connection.
                throw new FtpTlsException(
                    FtpTlsFailure.NotOffered, $"the server rejected TLS: {reply.ToPrintable()}") { Reply = reply };
            }

            decision.RecordDecision(isAccepted);
        }
        finally
        {
            if (isDeciding)
            {
                decision.End();
            }
        }
    }

    /// <summary>
    /// Throws if a password or account would be sent unencrypted to another machine. Does not throw if the options disable TLS, or the
    /// caller permits the unencrypted password.
    /// </summary>
    /// <exception cref="FtpTlsException">The secret would be sent unencrypted, or the server used TLS on another connection.</exception>
    public static async Task ThrowIfSecretUnprotectedAsync(FtpConnection connection, bool hasSecret, CancellationToken cancellationToken)
    {
        FtpClientOptions options = connection.Options;
        if (connection.Tls is not null || options.Tls != FtpTlsMode.Preferred)
        {
            return;
        }

        TlsDecision decision = connection.ServerProfile.Tls;
        bool isAllowed = !hasSecret || connection.IsServerLocal
            || await decision.IsPlainPasswordAllowedAsync(options.ConfirmPlainPasswordAsync, cancellationToken).ConfigureAwait(false);
        if (!isAllowed)
        {
            throw new FtpTlsException(
                FtpTlsFailure.PasswordNotProtected, "the server does not support TLS, so the password or account (ACCT) was not sent");
        }

        if (decision.HasUsedTls)
        {
            throw new FtpTlsException(
                FtpTlsFailure.NotOffered, "the server rejected TLS on this connection, but accepted TLS on another connection");
        }
    }

    /// <summary>
    /// Sends PBSZ 0 and PROT P (RFC 4217 §9), so that data connections are encrypted. A negative reply to PROT is an error.
    /// </summary>
    private static async Task ProtectDataAsync(FtpConnection connection, CancellationToken cancellationToken)
    {
        await connection.SendAsync("PBSZ", "0", cancellationToken).ConfigureAwait(false);
        FtpReply reply = await connection.SendAsync("PROT", "P", cancellationToken).ConfigureAwait(false);
        if (!reply.IsCompletion)
        {
            throw new FtpTlsException(
                FtpTlsFailure.DataNotProtected, $"the server rejected encrypted data connections: {reply.ToPrintable()}") { Reply = reply };
        }
    }

    /// <summary>
    /// Sends USER, then PASS and ACCT if the server requests them. Each command is sent at most once, in the order of the requests.
    /// </summary>
    private static async Task AuthenticateAsync(FtpConnection connection, FtpCredentials credentials, CancellationToken cancellationToken)
    {
        var command = new FtpCommand("USER", credentials.UserName);
        FtpReply reply = await connection.SendAsync(command.Verb, command.Argument, cancellationToken).ConfigureAwait(false);
        bool hasSentPassword = false, hasSentAccount = false;
        while (true)
        {
            if (reply.Code == FtpReplyCode.PasswordNeeded && !hasSentPassword)
            {
                (command, hasSentPassword) = (new FtpCommand("PASS", credentials.Password), true);
            }
            else if (reply.Code == FtpReplyCode.AccountNeeded && !hasSentAccount
                && await AccountCommand.GetAccountAsync(connection, cancellationToken).ConfigureAwait(false) is { } account)
            {
                (command, hasSentAccount) = (new FtpCommand("ACCT", account), true);
            }
            else
            {
                break;
            }

            reply = await connection.SendAsync(command.Verb, command.Argument, cancellationToken).ConfigureAwait(false);
        }

        if (!reply.IsCompletion)
        {
            throw new FtpLoginException(reply, command.Redacted, credentials.UserName);
        }

        connection.IsPasswordVerified = command.Verb == "PASS" && reply.Code == FtpReplyCode.LoggedIn;
    }
}
