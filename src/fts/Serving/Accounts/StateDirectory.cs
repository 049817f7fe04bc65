using System.CommandLine;
using Fts.Accounts.Settings;
using Fts.Accounts.Sql;
using Fts.Accounts.Sql.Sqlite;
using Fts.Cli;
using Fts.Native;

namespace Fts.Serving.Accounts;

/// <summary>
/// The directory with the data that outlives the server: accounts, groups and what the server records about them. Only its owner can access
/// it. The caller that opened it disposes it.
/// </summary>
internal sealed class StateDirectory : IDisposable
{
    /// <summary>The environment variable with the path of the directory.</summary>
    public const string Variable = "FTS_STATE";

    /// <summary>The name of the database file.</summary>
    public const string DatabaseName = "fts.db";

    private const string LockName = "server.lock";

    private FileStream? _serverLock;

    private StateDirectory(string path, SqliteDatabase database)
    {
        UserName = Environment.UserName is { Length: > 0 } user ? user : null; // read before the sandbox
        (Path, Database, Accounts) = (path, database, new SqlAccountDatabase(database, UserName));
    }

    /// <summary>The option of all subcommands that use the directory.</summary>
    public static Option<string> PathOption { get; } = new DefaultedOption("--state", () => GetPath(null))
    {
        HelpName = "DIR",
        Description = $"folder with the accounts (default: {Variable}, or ~/.local/state/fts)",
    };

    /// <summary>The name of the user of this process, or null if unknown.</summary>
    public string? UserName { get; }

    /// <summary>The path of the directory.</summary>
    public string Path { get; }

    /// <summary>The directory of the journal of events and quotas. It exists after <see cref="ReserveForServer"/>.</summary>
    public string JournalPath => System.IO.Path.Combine(Path, "journal");

    /// <summary>The database.</summary>
    public SqliteDatabase Database { get; }

    /// <summary>The accounts and groups in the database.</summary>
    public SqlAccountDatabase Accounts { get; }

    /// <summary>Returns whether the option or the environment variable names the directory.</summary>
    public static bool IsNamed(CommandLine line) => GetNamedPath(line) is not null;

    /// <summary>
    /// Returns the path from the option, the environment variable, or the default: <c>fts</c> in <c>XDG_STATE_HOME</c> or in
    /// <c>~/.local/state</c>.
    /// </summary>
    /// <param name="line">The command line, or null for the path without the option.</param>
    public static string GetPath(CommandLine? line) =>
        GetNamedPath(line) ?? System.IO.Path.GetDirectoryName(TlsSettings.GetOwnCertificatePath())!;

    /// <summary>Returns whether a directory contains a database.</summary>
    public static bool HasDatabase(string path) => File.Exists(System.IO.Path.Combine(path, DatabaseName));

    /// <summary>Opens the directory and its database. Creates them if they do not exist. Starts no thread.</summary>
    /// <exception cref="UserErrorException">The directory or the database cannot be used.</exception>
    public static StateDirectory Open(string path)
    {
        try
        {
            string database = System.IO.Path.Combine(path, DatabaseName);
            CreateForOwner(path, database);
            return new StateDirectory(path, SqliteDatabase.Open(database));
        }
        catch (AccountDatabaseException e)
        {
            throw CreateError(e);
        }
    }

    /// <summary>Returns the error for the user.</summary>
    public static UserErrorException CreateError(AccountDatabaseException e) => new(ExitCode.LocalFileError, e.Message, e.Error switch
    {
        AccountDatabaseError.NewerVersion => "the newer version of fts, or another folder with --state DIR",
        AccountDatabaseError.Unavailable => $"another folder with --state DIR or {Variable}",
        _ => null,
    });

    /// <summary>
    /// Reserves the directory for a server until this object is disposed. Two servers would not see each other's sessions and limits.
    /// Commands that change accounts need no reservation.
    /// </summary>
    /// <exception cref="UserErrorException">Another server uses the directory.</exception>
    public void ReserveForServer()
    {
        string path = System.IO.Path.Combine(Path, LockName);
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            _serverLock = new FileStream(path, options);
            Directory.CreateDirectory(JournalPath); // the sandbox later prevents that directories are created here
        }
        catch (IOException)
        {
            throw new UserErrorException(
                ExitCode.LocalFileError, $"another fts server uses the state folder {Path}",
                $"stop that server, or choose another folder with --state DIR or {Variable}");
        }
        catch (UnauthorizedAccessException e)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot lock {path}: {LocalErrorText.Describe(e)}");
        }
    }

    public void Dispose()
    {
        Database.Dispose();
        _serverLock?.Dispose();
    }

    /// <summary>
    /// If root opens the directory of another user, creates the database file for that user. The server, which runs as that user, could not
    /// open a file of root. SQLite gives its other files to the owner of this one.
    /// </summary>
    private static void CreateForOwner(string directory, string database)
    {
        if (!OperatingSystem.IsLinux() || ProcessCalls.Geteuid() != 0
            || !FileStatus.TryGet(directory, flags: 0, out FileStatus status) || status.Owner == 0)
        {
            return;
        }

        try
        {
            // A new file only: the owner of the directory could replace an existing one by a link to any file of the system.
            using var file = new FileStream(database, new FileStreamOptions
            {
                Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            if (FileCalls.Fchown(file.SafeFileHandle, status.Owner, status.Group) != 0)
            {
                throw new UserErrorException(
                    ExitCode.LocalFileError, $"cannot give {database} to the owner of its folder", "the same command as that user");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The file exists already. The database reports all other reasons.
        }
    }

    private static string? GetNamedPath(CommandLine? line) =>
        (line?.GetValue(PathOption) ?? Environment.GetEnvironmentVariable(Variable)) is { Length: > 0 } named
            ? System.IO.Path.GetFullPath(named)
            : null;
}
