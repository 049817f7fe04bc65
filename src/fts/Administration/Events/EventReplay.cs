using System.CommandLine;
using System.Globalization;
using Fts.Accounts.Sql.Delivery;
using Fts.Cli;
using Fts.Cli.Help;

namespace Fts.Administration.Events;

/// <summary>The action <c>fts events replay</c>. It delivers stored events again.</summary>
internal static class EventReplay
{
    private static readonly Option<string> SinceOption = new("--since")
    {
        HelpName = "TIME",
        Description = "events since a time, such as 2026-11-30 or 2026-11-30T14:00Z, or within a duration, such as 2h or 7d",
    };

    private static readonly Option<string> IdOption = new("--id") { HelpName = "ID", Description = "the event with this number" };

    private static readonly Option<bool> DeadOption = new("--dead") { Description = "dead letters only" };

    private static readonly SubcommandDefinition Definition = new("replay", 0, new HelpPage
    {
        Usage = ["fts events replay [--since TIME] [--id ID] [--dead] [options]"],
        Purpose = "Delivers events again. A running server starts within a second, otherwise the next one does.",
        Examples =
        [
            new("fts events replay --dead", "deliver all dead letters again"),
            new("fts events replay --since 2h --target webhook", "send the events of the last two hours to the web hook again"),
        ],
        OptionGroups =
        [
            new OptionGroup("Selection", SinceOption, IdOption, DeadOption, EventDatabase.TargetOption),
            AdministrationCommand.StateOptions,
        ],
        ExitCodes = EventDatabase.ExitCodes,
        Notes =
        [
            "An event must meet all given conditions; at least one is needed besides --target. Times without an offset are UTC. " +
            "The events of each account are delivered in their order, before those that already wait.",
        ],
    });

    public static AdministrationAction Action { get; } = new(Definition, "deliver events again", Run);

    private static ExitCode Run(CommandLine line)
    {
        var selection = new ReplaySelection
        {
            Target = line.GetValue(EventDatabase.TargetOption),
            Id = line.GetValue(IdOption) is { } id ? ParseId(id) : null,
            Since = line.GetValue(SinceOption) is { } since ? EventTime.Parse(SinceOption.Name, since) : null,
            IsDeadOnly = line.HasOption(DeadOption),
        };
        if (selection is { Id: null, Since: null, IsDeadOnly: false })
        {
            throw CommandLine.CreateUsageError("replay: --since, --id or --dead is missing", null, Definition.Usage);
        }

        int count = EventDatabase.Run(line, selection.Target, database => database.Replay(selection, TimeProvider.System.GetUtcNow()));
        if (count == 0 && selection.Id is { } missing)
        {
            throw new UserErrorException(
                ExitCode.NotFound,
                string.Create(CultureInfo.InvariantCulture, $"no event has the number {missing}, or no target delivers it"),
                "fts events list");
        }

        Terminal.Plain.WriteData(string.Create(
            CultureInfo.InvariantCulture, $"{count} {(count == 1 ? "delivery" : "deliveries")} will be made"));
        return ExitCode.Success;
    }

    private static long ParseId(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long id) && id > 0
            ? id
            : throw CommandLine.CreateUsageError($"{IdOption.Name} {text}: must be the number of an event");
}
