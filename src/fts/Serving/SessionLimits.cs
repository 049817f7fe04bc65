using System.CommandLine;
using System.Globalization;
using Fts.Cli;
using Fts.Cli.Help;

namespace Fts.Serving;

/// <summary>The limits on the number of simultaneous sessions.</summary>
/// <param name="Sessions">The limit for all clients together.</param>
/// <param name="PerAddress">The limit for the clients of one IPv4 address or IPv6 /64 network.</param>
internal sealed record SessionLimits(int Sessions, int PerAddress)
{
    private const int DefaultSessions = 50_000, DefaultPerAddress = 100;

    private static readonly Option<string> SessionsOption = new DefaultedOption(
        "--max-sessions", () => DefaultSessions.ToString(CultureInfo.InvariantCulture))
    {
        HelpName = "N",
        Description = $"maximum number of sessions at the same time (default: {DefaultSessions})",
    };

    private static readonly Option<string> PerAddressOption = new DefaultedOption(
        "--max-sessions-per-address", () => DefaultPerAddress.ToString(CultureInfo.InvariantCulture))
    {
        HelpName = "N",
        Description = $"maximum number of sessions from one IPv4 address or IPv6 /64 network (default: {DefaultPerAddress})",
    };

    /// <summary>The options of the limits.</summary>
    public static OptionGroup CommandLineOptions { get; } = new("Limits", SessionsOption, PerAddressOption);

    /// <summary>Parses the options.</summary>
    /// <exception cref="UserErrorException">A value is not a whole number, or is less than 1.</exception>
    public static SessionLimits Parse(CommandLine line) =>
        new(ParseCount(line, SessionsOption, DefaultSessions), ParseCount(line, PerAddressOption, DefaultPerAddress));

    private static int ParseCount(CommandLine line, Option<string> option, int defaultCount)
    {
        if (line.GetValue(option) is not { } text)
        {
            return defaultCount;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0
            ? count
            : throw CommandLine.CreateUsageError($"{option.Name} {text}: must be a whole number, 1 or more");
    }
}
