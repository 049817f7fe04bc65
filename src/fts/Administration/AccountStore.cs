using System.Net.Sockets;
using Fts.Accounts.Recording;
using Fts.Accounts.Settings;
using Fts.Accounts.Sql.Records;
using Fts.Cli;
using Fts.Serving.Accounts;
using Fts.Serving.Control;

namespace Fts.Administration;

/// <summary>The account database of a state directory, for one command. Its errors are errors for the user.</summary>
internal sealed class AccountStore : IDisposable
{
    private readonly StateDirectory? _state;

    /// <summary>Whether the directory is the default one. A server that started before its database was created does not use it.</summary>
    private readonly bool _isDefault;

    private AccountStore(string path, bool canCreate, bool isDefault)
    {
        StatePath = path;
        bool exists = Exists(path);
        _isDefault = isDefault;
        _state = canCreate || exists ? StateDirectory.Open(path) : null;
    }

    /// <summary>The state directory.</summary>
    public string StatePath { get; }

    /// <summary>Opens the database of the directory that the command line selects.</summary>
    /// <param name="line">The command line.</param>
    /// <param name="canCreate">Whether a missing database is created. Otherwise a missing database has no accounts.</param>
    /// <exception cref="UserErrorException">The database cannot be used.</exception>
    public static AccountStore Open(CommandLine line, bool canCreate = false) =>
        new(StateDirectory.GetPath(line), canCreate, isDefault: !StateDirectory.IsNamed(line));

    /// <summary>Returns whether a directory contains a database.</summary>
    /// <exception cref="UserErrorException">The directory cannot be read.</exception>
    private static bool Exists(string path)
    {
        try
        {
            return Directory.EnumerateFiles(path, StateDirectory.DatabaseName).Any();
        }
        catch (DirectoryNotFoundException)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot read the state folder {path}: {LocalErrorText.Describe(e)}");
        }
    }

    /// <summary>Returns all accounts and groups.</summary>
    public AccountSnapshot ReadAll() => _state is null ? new AccountSnapshot(0, [], []) : Translate(_state.Accounts.ReadAll);

    /// <summary>Returns an account, or ends the command if it does not exist.</summary>
    public Versioned<AccountSettings> GetAccount(AccountSnapshot snapshot, string name) =>
        snapshot.Accounts.FirstOrDefault(account => account.Value.Name == name)
        ?? throw CreateNotFound("account", "user", name, snapshot.Accounts.Select(account => account.Value.Name));

    /// <summary>Returns a group, or ends the command if it does not exist.</summary>
    public Versioned<GroupSettings> GetGroup(AccountSnapshot snapshot, string name) =>
        snapshot.Groups.FirstOrDefault(group => group.Value.Name == name)
        ?? throw CreateNotFound("group", "group", name, snapshot.Groups.Select(group => group.Value.Name));

    /// <summary>Applies all changes or none, and informs a running server, so that its sessions use the new settings at once.</summary>
    public void Apply(params IReadOnlyList<AccountChange> changes)
    {
        bool hadAccounts = Translate(() =>
        {
            bool hadAccounts = !_isDefault || _state!.Accounts.ReadAll().Accounts.Count > 0;
            _state!.Accounts.Apply(changes);
            return hadAccounts;
        });
        // Without this request, a running server notices the change within a second.
        bool hasServer = ControlClient.TryRefreshAsync(StatePath, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        if (!hadAccounts && !hasServer)
        {
            Terminal.Plain.WriteMessage(
                $"note: {StatePath} had no accounts; restart the server if it is running, so that it uses them");
        }
    }

    /// <summary>
    /// Returns the usage of the home directory of an account: from the running server, otherwise as it was stored last. Returns null if it
    /// is not known.
    /// </summary>
    public async ValueTask<QuotaStatus?> FindUsageAsync(ResolvedAccount account)
    {
        try
        {
            using ControlClient? client = ControlClient.TryConnect(StatePath);
            if (client is not null)
            {
                return await client.SendAsync(
                    "quota", new QuotaParameters(account.Settings.Name), ControlJson.Default.QuotaParameters,
                    ControlJson.Default.QuotaStatus, CancellationToken.None);
            }
        }
        catch (ControlException e) when (e.Code == ControlErrorCode.NotFound)
        {
            return null;
        }
        catch (Exception e) when (e is SocketException or ControlException)
        {
            // The server belongs to another user, or is of an older version. The stored usage is at most a second old.
        }

        if (_state is null || account.Access.Home is null)
        {
            return null; // only the server knows the folder that it shares
        }

        string home = HomeDirectories.Create(_state.Accounts.ReadAll(), servedFolder: "").GetHome(account);
        RecordState stored = await new SqlRecordDatabase(_state.Database).ReadStateAsync(CancellationToken.None);
        return stored.Usage.FirstOrDefault(usage => usage.Directory == home) is { } found
            ? new QuotaStatus(home, found.Used.Bytes, found.Used.Files, 0, found.CountedAt)
            : null;
    }

    public void Dispose() => _state?.Dispose();

    private UserErrorException CreateNotFound(string kind, string command, string name, IEnumerable<string> names)
    {
        string? near = SpellingSuggestion.FindNearest(name, names);
        return new UserErrorException(
            ExitCode.NotFound,
            $"no {kind} has the name {name} in {StatePath}{(near is null ? "" : $"; did you mean {near}?")}",
            near is null ? $"fts {command} list" : null);
    }

    private static T Translate<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (AccountDatabaseException e)
        {
            throw e.Error switch
            {
                AccountDatabaseError.NotFound => new UserErrorException(ExitCode.NotFound, e.Message),
                AccountDatabaseError.Invalid or AccountDatabaseError.Inconsistent => new UserErrorException(ExitCode.UsageError, e.Message),
                AccountDatabaseError.Exists or AccountDatabaseError.Conflict => new UserErrorException(ExitCode.OtherError, e.Message),
                _ => StateDirectory.CreateError(e),
            };
        }
    }
}
