using Fts.Accounts.Bans;
using Fts.Accounts.Sql.Bans;
using Fts.Cli;
using Fts.Server;
using Fts.Serving.Accounts;
using Fts.Serving.Control;

namespace Fts.Administration;

/// <summary>
/// Reads and changes bans: through the running server if there is one, otherwise in the database. The caller disposes this object.
/// </summary>
internal sealed class BanAccess : IDisposable
{
    private readonly ControlClient? _client;
    private readonly StateDirectory? _state;
    private readonly SqlBanStore? _store;

    private BanAccess(ControlClient? client, StateDirectory? state) =>
        (_client, _state, _store) = (client, state, state is null ? null : new SqlBanStore(state.Database));

    /// <summary>Connects to the server, or opens the database.</summary>
    /// <exception cref="UserErrorException">
    /// The user may not access the server or the database, or there is neither a server nor a database.
    /// </exception>
    public static BanAccess Open(string stateDirectory)
    {
        if (ServerAccess.TryConnect(stateDirectory) is { } client)
        {
            return new BanAccess(client, null);
        }

        return StateDirectory.HasDatabase(stateDirectory)
            ? new BanAccess(null, StateDirectory.Open(stateDirectory))
            : throw new UserErrorException(
                ExitCode.CannotConnect,
                $"no server has used the state directory {stateDirectory}",
                "--state DIR, to name the state directory of the server");
    }

    /// <summary>Returns the bans that have not ended, ordered by their start.</summary>
    public async ValueTask<IReadOnlyList<BanStatus>> ListAsync(CancellationToken cancellationToken)
    {
        if (_client is not null)
        {
            BanListResult result = await _client.SendAsync(
                "ban-list", new ControlNothing(), ControlJson.Default.ControlNothing, ControlJson.Default.BanListResult, cancellationToken);
            return result.Bans;
        }

        IReadOnlyList<Ban> bans = await _store!.LoadAsync(cancellationToken);
        return [.. bans.Where(ban => ban.IsActive(DateTimeOffset.UtcNow)).OrderBy(ban => ban.Since).Select(ControlRequests.ToMessage)];
    }

    /// <summary>Adds a ban. Returns the number of sessions that it ended.</summary>
    /// <exception cref="ControlException">A parameter is invalid.</exception>
    public async ValueTask<int> AddAsync(BanAddParameters parameters, CancellationToken cancellationToken)
    {
        if (_client is not null)
        {
            BanAddResult result = await _client.SendAsync(
                "ban-add", parameters, ControlJson.Default.BanAddParameters, ControlJson.Default.BanAddResult, cancellationToken);
            return result.EndedSessions;
        }

        Ban ban = BanRequests.Create(parameters, _state!.UserName, DateTimeOffset.UtcNow);
        // Without a server, the networks of --never-ban are unknown. The server ignores a ban of one of them, and logs that.
        BanRequests.ThrowIfNeverBanned(ban.Subject, new FtpBanOptions().NeverBanned);
        await _store!.SaveAsync(ban, cancellationToken);
        return 0;
    }

    /// <summary>Removes a ban.</summary>
    /// <exception cref="ControlException">The subject is invalid or is not banned.</exception>
    public async ValueTask RemoveAsync(string subject, CancellationToken cancellationToken)
    {
        if (_client is not null)
        {
            await _client.SendAsync(
                "ban-remove", new BanRemoveParameters(subject), ControlJson.Default.BanRemoveParameters, ControlJson.Default.ControlNothing,
                cancellationToken);
        }
        else if (!await _store!.RemoveAsync(
            BanRequests.ParseSubject(subject), new BanRemoval(BanRemovalReason.Removed, DateTimeOffset.UtcNow, _state!.UserName),
            cancellationToken))
        {
            throw BanRequests.CreateNotFound(subject);
        }
    }

    public void Dispose()
    {
        _client?.Dispose();
        _state?.Dispose();
    }
}
