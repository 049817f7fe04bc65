using Fts.Cli.Help;

namespace Fts.Administration.Events;

/// <summary>The <c>fts events</c> subcommand. Each of its actions has a file in this folder.</summary>
internal static class EventsCommand
{
    /// <summary>The subcommand.</summary>
    public static AdministrationCommand Command { get; } = new(
        "events",
        "Lists the events that the server could not deliver, and delivers events again.",
        [
            new HelpRow("fts events dead", "list the events that were not delivered"),
            new HelpRow("fts events replay --dead", "deliver them again"),
        ],
        [EventTargets.Action, DeadEvents.Action, EventReplay.Action]);
}
