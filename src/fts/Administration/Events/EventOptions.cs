using System.CommandLine;
using System.Globalization;
using System.Net;
using Fts.Accounts.Events;
using Fts.Cli;
using Fts.Cli.Help;

namespace Fts.Administration.Events;

/// <summary>The options that select events.</summary>
internal static class EventOptions
{
    private const int DefaultLimit = 100;

    private static readonly Option<string> SinceOption = new("--since")
    {
        HelpName = "TIME",
        Description = "only events at or after a time: 2027-01-31, 2027-01-31T12:00Z, or 15m, 2h, 7d before now",
    };

    private static readonly Option<string> UntilOption = new("--until")
    {
        HelpName = "TIME",
        Description = "only events before a time",
    };

    private static readonly Option<string> LimitOption = new("--limit")
    {
        HelpName = "N",
        Description = $"print only the newest N events (default: {DefaultLimit}; 0: all)",
    };

    private static readonly Option<string> FromOption = new("--from")
    {
        HelpName = "IP",
        Description = "only events of clients with this address",
    };

    private static readonly Option<string> UserOption = new("--user")
    {
        HelpName = "NAME",
        Description = "only events of this account",
    };

    private static readonly Option<string[]> TypeOption = new("--type")
    {
        HelpName = "TYPE",
        Description = "only events of this type, such as uploaded or login_failed",
    };

    /// <summary>The options of <c>fts events list</c>.</summary>
    public static OptionGroup ForList { get; } = new("Selection", SinceOption, UntilOption, UserOption, TypeOption, LimitOption);

    /// <summary>The options of <c>fts log</c>.</summary>
    public static OptionGroup ForLog { get; } = new("Selection", UserOption, FromOption, SinceOption, UntilOption, LimitOption);

    /// <summary>The names of all types, for help pages.</summary>
    public static string TypeNames { get; } = string.Join(", ", Enum.GetValues<EventType>().Select(EventTypes.GetName));

    /// <summary>Returns the selection of the command line, without a path.</summary>
    /// <exception cref="UserErrorException">A value is invalid.</exception>
    public static EventFilter Parse(CommandLine line) => new()
    {
        Since = line.GetValue(SinceOption) is { } since ? EventTime.Parse(SinceOption.Name, since) : null,
        Until = line.GetValue(UntilOption) is { } until ? EventTime.Parse(UntilOption.Name, until) : null,
        Account = line.GetValue(UserOption) is { } account ? AccountEvent.EscapeText(account) : null,
        Address = line.GetValue(FromOption) is { } address ? ParseAddress(address) : null,
        Types = [.. line.GetValues(TypeOption).Select(ParseType)],
        Limit = ParseLimit(line.GetValue(LimitOption)),
    };

    private static EventType ParseType(string name) => EventTypes.Find(name) ?? throw CommandLine.CreateUsageError(
        $"{TypeOption.Name} {name}: no such type",
        SpellingSuggestion.FindNearest(name, Enum.GetValues<EventType>().Select(EventTypes.GetName)));

    private static IPAddress ParseAddress(string text) =>
        // IPAddress.TryParse reads "1" as 0.0.0.1.
        (text.Contains(':') || text.Count(character => character == '.') == 3) && IPAddress.TryParse(text, out IPAddress? address)
            ? address
            : throw CommandLine.CreateUsageError($"{FromOption.Name} {text}: must be an IP address");

    private static int? ParseLimit(string? text)
    {
        if (text is null)
        {
            return DefaultLimit;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit)
            ? limit == 0 ? null : limit
            : throw CommandLine.CreateUsageError($"{LimitOption.Name} {text}: must be a whole number, or 0 for all events");
    }
}
