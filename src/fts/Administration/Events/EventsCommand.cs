using System.Globalization;
using Fts.Accounts.Events;
using Fts.Cli;
using Fts.Cli.Help;

namespace Fts.Administration.Events;

/// <summary>The <c>fts events</c> subcommand. It reads and checks the events that a server recorded.</summary>
internal static class EventsCommand
{
    private static readonly SubcommandDefinition ListDefinition = new("list", 0, new HelpPage
    {
        Usage = ["fts events list [options]"],
        Purpose = "Prints events, the oldest first: number, time (UTC), type, account and facts.",
        Examples =
        [
            new("fts events list --since 2h --type uploaded", "print the uploads of the last two hours"),
            new("fts events list --limit 0 --json", "print all events for a program"),
        ],
        OptionGroups = [EventOptions.ForList, AdministrationCommand.OutputOptions, AdministrationCommand.StateOptions],
        ExitCodes = EventAccess.ExitCodes,
        Notes =
        [
            $"The types are {EventOptions.TypeNames}.",
            "With --json, each line is an event as docs/events.schema.json describes it. Times without an offset are UTC.",
        ],
    });

    private static readonly SubcommandDefinition ShowDefinition = new("show", 1, new HelpPage
    {
        Usage = ["fts events show ID [options]"],
        Purpose = "Prints all facts of an event.",
        Arguments = [new("ID", "the number of the event, as fts events list prints it")],
        OptionGroups = [AdministrationCommand.OutputOptions, AdministrationCommand.StateOptions],
        ExitCodes = [.. EventAccess.ExitCodes, new("6", "no event has this number")],
    });

    private static readonly SubcommandDefinition VerifyDefinition = new("verify", 0, new HelpPage
    {
        Usage = ["fts events verify [options]"],
        Purpose = "Checks that no event was changed, removed, inserted or reordered.",
        OptionGroups = [AdministrationCommand.StateOptions],
        ExitCodes =
        [
            new("0", "the events are unchanged"),
            new("1", "an event was changed, removed, inserted or reordered; the output names the first one"),
            .. EventAccess.ExitCodes.Skip(1),
        ],
        Notes =
        [
            "Each event contains the hash of the event before. The command prints the hash of the last event. A person who can write the " +
            "database can replace all events. To find that, store the number and the hash elsewhere, and compare them with the hash that " +
            "fts events show prints later.",
        ],
    });

    /// <summary>The subcommand.</summary>
    public static AdministrationCommand Command { get; } = new(
        "events",
        "Prints, checks and delivers the events that a server with --events recorded.",
        [
            new("fts events list --since 2h", "print the events of the last two hours"),
            new("fts events verify", "check that no event was changed"),
            new("fts events replay --dead", "deliver again what could not be delivered"),
        ],
        [
            AdministrationAction.Create(ListDefinition, "print events", ListAsync),
            AdministrationAction.Create(ShowDefinition, "print all facts of an event", ShowAsync),
            AdministrationAction.Create(VerifyDefinition, "check that no event was changed", VerifyAsync),
            EventTargets.Action,
            DeadEvents.Action,
            EventReplay.Action,
            EventSkip.Action,
        ]);

    private static Task<ExitCode> ListAsync(CommandLine line)
    {
        EventFilter filter = EventOptions.Parse(line);
        return EventAccess.RunAsync(line, async access =>
        {
            await access.PrintAsync(filter, line.HasOption(AdministrationCommand.JsonOption));
            return ExitCode.Success;
        });
    }

    private static Task<ExitCode> ShowAsync(CommandLine line)
    {
        string text = AdministrationCommand.GetArgument(line, ShowDefinition, 0, "ID");
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long id))
        {
            throw CommandLine.CreateUsageError($"'{text}' is not the number of an event");
        }

        return EventAccess.RunAsync(line, async access =>
        {
            await foreach (StoredEvent stored in access.Events.ReadEventsAsync([id], CancellationToken.None))
            {
                Print(stored, line.HasOption(AdministrationCommand.JsonOption));
                return ExitCode.Success;
            }

            throw new UserErrorException(ExitCode.NotFound, $"no event has the number {text}", "fts events list");
        });
    }

    private static void Print(StoredEvent stored, bool isJson)
    {
        if (isJson)
        {
            new EventOutput(isJson: true, stored.Id).Print(stored);
            return;
        }

        foreach (string text in EventTable.FormatDetails(stored))
        {
            Terminal.Plain.WriteData(text);
        }
    }

    private static Task<ExitCode> VerifyAsync(CommandLine line) => EventAccess.RunAsync(line, async access =>
    {
        (EventChainFault? fault, EventChainHead head) = await access.Events.VerifyEventsAsync(CancellationToken.None);
        if (fault is not null)
        {
            Terminal.Plain.WriteData(string.Create(CultureInfo.InvariantCulture, $"event {fault.Id}: {fault.Problem}"));
            return ExitCode.OtherError;
        }

        Terminal.Plain.WriteData(head.Id == 0
            ? "no events"
            : string.Create(CultureInfo.InvariantCulture, $"{head.Id} event{(head.Id == 1 ? "" : "s")}, unchanged"));
        Terminal.Plain.WriteData($"last hash {Convert.ToHexStringLower(head.Hash)}");
        return ExitCode.Success;
    });
}
