using System.CommandLine;
using Fts.Accounts;
using Fts.Accounts.Login;
using Fts.Accounts.Quota;
using Fts.Accounts.Settings;
using Fts.Accounts.Sql.Records;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Storage;
using Fts.Storage.Local;

namespace Fts.Serving.Accounts;

/// <summary>
/// The accounts of <c>fts server</c>. Opened before the sandbox, because their directories become rules of the sandbox. The caller disposes
/// it after the server.
/// </summary>
internal sealed class ServerAccounts : IAsyncDisposable
{
    private static readonly Option<string[]> HomesOption = new("--homes")
    {
        HelpName = "DIR",
        Description = "folder for the home directories of later accounts",
    };

    private readonly StateDirectory _state;
    private readonly AccountSnapshot _atStart;
    private readonly PasswordVerifierAdapter _passwords = new();
    private readonly LegacySettings? _legacy;
    private DatabaseAuthenticator? _authenticator;
    private LegacyServer? _legacyServer;
    private volatile HomeDirectories _homes = HomeDirectories.Create(new AccountSnapshot(0, [], []), ""); // replaced by each change

    private ServerAccounts(StateDirectory state, AccountSnapshot atStart, IReadOnlyList<string> homes, LegacySettings? legacy)
    {
        (_state, _atStart, _legacy) = (state, atStart, legacy);
        Folders = AccountFolders.GetFolders(atStart, homes);
        Keys = new AccountKeys(atStart);
    }

    /// <summary>The options of accounts.</summary>
    public static OptionGroup CommandLineOptions { get; } =
        new("Accounts", [StateDirectory.PathOption, HomesOption, .. LegacySettings.Options]);

    /// <summary>The state directory. The sandbox allows it, and no client can reach it.</summary>
    public StateDirectory State => _state;

    /// <summary>The folders that the sandbox must allow for the accounts.</summary>
    public IReadOnlyList<string> Folders { get; }

    /// <summary>The fingerprints of the client keys of all accounts, which TLS handshakes trust.</summary>
    public AccountKeys Keys { get; }

    /// <summary>The variables that have the name of an account but describe a service.</summary>
    public IReadOnlyList<string> IgnoredVariables { get; private init; } = [];

    /// <summary>The number of accounts at the start.</summary>
    public int Count => _atStart.Accounts.Count;

    /// <summary>Whether logins need an account from the start: one exists, or an old server supplies them.</summary>
    public bool AreInForce => Count > 0 || _legacy is not null;

    /// <summary>The server from which accounts are taken over, or null.</summary>
    public LegacySettings? Legacy => _legacy;

    /// <summary>Receives the name of each account that was taken over, and the address of its client.</summary>
    public Action<string, System.Net.IPAddress>? TakenOver { get; set; }

    /// <summary>
    /// Receives the quotas of all accounts at the start and after each change. Set before <see cref="CreateAuthenticator"/>.
    /// </summary>
    public Action<IReadOnlyCollection<AccountQuota>>? QuotasChanged { get; set; }

    /// <summary>The stores of the accounts, after <see cref="CreateAuthenticator"/>.</summary>
    public AccountStores? Stores { get; private set; }

    /// <summary>
    /// Opens the state directory if it is named, if the default directory contains a database, or if an environment variable defines an
    /// account. Otherwise returns null: the server then has no accounts.
    /// </summary>
    /// <exception cref="UserErrorException">The directory, the database or a value cannot be used.</exception>
    public static ServerAccounts? Open(CommandLine line)
    {
        var legacy = LegacySettings.Parse(line);
        string[] homes = ParseHomes(line);

        string path = StateDirectory.GetPath(line);
        var variables = EnvironmentAccounts.Read(Environment.GetEnvironmentVariables());
        bool isRequested = StateDirectory.IsNamed(line) || line.HasOption(ServerRecords.EventsOption) || legacy is not null;
        if (!isRequested && variables.IsEmpty && !StateDirectory.HasDatabase(path))
        {
            return homes.Length == 0 ? null : throw CommandLine.CreateUsageError($"{HomesOption.Name} needs accounts; add --state DIR");
        }

        var state = StateDirectory.Open(path);
        try
        {
            state.ReserveForServer();
            new SqlRecordDatabase(state.Database).SetRecordsEvents(line.HasOption(ServerRecords.EventsOption));
            variables.Apply(state.Accounts);
            AccountSnapshot atStart = state.Accounts.ReadAll();
            legacy?.CheckGroup(atStart);
            var accounts = new ServerAccounts(state, atStart, [.. homes, .. legacy?.Folders ?? []], legacy)
            {
                IgnoredVariables = variables.Ignored,
            };
            accounts.CreateParentFolders();
            return accounts;
        }
        catch (AccountDatabaseException e)
        {
            state.Dispose();
            throw StateDirectory.CreateError(e);
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    /// <summary>Returns the full paths of the folders for home directories.</summary>
    /// <exception cref="UserErrorException">A folder does not exist.</exception>
    public static string[] ParseHomes(CommandLine line)
    {
        IReadOnlyList<string> homes = line.GetValues(HomesOption);
        return homes.FirstOrDefault(home => !Directory.Exists(home)) is { } missing
            ? throw new UserErrorException(ExitCode.LocalFileError, $"{HomesOption.Name} {missing}: no such folder")
            : [.. homes.Select(Path.GetFullPath)];
    }

    /// <summary>Returns the folders of the accounts in a state directory, and those for later accounts. Creates nothing.</summary>
    /// <exception cref="UserErrorException">The directory or the database cannot be read.</exception>
    public static IReadOnlyList<string> FindFolders(CommandLine line, string path)
    {
        string[] homes = [.. line.GetValues(HomesOption).Select(Path.GetFullPath), .. LegacySettings.Parse(line)?.Folders ?? []];
        try
        {
            if (!Directory.Exists(path) || !Directory.EnumerateFiles(path, StateDirectory.DatabaseName).Any())
            {
                return AccountFolders.GetFolders(new AccountSnapshot(0, [], []), homes);
            }

            using var state = StateDirectory.Open(path);
            return AccountFolders.GetFolders(state.Accounts.ReadAll(), homes);
        }
        catch (AccountDatabaseException e)
        {
            throw StateDirectory.CreateError(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(
                ExitCode.LocalFileError, $"cannot read the state folder {path}: {LocalErrorText.Describe(e)}", "the same command as root");
        }
    }

    /// <summary>Creates the authenticator. Its background task starts with <see cref="Start"/>.</summary>
    /// <param name="signInRules">The login rules without accounts, and the permissions of anonymous clients.</param>
    /// <param name="withoutAccounts">Authenticates logins until the first account exists.</param>
    /// <param name="served">The store of the served folder.</param>
    /// <param name="servedFolder">The path of the served folder.</param>
    /// <param name="options">The options of stores.</param>
    /// <param name="report">Receives messages for the log.</param>
    public IAuthenticator CreateAuthenticator(
        SignInRules signInRules, IAuthenticator withoutAccounts, IFileStore served, string servedFolder, LocalStoreOptions options,
        Action<string> report)
    {
        SetQuotas(_atStart, servedFolder);
        Stores = new AccountStores(served, options, _state.Accounts.ReadAll, () => _homes);
        _legacyServer = _legacy is null ? null : new LegacyServer(_legacy, (name, client) => TakenOver?.Invoke(name, client), report);
        return _authenticator = new DatabaseAuthenticator(_state.Accounts, new DatabaseAuthenticatorOptions
        {
            Passwords = _passwords,
            Stores = Stores,
            UnknownUsers = signInRules.ExplicitAnonymousPermissions is { } permissions and not Permissions.None
                ? new AnonymousAuthenticator(permissions)
                : null,
            TakeOver = _legacyServer,
            WithoutAccounts = AreInForce ? null : withoutAccounts,
            ChangedAsync = async token =>
            {
                AccountSnapshot changed = await _state.Accounts.ReadAllAsync(token);
                Keys.Update(changed);
                SetQuotas(changed, servedFolder);
            },
            Report = report,
        });
    }

    /// <summary>Starts to apply changes of accounts to live sessions. Must follow the sandbox.</summary>
    public void Start() => _authenticator?.Start();

    /// <summary>Applies changes of accounts to live sessions at once.</summary>
    /// <exception cref="AccountDatabaseException">The database cannot be read.</exception>
    public ValueTask RefreshAsync(CancellationToken cancellationToken) => _authenticator?.RefreshAsync(cancellationToken) ?? default;

    /// <summary>Returns the real path of the home directory of each account.</summary>
    /// <param name="servedFolder">The path of the served folder, the default home directory.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="AccountDatabaseException">The database cannot be read.</exception>
    public async ValueTask<IReadOnlyDictionary<string, string>> GetHomesAsync(string servedFolder, CancellationToken cancellationToken)
    {
        AccountSnapshot snapshot = await _state.Accounts.ReadAllAsync(cancellationToken);
        var homes = HomeDirectories.Create(snapshot, servedFolder);
        return snapshot.Resolve().ToDictionary(account => account.Settings.Name, homes.GetHome);
    }

    /// <summary>Returns the path of a directory for quotas, which does not depend on its spelling.</summary>
    public string GetQuotaPath(string directory) => _homes.GetPath(directory);

    /// <summary>Sets the quotas of all accounts.</summary>
    private void SetQuotas(AccountSnapshot snapshot, string servedFolder)
    {
        _homes = HomeDirectories.Create(snapshot, servedFolder);
        QuotasChanged?.Invoke(GetQuotas(snapshot, _homes));
    }

    /// <summary>Returns the quotas of all accounts that have one.</summary>
    private static AccountQuota[] GetQuotas(AccountSnapshot snapshot, HomeDirectories homes) =>
    [
        .. snapshot.Resolve()
            .Select(account => new AccountQuota(
                account.Settings.Name, homes.GetHome(account),
                new QuotaLimit(account.QuotaBytes, account.QuotaFiles)))
            .Where(quota => !quota.Limit.IsUnlimited),
    ];

    public async ValueTask DisposeAsync()
    {
        if (_authenticator is not null)
        {
            await _authenticator.DisposeAsync();
        }

        _legacyServer?.Dispose();
        _passwords.Dispose();
        _state.Dispose();
    }

    /// <summary>
    /// Creates the folders of the sandbox rules that do not exist. A rule needs an existing folder, and the server creates home directories
    /// only at logins. A folder that cannot be created is reported at the login.
    /// </summary>
    private void CreateParentFolders()
    {
        foreach (string folder in Folders)
        {
            try
            {
                Directory.CreateDirectory(folder);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The login of an account that needs the folder reports the error.
            }
        }
    }
}
