using Fts.Client.Tls;
using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>The conversation from the greeting to a connection that can move files.</summary>
internal static class LoginSequence
{
    private const int MaxDelayedGreetings = 10;

    /// <summary>Reads the greeting, waiting for a server that says "later" (120).</summary>
    public static async Task<FtpReply> ReadGreetingAsync(FtpConnection connection, CancellationToken cancellationToken)
    {
        for (int i = 0; i < MaxDelayedGreetings; i++)
        {
            FtpReply reply = await connection.ReadReplyAsync(FtpOperationPhase.Greeting, connection.Options.Timeouts.Reply, cancellationToken).ConfigureAwait(false);
            if (reply.IsCompletion)
            {
                return reply;
            }

            if (!reply.IsPreliminary)
            {
                throw new FtpConnectionException(FtpOperationPhase.Greeting, $"the server refuses the connection: {reply.ToPrintable()}") { Reply = reply };
            }
        }

        throw new FtpProtocolException("the server keeps saying that it will be ready later");
    }

    public static async Task RunAsync(FtpConnection connection, CancellationToken cancellationToken)
    {
        await ThrowIfSecretUnprotectedAsync(connection, connection.Options.Credentials.HasSecret, cancellationToken).ConfigureAwait(false);
        await HostCommand.SendIfSupportedAsync(connection, cancellationToken).ConfigureAwait(false);
        await AuthenticateAsync(connection, connection.Options.Credentials, cancellationToken).ConfigureAwait(false);
        if (connection.Tls is not null)
        {
            await ProtectDataAsync(connection, cancellationToken).ConfigureAwait(false);
        }

        FtpReply features = await connection.SendAsync("FEAT", null, cancellationToken).ConfigureAwait(false);
        connection.Features = features.IsCompletion ? new FtpServerFeatures(FeatureList.Parse(features), isKnown: true) : FtpServerFeatures.Unknown;
        if (connection.Features.HasUtf8 && connection.Text.IsUtf8)
        {
            // Some servers speak UTF-8 only after this, and some that always do refuse it: the answer changes nothing.
            await connection.SendAsync("OPTS", "UTF8 ON", cancellationToken).ConfigureAwait(false);
        }

        // Some servers have one type only and refuse to set it. The lengths that are compared later show whether it is another one.
        FtpReply type = await connection.SendAsync("TYPE", "I", cancellationToken).ConfigureAwait(false);
        if (type.IsIntermediate)
        {
            throw new FtpReplyException(type, "TYPE I");
        }
    }

    /// <summary>Goes over to TLS by AUTH (RFC 4217 §4), or stays plain where the options leave that to the server.</summary>
    public static async Task StartTlsAsync(FtpConnection connection, ControlChannel control, CancellationToken cancellationToken)
    {
        TlsDecision decision = connection.ServerProfile.Tls;
        bool decides = connection.Options.Tls == FtpTlsMode.Preferred && await decision.TryBeginAsync(cancellationToken).ConfigureAwait(false);
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
                // 431 means that TLS is unavailable only now: no plain connection is used with a server that supports TLS.
                throw new FtpTlsException(FtpTlsFailure.NotOffered, $"the server refused to start TLS: {reply.ToPrintable()}") { Reply = reply };
            }

            decision.RecordDecision(isAccepted);
        }
        finally
        {
            if (decides)
            {
                decision.End();
            }
        }
    }

    /// <summary>Refuses to send a password or account in plain to another machine, unless the caller turned TLS off or confirms it.</summary>
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
            throw new FtpTlsException(FtpTlsFailure.PasswordNotProtected, "the server offers no encryption, and the password is not sent in plain");
        }

        if (decision.HasUsedTls)
        {
            throw new FtpTlsException(FtpTlsFailure.NotOffered, "the server offered no encryption for this connection, but offered it for another one");
        }
    }

    /// <summary>PBSZ, which TLS has no use for but PROT needs (RFC 4217 §9), and PROT. Data in plain beside encrypted commands is what nobody expects: then rather none.</summary>
    private static async Task ProtectDataAsync(FtpConnection connection, CancellationToken cancellationToken)
    {
        await connection.SendAsync("PBSZ", "0", cancellationToken).ConfigureAwait(false);
        FtpReply reply = await connection.SendAsync("PROT", "P", cancellationToken).ConfigureAwait(false);
        if (!reply.IsCompletion)
        {
            throw new FtpTlsException(FtpTlsFailure.DataNotProtected, $"the server does not encrypt data: {reply.ToPrintable()}") { Reply = reply };
        }
    }

    /// <summary>Sends USER, then PASS and ACCT as the server asks for them: each once, in either order.</summary>
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
    }
}
