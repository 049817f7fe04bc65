using System.CommandLine;
using System.Globalization;
using System.Net;
using Fts.Accounts.Bans;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Server;

namespace Fts.Serving;

/// <summary>The settings of bans and of the rates of new connections.</summary>
/// <param name="MaxFailures">The number of failed logins after which an account is banned at an address. 0 for no automatic bans.</param>
/// <param name="BanTime">How long an automatic ban lasts.</param>
/// <param name="NeverBanned">The networks to which no ban applies, in addition to loopback.</param>
/// <param name="ConnectionsPerSecond">The maximum number of new connections per second. 0 for no limit.</param>
/// <param name="ConnectionsPerSecondPerAddress">The maximum number of new connections per second from one address. 0 for no limit.</param>
internal sealed record Defences(
    int MaxFailures, TimeSpan BanTime, IReadOnlyList<IPNetwork> NeverBanned, int ConnectionsPerSecond, int ConnectionsPerSecondPerAddress)
{
    /// <summary>An address is banned after this many times the failures of an account, because many users can share an address.</summary>
    private const int AddressFactor = 5;

    private const int DefaultMaxFailures = 10, MaxMaxFailures = 200, DefaultConnections = 1_000, DefaultPerAddress = 50;

    private static readonly Option<string> BanAfterOption = new DefaultedOption(
        "--ban-after", () => DefaultMaxFailures.ToString(CultureInfo.InvariantCulture))
    {
        HelpName = "N",
        Description = "failed logins within an hour after which an account is banned at the client's address; five times as many " +
            $"different ones ban the address (default: {DefaultMaxFailures}; 0: no automatic bans)",
    };

    private static readonly Option<string> BanTimeOption = new DefaultedOption("--ban-time", () => "15m")
    {
        HelpName = "TIME",
        Description = "duration of an automatic ban: 90s, 15m (default), 2h, 7d",
    };

    private static readonly Option<string[]> NeverBanOption = new("--never-ban")
    {
        HelpName = "NETWORK",
        Description = "address or network that is never banned, such as 10.0.0.0/8; loopback is never banned",
    };

    private static readonly Option<string> ConnectionsOption = new DefaultedOption(
        "--max-connection-rate", () => DefaultConnections.ToString(CultureInfo.InvariantCulture))
    {
        HelpName = "N",
        Description = $"maximum number of new connections per second (default: {DefaultConnections}; 0: no limit)",
    };

    private static readonly Option<string> PerAddressOption = new DefaultedOption(
        "--max-connection-rate-per-address", () => DefaultPerAddress.ToString(CultureInfo.InvariantCulture))
    {
        HelpName = "N",
        Description = "maximum number of new connections per second from one IPv4 address or IPv6 /64 network " +
            $"(default: {DefaultPerAddress}; 0: no limit)",
    };

    /// <summary>The options of bans and rates.</summary>
    public static OptionGroup CommandLineOptions { get; } =
        new("Defences", BanAfterOption, BanTimeOption, NeverBanOption, ConnectionsOption, PerAddressOption);

    /// <summary>Parses the options.</summary>
    /// <exception cref="UserErrorException">A value is invalid.</exception>
    public static Defences Parse(CommandLine line) => new(
        ParseCount(line, BanAfterOption, DefaultMaxFailures, MaxMaxFailures),
        line.GetValue(BanTimeOption) is { } time ? ParseTime(BanTimeOption.Name, time) : TimeSpan.FromMinutes(15),
        [.. line.GetValues(NeverBanOption).Select(text => NetworkSettings.ParseNetwork(NeverBanOption.Name, text, text))],
        ParseCount(line, ConnectionsOption, DefaultConnections, 1_000_000),
        ParseCount(line, PerAddressOption, DefaultPerAddress, 1_000_000));

    /// <summary>Returns the options of bans for the server.</summary>
    /// <param name="store">The store of the bans, or null to keep them in memory.</param>
    public FtpBanOptions CreateBanOptions(IBanStore? store)
    {
        var options = new FtpBanOptions();
        return options with
        {
            MaxFailuresPerAccount = MaxFailures,
            MaxFailuresPerAddress = MaxFailures * AddressFactor,
            Duration = BanTime,
            NeverBanned = [.. options.NeverBanned, .. NeverBanned],
            Store = store,
        };
    }

    /// <summary>Parses a time such as <c>90s</c>, <c>15m</c>, <c>2h</c> or <c>7d</c>.</summary>
    /// <param name="option">The option, for the message.</param>
    /// <param name="text">The value.</param>
    /// <exception cref="UserErrorException">The text is not a time.</exception>
    public static TimeSpan ParseTime(string option, string text) => TryParseTime(text, out TimeSpan time)
        ? time
        : throw CommandLine.CreateUsageError($"{option} {text}: must be a time like 90s, 15m, 2h or 7d");

    /// <summary>Parses a time such as <c>90s</c>, <c>15m</c>, <c>2h</c> or <c>7d</c>. Returns false if the text is not a time.</summary>
    public static bool TryParseTime(string text, out TimeSpan time)
    {
        TimeSpan unit = text.AsSpan(Math.Max(0, text.Length - 1)) switch
        {
            "s" => TimeSpan.FromSeconds(1),
            "m" => TimeSpan.FromMinutes(1),
            "h" => TimeSpan.FromHours(1),
            "d" => TimeSpan.FromDays(1),
            _ => TimeSpan.Zero,
        };
        ushort count = 0;
        bool isTime = unit > TimeSpan.Zero
            && ushort.TryParse(text.AsSpan(..^1), NumberStyles.None, CultureInfo.InvariantCulture, out count) && count > 0;
        time = count * unit;
        return isTime;
    }

    private static int ParseCount(CommandLine line, Option<string> option, int defaultCount, int maximum)
    {
        if (line.GetValue(option) is not { } text)
        {
            return defaultCount;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count <= maximum
            ? count
            : throw CommandLine.CreateUsageError($"{option.Name} {text}: must be a whole number from 0 to {maximum}");
    }
}
