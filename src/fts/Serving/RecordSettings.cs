using System.CommandLine;
using Fts.Accounts.Recording;
using Fts.Accounts.Sql.Records;
using Fts.Accounts.Sql.Sqlite;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Storage.Local;
using Microsoft.Extensions.Logging;

namespace Fts.Serving;

/// <summary>The events and quotas of the server, in the state folder. Disposed after the server.</summary>
/// <remarks>The database is opened before the sandbox is entered, and the journal after it. Both start no thread before the sandbox.</remarks>
internal sealed class RecordSettings : IAsyncDisposable
{
    private static readonly Option<string> StateOption = new("--state")
    {
        HelpName = "DIR",
        Description = "folder for the database of the server (default: the state folder of fts)",
    };

    private static readonly Option<bool> EventsOption = new("--events")
    {
        Description = "record logins, transfers and changes of files as events in the database",
    };

    private readonly SqliteDatabase _database;
    private readonly Dictionary<string, LocalFileStore> _stores = new(StringComparer.Ordinal);
    private AccountRecords? _records;

    private RecordSettings(string directory, SqliteDatabase database) => (Directory, _database) = (directory, database);

    /// <summary>The options of events.</summary>
    public static OptionGroup CommandLineOptions { get; } = new("Events", EventsOption, StateOption);

    /// <summary>The real path of the state folder.</summary>
    public string Directory { get; }

    private string JournalDirectory => Path.Combine(Directory, "journal");

    /// <summary>Opens the database if events are recorded. Otherwise returns null.</summary>
    /// <exception cref="UserErrorException">The state folder or the database cannot be used.</exception>
    public static RecordSettings? Open(CommandLine line)
    {
        if (!line.HasOption(EventsOption))
        {
            return null;
        }

        string directory = Path.GetFullPath(
            line.GetValue(StateOption) ?? Path.GetDirectoryName(TlsSettings.GetOwnCertificatePath())!);
        try
        {
            System.IO.Directory.CreateDirectory(directory);
            var opened = new RecordSettings(directory, SqliteDatabase.Open(Path.Combine(directory, "fts.db")));
            System.IO.Directory.CreateDirectory(opened.JournalDirectory);
            return opened;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(
                ExitCode.LocalFileError, $"cannot use the state folder {directory}: {LocalErrorText.Describe(e)}",
                $"choose another folder with {StateOption.Name}");
        }
    }

    /// <summary>Opens the journal, and recovers what a killed server left.</summary>
    /// <param name="uploads">The settings of uploads.</param>
    /// <param name="files">The options of the stores in which unfinished operations are checked.</param>
    /// <param name="loggers">Creates the logger.</param>
    /// <exception cref="UserErrorException">The journal cannot be used.</exception>
    public async Task<AccountRecords> OpenRecordsAsync(UploadPolicy uploads, LocalStoreOptions files, ILoggerFactory loggers)
    {
        try
        {
            _records = await AccountRecords.OpenAsync(
                new AccountRecordsOptions
                {
                    JournalDirectory = JournalDirectory,
                    Database = new SqlRecordDatabase(_database),
                    OpenStore = folder => OpenStore(folder, files),
                    RecordsEvents = true,
                    IsDurable = uploads.IsDurable,
                    Logger = loggers.CreateLogger<AccountRecords>(),
                },
                CancellationToken.None).ConfigureAwait(false);
            _records.Start();
            return _records;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(
                ExitCode.LocalFileError, $"cannot use the journal in {JournalDirectory}: {LocalErrorText.Describe(e)}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_records is not null)
        {
            await _records.DisposeAsync().ConfigureAwait(false);
        }

        _database.Dispose();
        lock (_stores)
        {
            foreach (LocalFileStore store in _stores.Values)
            {
                store.Dispose();
            }
        }
    }

    private LocalFileStore? OpenStore(string folder, LocalStoreOptions files)
    {
        lock (_stores)
        {
            if (!_stores.TryGetValue(folder, out LocalFileStore? store) && System.IO.Directory.Exists(folder))
            {
                _stores[folder] = store = new LocalFileStore(folder, files);
            }

            return store;
        }
    }
}
