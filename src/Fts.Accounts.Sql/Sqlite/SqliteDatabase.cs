using Fts.Accounts.Settings;
using Fts.Accounts.Sql.Migrations;
using Fts.Storage.Workers;

namespace Fts.Accounts.Sql.Sqlite;

/// <summary>
/// An SQLite database in one file. Thread-safe, and usable by several processes at once. The caller that opened it disposes it.
/// </summary>
/// <remarks>
/// One connection writes and another reads, so that a reader never waits for a writer (write-ahead log). The directory must be on a local
/// file system.
/// </remarks>
public sealed class SqliteDatabase : IDisposable
{
    private static readonly TimeSpan DefaultBusyTimeout = TimeSpan.FromSeconds(5);

    private readonly SqliteConnection _reader;
    private readonly SqliteConnection _writer;
    private readonly SemaphoreSlim _readerLock = new(1);
    private readonly SemaphoreSlim _writerLock = new(1);
    private bool _isDisposed;

    private SqliteDatabase(string path, SqliteConnection reader, SqliteConnection writer) =>
        (Path, _reader, _writer) = (path, reader, writer);

    /// <summary>The file of the database.</summary>
    public string Path { get; }

    /// <summary>
    /// Opens a database file, and brings its schema to the version of this program. Creates the file and its directory if they do not
    /// exist. Only the user of this process can access them.
    /// </summary>
    /// <param name="path">The file. SQLite creates two more files with the suffixes <c>-wal</c> and <c>-shm</c>.</param>
    /// <exception cref="AccountDatabaseException">
    /// The file cannot be opened, is damaged, or was written by a newer version of the program.
    /// </exception>
    /// <remarks>Runs on the calling thread and starts no other thread, so that a server can open the database before its sandbox.</remarks>
    public static SqliteDatabase Open(string path) => Open(path, DefaultBusyTimeout, Migration.All, TimeProvider.System);

    internal static SqliteDatabase Open(string path, TimeSpan busyTimeout, IReadOnlyList<Migration> migrations, TimeProvider time)
    {
        path = System.IO.Path.GetFullPath(path);
        CreateFile(path);
        SqliteConnection? reader = null, writer = null;
        try
        {
            writer = SqliteConnection.Open(path, busyTimeout);
            EnableWriteAheadLog(writer, busyTimeout, time);
            Migrate(path, writer, migrations, time);
            reader = SqliteConnection.Open(path, busyTimeout);
            return new SqliteDatabase(path, reader, writer);
        }
        catch
        {
            reader?.Dispose();
            writer?.Dispose();
            throw;
        }
    }

    /// <summary>Runs work in a read transaction on the calling thread.</summary>
    internal T Read<T>(Func<ISqlSession, T> work)
    {
        _readerLock.Wait();
        try
        {
            return _reader.RunTransaction(isWrite: false, work);
        }
        finally
        {
            _readerLock.Release();
        }
    }

    /// <summary>Runs work in a write transaction on the calling thread.</summary>
    internal T Write<T>(Func<ISqlSession, T> work)
    {
        _writerLock.Wait();
        try
        {
            return _writer.RunTransaction(isWrite: true, work);
        }
        finally
        {
            _writerLock.Release();
        }
    }

    /// <summary>Runs work in a read transaction on a thread-pool thread.</summary>
    internal async ValueTask<T> ReadAsync<T>(Func<ISqlSession, T> work, CancellationToken cancellationToken)
    {
        await _readerLock.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await Task.Run(() => _reader.RunTransaction(isWrite: false, work), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            _readerLock.Release();
        }
    }

    /// <summary>Runs work in a write transaction on a thread-pool thread.</summary>
    internal ValueTask<T> WriteAsync<T>(Func<ISqlSession, T> work, CancellationToken cancellationToken) =>
        WriteAsync(work, hasLowPriority: false, cancellationToken);

    /// <summary>Runs work in a write transaction on a thread-pool thread, or on a thread of low priority.</summary>
    internal async ValueTask<T> WriteAsync<T>(Func<ISqlSession, T> work, bool hasLowPriority, CancellationToken cancellationToken)
    {
        await _writerLock.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            T RunTransaction() => _writer.RunTransaction(isWrite: true, work);
            Task<T> running = hasLowPriority
                ? LowPriorityThread.RunAsync(RunTransaction, "fts events")
                : Task.Run(RunTransaction, CancellationToken.None);
            return await running.ConfigureAwait(false);
        }
        finally
        {
            _writerLock.Release();
        }
    }

    /// <summary>Closes the connections after the running calls have ended.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _readerLock.Wait();
        _writerLock.Wait();
        _isDisposed = true;
        _reader.Dispose();
        _writer.Dispose();
        _readerLock.Dispose();
        _writerLock.Dispose();
    }

    /// <summary>Creates the file with mode 0600, in a directory with mode 0700. SQLite gives its other files the same mode.</summary>
    private static void CreateFile(string path)
    {
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            if (File.Exists(path))
            {
                return;
            }

            string directory = System.IO.Path.GetDirectoryName(path)!;
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(directory);
            }
            else if (!Directory.Exists(directory))
            {
                Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
            }

            var options = new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite,
            };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = OwnerOnly;
            }

            new FileStream(path, options).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AccountDatabaseException(AccountDatabaseError.Unavailable, $"cannot create the database {path}: {e.Message}", e);
        }
    }

    /// <summary>
    /// Enables the write-ahead log. SQLite does not wait for other connections while it changes this setting, so this method does.
    /// </summary>
    private static void EnableWriteAheadLog(SqliteConnection connection, TimeSpan timeout, TimeProvider time)
    {
        long started = time.GetTimestamp();
        while (true)
        {
            try
            {
                connection.Query("PRAGMA journal_mode = WAL", row => row.GetText(0));
                return;
            }
            catch (AccountDatabaseException e) when (e.Error == AccountDatabaseError.Busy && time.GetElapsedTime(started) < timeout)
            {
                Thread.Sleep(10);
            }
        }
    }

    private static void Migrate(string path, SqliteConnection connection, IReadOnlyList<Migration> migrations, TimeProvider time)
    {
        connection.RunTransaction(isWrite: true, session =>
        {
            long tables = session.QueryInteger("SELECT COUNT(*) FROM sqlite_master");
            long own = session.QueryInteger("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'migrations'");
            if (tables > 0 && own == 0)
            {
                throw new AccountDatabaseException(
                    AccountDatabaseError.Damaged, $"cannot use the database {path}: another program created it");
            }

            try
            {
                SchemaVersion.Update(session, isEmpty: tables == 0, migrations, time.GetUtcNow());
            }
            catch (AccountDatabaseException e) when (e.Error == AccountDatabaseError.NewerVersion)
            {
                throw new AccountDatabaseException(e.Error, $"cannot use the database {path}: {e.Message}", e);
            }

            return true;
        });
    }
}
