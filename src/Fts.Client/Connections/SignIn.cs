using Fts.Protocol;

namespace Fts.Client;

/// <summary>The conversation from the greeting to a connection that can move files.</summary>
internal static class SignIn
{
    public static async Task RunAsync(FtpConnection connection, CancellationToken cancellationToken)
    {
        await IdentifyAsync(connection, connection.Options.Credentials, cancellationToken).ConfigureAwait(false);
        Reply features = await connection.SendAsync("FEAT", null, cancellationToken).ConfigureAwait(false);
        connection.Features = features.IsCompletion ? new FtpServerFeatures(FeatureList.Parse(features), isKnown: true) : FtpServerFeatures.Unknown;
        if (connection.Features.HasUtf8)
        {
            // Some servers speak UTF-8 only after this, and some that always do refuse it: the answer changes nothing.
            await connection.SendAsync("OPTS", "UTF8 ON", cancellationToken).ConfigureAwait(false);
        }

        Reply type = await connection.SendAsync("TYPE", "I", cancellationToken).ConfigureAwait(false);
        if (!type.IsCompletion)
        {
            throw new FtpReplyException(type, "TYPE I");
        }
    }

    private static async Task IdentifyAsync(FtpConnection connection, FtpCredentials credentials, CancellationToken cancellationToken)
    {
        var command = new Command("USER", credentials.UserName);
        Reply reply = await connection.SendAsync(command.Verb, command.Argument, cancellationToken).ConfigureAwait(false);
        if (reply.Code == ReplyCode.PasswordNeeded)
        {
            command = new Command("PASS", credentials.Password);
            reply = await connection.SendAsync(command.Verb, command.Argument, cancellationToken).ConfigureAwait(false);
        }

        if (reply.Code == ReplyCode.AccountNeeded && credentials.Account is { } account)
        {
            command = new Command("ACCT", account);
            reply = await connection.SendAsync(command.Verb, command.Argument, cancellationToken).ConfigureAwait(false);
        }

        if (!reply.IsCompletion)
        {
            throw new FtpSignInException(reply, command.Redacted, credentials.UserName);
        }
    }
}
