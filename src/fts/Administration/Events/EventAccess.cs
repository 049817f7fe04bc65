using System.Net.Sockets;
using Fts.Accounts.Events;
using Fts.Accounts.Recording;
using Fts.Accounts.Settings;
using Fts.Accounts.Sql.Records;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Serving.Accounts;
using Fts.Serving.Control;

namespace Fts.Administration.Events;

/// <summary>Reads the events of a state directory, whether a server runs or not. The caller disposes this object.</summary>
internal sealed class EventAccess : IDisposable
{
    private readonly StateDirectory _state;

    private EventAccess(StateDirectory state) => (_state, Events) = (state, new SqlRecordDatabase(state.Database));

    /// <summary>The exit codes of all commands that read events.</summary>
    public static IReadOnlyList<HelpRow> ExitCodes { get; } =
    [
        new("0", "success"),
        new("2", "usage error"),
        new("3", "no server has used the state directory"),
        new("11", "the database cannot be used"),
    ];

    /// <summary>The events in the database.</summary>
    public SqlRecordDatabase Events { get; }

    /// <summary>Runs a command on the events of the state directory. Its errors are errors for the user.</summary>
    /// <exception cref="UserErrorException">The directory has no database, or the database cannot be used.</exception>
    public static async Task<ExitCode> RunAsync(CommandLine line, Func<EventAccess, Task<ExitCode>> command)
    {
        string path = StateDirectory.GetPath(line);
        if (!StateDirectory.HasDatabase(path))
        {
            throw new UserErrorException(
                ExitCode.CannotConnect,
                $"no server has used the state directory {path}", "--state DIR, to name the state directory of the server");
        }

        using var access = new EventAccess(StateDirectory.Open(path));
        try
        {
            await access.CompleteAsync();
            ExitCode code = await command(access);
            Terminal.Plain.Flush();
            return code;
        }
        catch (AccountDatabaseException e)
        {
            throw StateDirectory.CreateError(e);
        }
    }

    /// <summary>Prints the selected events, as JSON or as text.</summary>
    public async Task PrintAsync(EventFilter filter, bool isJson)
    {
        EventSelection selection = await Events.FindEventsAsync(filter, CancellationToken.None);
        var output = new EventOutput(isJson, lastId: selection.Ids.Count == 0 ? 0 : selection.Ids[^1]);
        await foreach (StoredEvent stored in Events.ReadEventsAsync(selection.Ids, CancellationToken.None))
        {
            output.Print(stored);
        }

        if (selection.HasOlder)
        {
            Terminal.Plain.WriteMessage("older events exist; --limit 0 prints all");
        }
        else if (selection.Ids.Count == 0)
        {
            EventChainHead head = await Events.ReadHeadAsync(CancellationToken.None);
            Terminal.Plain.WriteMessage(
                head.Id > 0 ? "no such events" : $"no events in {_state.Path}; fts server --events records them");
        }
    }

    public void Dispose() => _state.Dispose();

    /// <summary>
    /// Lets a running server write the events that it recorded up to now to the database. Prints a note about events that a killed server
    /// left in its journal.
    /// </summary>
    private async ValueTask CompleteAsync()
    {
        try
        {
            using ControlClient? client = ControlClient.TryConnect(_state.Path);
            if (client is not null)
            {
                await client.SendAsync(
                    "flush", new ControlNothing(), ControlJson.Default.ControlNothing, ControlJson.Default.ControlNothing,
                    CancellationToken.None);
                return;
            }
        }
        catch (Exception e) when (e is SocketException or ControlException)
        {
            return; // the server writes them within a second
        }

        try
        {
            RecordState state = await Events.ReadStateAsync(CancellationToken.None);
            if (AccountRecords.CountPending(_state.JournalPath, state.FoldedThrough) is > 0 and int count)
            {
                Terminal.Plain.WriteMessage(
                    $"note: a killed server left {count} record{(count == 1 ? "" : "s")} in its journal; the next start adds their events");
            }
        }
        catch (Exception e) when (e is UnauthorizedAccessException || (e is IOException and not AccountDatabaseException))
        {
            Terminal.Plain.WriteMessage($"note: cannot read the journal {_state.JournalPath}: {LocalErrorText.Describe(e)}");
        }
    }
}
