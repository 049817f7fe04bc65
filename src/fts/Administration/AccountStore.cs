using Fts.Accounts.Settings;
using Fts.Accounts.Sql;
using Fts.Accounts.Sql.Sqlite;
using Fts.Cli;
using Fts.Serving.Accounts;

namespace Fts.Administration;

/// <summary>The account database of a state directory, for one command. Its errors are errors for the user.</summary>
internal sealed class AccountStore : IDisposable
{
    private readonly SqliteDatabase? _file;
    private readonly SqlAccountDatabase? _database;

    private AccountStore(StateDirectory state, bool canCreate)
    {
        State = state;
        if (canCreate || File.Exists(state.DatabaseFile))
        {
            _file = Translate(() => SqliteDatabase.Open(state.DatabaseFile));
            _database = new SqlAccountDatabase(_file);
        }
    }

    /// <summary>The state directory.</summary>
    public StateDirectory State { get; }

    /// <summary>Opens the database of the directory that the command line selects.</summary>
    /// <param name="line">The command line.</param>
    /// <param name="canCreate">Whether a missing database is created. Otherwise a missing database has no accounts.</param>
    /// <exception cref="UserErrorException">The database cannot be used.</exception>
    public static AccountStore Open(CommandLine line, bool canCreate = false) => new(StateDirectory.Find(line), canCreate);

    /// <summary>Returns all accounts and groups.</summary>
    public AccountSnapshot ReadAll() => _database is null ? new AccountSnapshot(0, [], []) : Translate(_database.ReadAll);

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
        Translate(() =>
        {
            _database!.Apply(changes);
            return true;
        });
        RunningServer.Refresh(State);
    }

    public void Dispose() => _file?.Dispose();

    private UserErrorException CreateNotFound(string kind, string command, string name, IEnumerable<string> names) => new(
        ExitCode.NotFound,
        $"no {kind} has the name {name} in {State.Path}",
        SpellingSuggestion.FindNearest(name, names) is { } near ? $"{kind} {near}" : $"fts {command} list");

    private static T Translate<T>(Func<T> call)
    {
        try
        {
            return call();
        }
        catch (AccountDatabaseException e)
        {
            throw new UserErrorException(
                e.Error switch
                {
                    AccountDatabaseError.NotFound => ExitCode.NotFound,
                    AccountDatabaseError.Invalid or AccountDatabaseError.Inconsistent => ExitCode.UsageError,
                    AccountDatabaseError.Exists or AccountDatabaseError.Conflict => ExitCode.OtherError,
                    _ => ExitCode.LocalFileError,
                },
                e.Message);
        }
    }
}
