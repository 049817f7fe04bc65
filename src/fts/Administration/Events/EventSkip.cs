using System.CommandLine;
using System.Globalization;
using Fts.Cli;
using Fts.Cli.Help;

namespace Fts.Administration.Events;

/// <summary>The action <c>fts events skip</c>. It discards the deliveries that a target still waits for.</summary>
internal static class EventSkip
{
    private static readonly Option<string> BeforeOption = new("--before")
    {
        HelpName = "TIME",
        Description = "only events before a time, such as 2026-11-30T14:00Z, or older than a duration, such as 2h or 7d",
    };

    private static readonly SubcommandDefinition Definition = new("skip", 0, new HelpPage
    {
        Usage = ["fts events skip --target TARGET [--before TIME] [options]"],
        Purpose = "Discards the events that a target must still receive. The events stay recorded.",
        Examples =
        [
            new("fts events skip --target program", "do not deliver the waiting events to a new program"),
            new("fts events skip --target webhook --before 7d", "discard what is older than a week"),
        ],
        OptionGroups =
        [
            new OptionGroup("Selection", EventDatabase.TargetOption, BeforeOption), AdministrationCommand.StateOptions,
        ],
        ExitCodes = EventDatabase.ExitCodes,
        Notes =
        [
            "A running server notices the change at once. Dead letters stay. fts events replay delivers skipped events after all. " +
            "Times without an offset are UTC.",
        ],
    });

    public static AdministrationAction Action { get; } = new(Definition, "discard the events that wait for a target", Run);

    private static ExitCode Run(CommandLine line)
    {
        string target = line.GetValue(EventDatabase.TargetOption)
            ?? throw CommandLine.CreateUsageError($"skip: {EventDatabase.TargetOption.Name} is missing", null, Definition.Usage);
        DateTimeOffset? before = line.GetValue(BeforeOption) is { } time ? EventTime.Parse(BeforeOption.Name, time) : null;
        long count = EventDatabase.Run(line, target, database => database.Skip(target, before));
        Terminal.Plain.WriteData(string.Create(
            CultureInfo.InvariantCulture, $"{count} {(count == 1 ? "delivery" : "deliveries")} discarded"));
        return ExitCode.Success;
    }
}
