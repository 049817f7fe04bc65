using System.Globalization;
using System.Text.Json;
using Fts.Accounts.Events;
using Fts.Accounts.Sql.Delivery;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Protocol;

namespace Fts.Administration.Events;

/// <summary>The action <c>fts events dead</c>. It lists the dead letters.</summary>
internal static class DeadEvents
{
    private static readonly SubcommandDefinition Definition = new("dead", 0, new HelpPage
    {
        Usage = ["fts events dead [options]"],
        Purpose = "Lists the dead letters: events that a target did not accept in the permitted number of deliveries.",
        OptionGroups =
        [
            new OptionGroup("Selection", EventDatabase.TargetOption), AdministrationCommand.OutputOptions,
            AdministrationCommand.StateOptions,
        ],
        ExitCodes = EventDatabase.ExitCodes,
        Notes = ["fts events replay --dead delivers them again."],
    });

    public static AdministrationAction Action { get; } = new(Definition, "list the events that were not delivered", Run);

    /// <summary>Returns a time in UTC, to the second.</summary>
    public static string FormatTime(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static ExitCode Run(CommandLine line)
    {
        string? target = line.GetValue(EventDatabase.TargetOption);
        IReadOnlyList<DeadLetter> letters = EventDatabase.Run(line, target, database => database.ReadDead(target));
        if (line.HasOption(AdministrationCommand.JsonOption))
        {
            AccountOutput.PrintJson(writer =>
            {
                writer.WriteStartArray();
                foreach (DeadLetter letter in letters)
                {
                    Write(writer, letter);
                }

                writer.WriteEndArray();
            });
            return ExitCode.Success;
        }

        if (letters.Count == 0)
        {
            Terminal.Plain.WriteMessage("no dead letters");
            return ExitCode.Success;
        }

        AccountOutput.PrintTable(
        [
            ["ID", "TARGET", "TYPE", "ACCOUNT", "FAILED AT", "ATTEMPTS", "ERROR"],
            .. letters.Select(letter => new[]
            {
                letter.Stored.Id.ToString(CultureInfo.InvariantCulture), letter.Target, EventTypes.GetName(letter.Stored.Event.Type),
                letter.Stored.Event.Account?.ToPrintable() ?? "-", FormatTime(letter.FailedAt),
                letter.Attempts.ToString(CultureInfo.InvariantCulture), letter.Error.ToPrintable(),
            }),
        ]);
        return ExitCode.Success;
    }

    private static void Write(Utf8JsonWriter writer, DeadLetter letter)
    {
        writer.WriteStartObject();
        writer.WriteString("target", letter.Target);
        writer.WriteNumber("attempts", letter.Attempts);
        writer.WriteString("failedAt", letter.FailedAt.UtcDateTime);
        writer.WriteString("error", letter.Error);
        writer.WritePropertyName("event");
        writer.WriteRawValue(EventPayload.Serialize(letter.Stored));
        writer.WriteEndObject();
    }
}
