using System.Globalization;
using Fts.Accounts.Sql.Delivery;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Protocol;

namespace Fts.Administration.Events;

/// <summary>The action <c>fts events targets</c>. It prints how many events each target must still receive.</summary>
internal static class EventTargets
{
    private static readonly SubcommandDefinition Definition = new("targets", 0, new HelpPage
    {
        Usage = ["fts events targets [options]"],
        Purpose = "Lists the targets of events, with the number of waiting events and of dead letters.",
        OptionGroups = [AdministrationCommand.OutputOptions, AdministrationCommand.StateOptions],
        ExitCodes = EventDatabase.ExitCodes,
    });

    public static AdministrationAction Action { get; } = new(Definition, "list the targets and their waiting events", Run);

    private static ExitCode Run(CommandLine line)
    {
        IReadOnlyList<TargetState> targets = EventDatabase.Run(line, null, database => database.ReadTargets());
        if (line.HasOption(AdministrationCommand.JsonOption))
        {
            AccountOutput.PrintJson(writer =>
            {
                writer.WriteStartArray();
                foreach (TargetState target in targets)
                {
                    writer.WriteStartObject();
                    writer.WriteString("target", target.Name);
                    writer.WriteNumber("pending", target.Pending);
                    writer.WriteNumber("dead", target.Dead);
                    if (target.OldestPending is { } oldest)
                    {
                        writer.WriteString("oldestPending", oldest.UtcDateTime);
                    }

                    if (target.LastError is { } error)
                    {
                        writer.WriteString("lastError", error);
                    }

                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            });
            return ExitCode.Success;
        }

        if (targets.Count == 0)
        {
            Terminal.Plain.WriteMessage("no server has delivered events");
            return ExitCode.Success;
        }

        AccountOutput.PrintTable(
        [
            ["TARGET", "PENDING", "DEAD", "OLDEST PENDING", "ERROR OF OLDEST PENDING"],
            .. targets.Select(target => new[]
            {
                target.Name, target.Pending.ToString(CultureInfo.InvariantCulture), target.Dead.ToString(CultureInfo.InvariantCulture),
                target.OldestPending is { } oldest ? DeadEvents.FormatTime(oldest) : "-", target.LastError?.ToPrintable() ?? "-",
            }),
        ]);
        return ExitCode.Success;
    }
}
