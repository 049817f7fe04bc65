using System.CommandLine;
using Fts.Accounts.Recording;
using Fts.Accounts.Sql.Records;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Serving.Accounts;
using Fts.Storage.Local;
using Microsoft.Extensions.Logging;

namespace Fts.Serving;

/// <summary>
/// The quotas and events of <c>fts server</c>, in its state directory. Opened after the sandbox, because it starts threads. The caller
/// disposes it after the server and before the state directory.
/// </summary>
internal sealed class ServerRecords : IAsyncDisposable
{
    private readonly Dictionary<string, LocalFileStore> _stores = new(StringComparer.Ordinal);

    private ServerRecords()
    {
    }

    /// <summary>The option that records events. Quotas work without it.</summary>
    public static Option<bool> EventsOption { get; } = new("--events")
    {
        Description = "record logins, transfers and changes of files as events in the database",
    };

    /// <summary>The options of events.</summary>
    public static OptionGroup CommandLineOptions { get; } = new("Events", EventsOption);

    /// <summary>The quotas and events.</summary>
    public AccountRecords Records { get; private set; } = null!;

    /// <summary>Opens the journal, and recovers what a killed server left. Starts no background task.</summary>
    /// <param name="recordsEvents">Whether events are recorded.</param>
    /// <param name="state">The state directory, reserved for this server.</param>
    /// <param name="isDurable">Whether records are flushed to stable storage.</param>
    /// <param name="files">The options of the stores in which operations are checked and directories are counted.</param>
    /// <param name="eventsAdded">Called after events were added to the database, or null.</param>
    /// <param name="loggers">Creates the logger.</param>
    /// <exception cref="UserErrorException">The journal cannot be used.</exception>
    public static async Task<ServerRecords> OpenAsync(
        bool recordsEvents, StateDirectory state, bool isDurable, LocalStoreOptions files, Action? eventsAdded, ILoggerFactory loggers)
    {
        try
        {
            var opened = new ServerRecords();
            opened.Records = await AccountRecords.OpenAsync(
                new AccountRecordsOptions
                {
                    JournalDirectory = state.JournalPath,
                    Database = new SqlRecordDatabase(state.Database),
                    OpenStore = folder => opened.OpenStore(folder, files),
                    RecordsEvents = recordsEvents,
                    IsDurable = isDurable,
                    EventsAdded = eventsAdded,
                    Logger = loggers.CreateLogger<AccountRecords>(),
                },
                CancellationToken.None).ConfigureAwait(false);
            return opened;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(
                ExitCode.LocalFileError, $"cannot use the journal in {state.JournalPath}: {LocalErrorText.Describe(e)}");
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Records.DisposeAsync().ConfigureAwait(false);
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
            if (_stores.TryGetValue(folder, out LocalFileStore? store) && store.IsAtItsPath())
            {
                return store;
            }

            // A store of a folder that was moved or replaced may still be in use. Its finalizer closes the folder.
            _stores.Remove(folder);
            return Directory.Exists(folder) ? _stores[folder] = new LocalFileStore(folder, files) : null;
        }
    }
}
