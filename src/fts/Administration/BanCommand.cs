using System.CommandLine;
using System.Text.Json;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Serving;
using Fts.Serving.Accounts;
using Fts.Serving.Control;

namespace Fts.Administration;

/// <summary>The <c>fts ban</c> subcommand. It lists and changes the bans, whether a server runs or not.</summary>
internal static class BanCommand
{
    private const string DefaultReason = "banned by the administrator";

    private static readonly Option<string> ReasonOption = new("--reason")
    {
        HelpName = "TEXT",
        Description = "reason for the ban, which fts ban list shows; clients do not receive it",
    };

    private static readonly Option<string> TimeOption = new("--time")
    {
        HelpName = "TIME",
        Description = "duration of the ban: 90s, 15m, 2h, 7d (default: until it is removed)",
    };

    private static readonly Option<bool> JsonOption = new("--json") { Description = "list, show: print JSON" };

    /// <summary>The arguments, options and help page of <c>fts ban</c>.</summary>
    public static SubcommandDefinition Definition { get; } = new("ban", 2, new HelpPage
    {
        Usage = ["fts ban list", "fts ban show SUBJECT", "fts ban add SUBJECT", "fts ban remove SUBJECT"],
        Purpose = "Lists and changes the addresses and accounts whose logins the server refuses.",
        Examples =
        [
            new("fts ban list", "list the bans, with their ends and reasons"),
            new("fts ban add 203.0.113.0/24 --reason 'port scans' --time 7d", "refuse all connections from a network for a week"),
            new("fts ban remove ann@192.0.2.7", "let ann log in from this address again"),
        ],
        Arguments =
        [
            new("SUBJECT", "an address, a network, or an account at an address (ann@192.0.2.7); an IPv6 address means its /64 network"),
        ],
        OptionGroups = [new OptionGroup("Options", ReasonOption, TimeOption, JsonOption, StateDirectory.PathOption)],
        ExitCodes =
        [
            new("0", "success"),
            new("1", "the bans cannot be read or written"),
            new("2", "usage error"),
            new("3", "the state directory is not that of a server"),
            new("6", "the subject is not banned"),
            new("7", "the server belongs to another user"),
        ],
        Notes =
        [
            "Connections from a banned address or network receive reply 421. A login of an account that is banned at its address " +
            "receives the reply to a wrong password, and the password is not checked. No login attempt changes a ban.",
            "A ban of fts ban add also ends the open sessions to which it applies. The server adds bans after failed logins, " +
            "see --ban-after in fts help server.",
        ],
    });

    /// <summary>Runs <c>fts ban</c> and returns its exit code.</summary>
    /// <exception cref="UserErrorException">An argument is invalid, or the bans cannot be read or changed.</exception>
    public static async Task<ExitCode> RunAsync(string[] args)
    {
        var line = new CommandLine(Definition, args);
        try
        {
            await (line.Arguments switch
            {
                [] or ["list"] => ListAsync(line),
                ["show", var subject] => ShowAsync(line, subject),
                ["add", var subject] => AddAsync(line, subject),
                ["remove", var subject] => RemoveAsync(line, subject),
                var words => throw CommandLine.CreateUsageError(
                    $"ban {string.Join(' ', words)}: unknown or incomplete command", null, Definition.Usage),
            });
            Terminal.Plain.Flush();
            return ExitCode.Success;
        }
        catch (ControlException e)
        {
            throw ServerAccess.Translate(e);
        }
        catch (IOException e)
        {
            throw new UserErrorException(ExitCode.OtherError, e.Message);
        }
    }

    private static async Task ListAsync(CommandLine line)
    {
        using BanAccess access = BanAccess.Open(StateDirectory.GetPath(line));
        IReadOnlyList<BanStatus> bans = await access.ListAsync(CancellationToken.None);
        IEnumerable<string> lines = line.HasOption(JsonOption)
            ? [JsonSerializer.Serialize(new BanListResult(bans), ControlJson.Default.BanListResult)]
            : BanTable.Format(bans, DateTimeOffset.UtcNow);
        Write(lines);
    }

    private static async Task ShowAsync(CommandLine line, string subject)
    {
        string canonical = BanRequests.ParseSubject(subject).ToString();
        using BanAccess access = BanAccess.Open(StateDirectory.GetPath(line));
        IReadOnlyList<BanStatus> bans = await access.ListAsync(CancellationToken.None);
        BanStatus ban = bans.FirstOrDefault(ban => ban.Subject == canonical)
            ?? throw BanRequests.CreateNotFound(canonical, bans.Select(ban => ban.Subject));
        Write(line.HasOption(JsonOption) ? [JsonSerializer.Serialize(ban, ControlJson.Default.BanStatus)] : BanTable.FormatDetails(ban));
    }

    private static async Task AddAsync(CommandLine line, string subject)
    {
        string canonical = BanRequests.ParseSubject(subject).ToString();
        DateTimeOffset? until = line.GetValue(TimeOption) is { } time
            ? DateTimeOffset.UtcNow + Defences.ParseTime(TimeOption.Name, time)
            : null;
        using BanAccess access = BanAccess.Open(StateDirectory.GetPath(line));
        var parameters = new BanAddParameters(canonical, line.GetValue(ReasonOption) ?? DefaultReason, until);
        int ended = await access.AddAsync(parameters, CancellationToken.None);
        Write([ended == 0 ? $"banned {canonical}" : $"banned {canonical}, and ended {ended} session{(ended == 1 ? "" : "s")}"]);
    }

    private static async Task RemoveAsync(CommandLine line, string subject)
    {
        string canonical = BanRequests.ParseSubject(subject).ToString();
        using BanAccess access = BanAccess.Open(StateDirectory.GetPath(line));
        await access.RemoveAsync(canonical, CancellationToken.None);
        Write([$"removed the ban of {canonical}"]);
    }

    private static void Write(IEnumerable<string> lines)
    {
        foreach (string text in lines)
        {
            Terminal.Plain.WriteData(text);
        }
    }
}
