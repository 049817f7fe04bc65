using System.Diagnostics.CodeAnalysis;
using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>
/// Sends ACCT (RFC 959 §4.1.1), which servers require during the login (332) or before they store or rename a file (532).
/// </summary>
internal static class AccountCommand
{
    /// <summary>
    /// Returns the account of the credentials. If they contain none, returns the result of
    /// <see cref="FtpClientOptions.RequestAccountAsync"/>, or null if the caller has no account.
    /// </summary>
    /// <exception cref="FtpTlsException">The requested account would be sent unencrypted.</exception>
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

        string? requested = await connection.ServerProfile.RequestedAccount.GetAsync(
            options.RequestAccountAsync, cancellationToken).ConfigureAwait(false);
        if (requested is not null)
        {
            await LoginSequence.ThrowIfSecretUnprotectedAsync(connection, hasSecret: true, cancellationToken).ConfigureAwait(false);
        }

        return requested;
    }

    /// <summary>
    /// Runs a command. If the server requires an account for the command (532), sends ACCT and runs the command once more.
    /// </summary>
    /// <exception cref="FtpReplyException">
    /// The server rejected the command or ACCT, or requires an account and the caller has none.
    /// </exception>
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
                throw new FtpReplyException(reply, new FtpCommand("ACCT", account).Redacted);
            }
        }

        return await command().ConfigureAwait(false);
    }
}

/// <summary>Requests the account from the caller, once for all connections of a client, and caches it.</summary>
/// <remarks>Thread-safe.</remarks>
[SuppressMessage(
    "Design", "CA1001:Types that own disposable fields should be disposable",
    Justification = "A SemaphoreSlim owns a wait handle only after AvailableWaitHandle is read.")]
internal sealed class RequestedAccount
{
    private readonly SemaphoreSlim _requestLock = new(1, 1);
    private string? _account; // protected by _requestLock, like _isRequested
    private bool _isRequested;

    /// <summary>Returns the account, or null if the caller has none. The first call runs <paramref name="request"/>.</summary>
    public async Task<string?> GetAsync(Func<CancellationToken, ValueTask<string?>> request, CancellationToken cancellationToken)
    {
        await _requestLock.WaitAsync(cancellationToken).ConfigureAwait(false);
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
            _requestLock.Release();
        }
    }
}
