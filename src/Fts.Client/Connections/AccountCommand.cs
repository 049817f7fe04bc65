using System.Diagnostics.CodeAnalysis;
using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>ACCT (RFC 959 §4.1.1): at the login (332), and before a file is stored or renamed (532).</summary>
internal static class AccountCommand
{
    /// <summary>Returns the account to send; null if the caller has none.</summary>
    public static async Task<string?> GetAccountAsync(FtpConnection connection, CancellationToken cancellationToken)
    {
        FtpClientOptions options = connection.Options;
        if (options.Credentials.Account is { } account)
        {
            return account;
        }

        if (options.RequestAccountAsync is null)
        {
            return null;
        }

        string? given = await connection.ServerProfile.RequestedAccount.GetAsync(options.RequestAccountAsync, cancellationToken).ConfigureAwait(false);
        if (given is not null)
        {
            await LoginSequence.ThrowIfSecretUnprotectedAsync(connection, hasSecret: true, cancellationToken).ConfigureAwait(false);
        }

        return given;
    }

    /// <summary>Runs a command. If the server replies that it needs an account for it (532), sends ACCT and runs it once more.</summary>
    public static async Task<T> RunWithAccountAsync<T>(FtpConnection connection, Func<Task<T>> command, CancellationToken cancellationToken)
    {
        try
        {
            return await command().ConfigureAwait(false);
        }
        catch (FtpReplyException e) when (e.Reply.Code == FtpReplyCode.AccountNeededToStore && connection.IsUsable)
        {
            if (await GetAccountAsync(connection, cancellationToken).ConfigureAwait(false) is not { } account)
            {
                throw;
            }

            FtpReply reply = await connection.SendAsync("ACCT", account, cancellationToken).ConfigureAwait(false);
            if (!reply.IsCompletion)
            {
                throw new FtpReplyException(reply, new Command("ACCT", account).Redacted);
            }
        }

        return await command().ConfigureAwait(false);
    }
}

/// <summary>The account that the caller supplied when the server asked for one. It is requested once for all connections of a client.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The semaphore has no wait handle unless one is requested.")]
internal sealed class RequestedAccount
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private string? _account; // under the gate above
    private bool _isRequested;

    /// <summary>Returns the account, or null if the caller has none.</summary>
    public async Task<string?> GetAsync(Func<CancellationToken, ValueTask<string?>> request, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_isRequested)
            {
                _account = await request(cancellationToken).ConfigureAwait(false);
                _isRequested = true;
            }

            return _account;
        }
        finally
        {
            _gate.Release();
        }
    }
}
