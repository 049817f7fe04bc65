using Fts.Accounts;
using Fts.Accounts.Login;
using Fts.Accounts.Settings;
using Fts.Accounts.Sql;
using Fts.Accounts.Sql.Sqlite;
using Fts.Server.Tests.Support;
using Fts.Storage;
using Fts.Storage.Memory;
using Fts.Storage.Mounts;

namespace Fts.Server.Tests.Logins;

/// <summary>A server with the accounts of a temporary database. The stored hash of a password is the password itself.</summary>
internal sealed class AccountServer : IAsyncDisposable, IPasswordVerifier, IAccountStores
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SqliteDatabase _database;

    public AccountServer(Wire wire = Wire.IPv4, IAuthenticator? unknownUsers = null, TimeProvider? time = null,
        IAccountTakeOver? takeOver = null, Func<FtpServerOptions, FtpServerOptions>? configure = null)
    {
        _database = SqliteDatabase.Open(Path.Combine(_directory.Path, "fts.db"));
        Accounts = new SqlAccountDatabase(_database);
        Authenticator = new DatabaseAuthenticator(Accounts, new DatabaseAuthenticatorOptions
        {
            Passwords = this,
            Stores = this,
            UnknownUsers = unknownUsers,
            TakeOver = takeOver,
            WithoutAccounts = takeOver is null ? new AnonymousAuthenticator(Permissions.ReadWrite) : null,
            TimeProvider = time ?? TimeProvider.System,
        });
        Server = new TestServer(wire, configure: options =>
        {
            options = options with { Authenticator = Authenticator, MaxFailedLogins = 100 };
            return configure is null ? options : configure(options);
        });
    }

    public SqlAccountDatabase Accounts { get; }

    public DatabaseAuthenticator Authenticator { get; }

    public TestServer Server { get; }

    /// <summary>The stores of the directories of accounts.</summary>
    public Dictionary<string, MemoryFileStore> Directories { get; } = [];

    /// <summary>The number of verifications of known and of unknown accounts.</summary>
    public (int Known, int Unknown) Verifications { get; private set; }

    public PasswordCheck? NextCheck { get; set; }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async Task AddAsync(string name, Func<AccountSettings, AccountSettings>? configure = null)
    {
        var account = new AccountSettings(name) { PasswordHash = "secret" };
        await Accounts.ApplyAsync([AccountChange.Add(configure is null ? account : configure(account))], Token);
    }

    /// <summary>Changes an account, and applies the change to its sessions.</summary>
    public async Task ChangeAsync(string name, Func<AccountSettings, AccountSettings> change)
    {
        AccountSettings account = (await Accounts.FindAccountAsync(name, Token))!.Value;
        await Accounts.ApplyAsync([AccountChange.Update(change(account))], Token);
        await Authenticator.RefreshAsync(Token);
    }

    public async Task<Conversation> LogInAsync(string name)
    {
        Conversation client = await Server.ConnectAsync();
        await client.PlayAsync($"""
            S: 220 *
            C: USER {name}
            S: 331 *
            C: PASS secret
            S: 230 *
            """);
        return client;
    }

    public IFileStore? GetStore(ResolvedAccount account)
    {
        if (account.Access.Home is null)
        {
            return null;
        }

        IFileStore home = Open(account.Access.Home);
        return account.Access.Mounts.Count == 0
            ? home
            : new MountedStore(
                home, [.. account.Access.Mounts.Select(mount => new StoreMount(mount.Path, Open(mount.Directory), mount.IsReadOnly))]);
    }

    public ValueTask<PasswordCheck> VerifyAsync(string account, string hash, string password, CancellationToken cancellationToken)
    {
        Verifications = Verifications with { Known = Verifications.Known + 1 };
        return new(hash == password ? NextCheck ?? PasswordCheck.Accepted : PasswordCheck.Rejected);
    }

    public ValueTask<PasswordCheck> RejectUnknownAsync(string password, CancellationToken cancellationToken)
    {
        Verifications = Verifications with { Unknown = Verifications.Unknown + 1 };
        return new(PasswordCheck.Rejected);
    }

    public ValueTask<string?> CreateHashAsync(string password, CancellationToken cancellationToken) => new(password + "-upgraded");

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Authenticator.DisposeAsync();
        _database.Dispose();
        _directory.Dispose();
    }

    private MemoryFileStore Open(string directory)
    {
        if (directory.StartsWith("/missing", StringComparison.Ordinal))
        {
            throw new IOException("the home directory cannot be used");
        }

        return Directories.TryGetValue(directory, out MemoryFileStore? store) ? store : Directories[directory] = new MemoryFileStore();
    }
}
