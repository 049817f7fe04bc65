using System.Net;
using Fts.Accounts.Login;
using Fts.Accounts.Settings;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Serving.Accounts;

/// <summary>Checks passwords with an old server by logging in to it, and creates accounts with the settings of a template.</summary>
/// <param name="settings">The old server and the template.</param>
/// <param name="created">Receives the name of each created account and the address of its client, for the log.</param>
/// <param name="report">Receives a sentence when the old server becomes unavailable.</param>
/// <param name="timeout">The time limit of a check, which includes the wait for other checks. Default: 10 s.</param>
internal sealed class LegacyServer(
    LegacySettings settings, Action<string, IPAddress> created, Action<string> report, TimeSpan? timeout = null)
    : IAccountTakeOver, IDisposable
{
    /// <summary>The maximum number of connections to the old server at the same time.</summary>
    public const int MaxConnections = 4;

    /// <summary>The time limit of a check. Clients wait at least 30 s for a reply.</summary>
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _connections = new(MaxConnections);
    private int _isUnavailable; // 1 after a failure was reported, until the next success

    /// <inheritdoc/>
    public async ValueTask<TakeOverCheck> CheckAsync(string userName, string password, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout ?? DefaultTimeout);
        try
        {
            await _connections.WaitAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return TakeOverCheck.Busy;
        }

        try
        {
            TakeOverCheck check = await LogInAsync(new FtpCredentials(userName, password), limit.Token).ConfigureAwait(false);
            Volatile.Write(ref _isUnavailable, 0);
            return check;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ReportUnavailable("it did not reply in time");
        }
        catch (Exception e) when (e is FtpException or IOException)
        {
            return ReportUnavailable(e.Message);
        }
        finally
        {
            _connections.Release();
        }
    }

    /// <inheritdoc/>
    public AccountSettings CreateAccount(string name, string passwordHash) => new(name)
    {
        PasswordHash = passwordHash,
        Groups = settings.Group is null ? [] : [settings.Group],
        Access = new AccessSettings { Home = settings.Home },
    };

    /// <inheritdoc/>
    public void ReportCreated(string name, IPAddress client) => created(name, client);

    public void Dispose() => _connections.Dispose();

    private async Task<TakeOverCheck> LogInAsync(FtpCredentials credentials, CancellationToken cancellationToken)
    {
        FtpConnection connection =
            await FtpConnection.ConnectAsync(settings.Server with { Credentials = credentials }, cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                await connection.LoginAsync(cancellationToken).ConfigureAwait(false);
                if (connection.IsPasswordVerified)
                {
                    return TakeOverCheck.Accepted;
                }

                // The account would get the password of whoever logs in first.
                report($"the old server {settings.Url} does not verify the password of {credentials.UserName.ToPrintable()}");
                return TakeOverCheck.Rejected;
            }
            catch (FtpLoginException e) when (e.Reply.IsPermanentFailure)
            {
                return TakeOverCheck.Rejected;
            }
        }
    }

    /// <summary>Reports a failure, unless the last check failed, too.</summary>
    private TakeOverCheck ReportUnavailable(string reason)
    {
        if (Interlocked.Exchange(ref _isUnavailable, 1) == 0)
        {
            report($"the old server {settings.Url} cannot check logins: {reason.ToPrintable()}");
        }

        return TakeOverCheck.Unavailable;
    }
}
