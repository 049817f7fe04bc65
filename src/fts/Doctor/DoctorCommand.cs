using System.CommandLine;
using System.Globalization;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Cli.Help;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Doctor;

/// <summary><c>fts doctor HOST</c> checks a server step by step, and names the setting for each problem.</summary>
internal static class DoctorCommand
{
    private const string Usage = "fts doctor HOST[:PORT]|URL [options]";
    private const int DefaultTimeout = 10, DefaultConnections = 4, MaxConnections = 64, MaxTimeout = 600;

    /// <summary>The arguments, options and help page of <c>fts doctor</c>.</summary>
    public static SubcommandDefinition Definition => new DoctorOptions().Definition;

    /// <summary>Runs <c>fts doctor</c> and returns its exit code.</summary>
    /// <exception cref="UserErrorException">An option is invalid, a file cannot be read, or a password is missing.</exception>
    public static async Task<ExitCode> RunAsync(string[] args)
    {
        var options = new DoctorOptions();
        var line = new CommandLine(options.Definition, args);
        if (line.Arguments is not [var word])
        {
            throw CommandLine.CreateUsageError("the server is missing", null, Usage);
        }

        Terminal terminal = options.Connection.CreateTerminal(line);
        (Target target, bool hasPort) = DoctorSettings.ParseTarget(word, options.Connection.GetUser(line));
        await using ServerConnection connection = options.Connection.PrepareDiagnosis(line, target, terminal);
        var timeout = TimeSpan.FromSeconds(ParseNumber(line, options.Timeout, DefaultTimeout, MaxTimeout));
        var settings = new DoctorSettings(
            connection.Target, hasPort, connection.Client.Options, connection.Client.Options.Tls == FtpTlsMode.Preferred, timeout,
            line.HasOption(options.Write), ParseNumber(line, options.Connections, DefaultConnections, MaxConnections));
        int? columns = Console.IsOutputRedirected ? null : Terminal.Width;
        using var interrupts = new InterruptHandler();
        var report = new DoctorReport(terminal, connection.Target.ToString().ToPrintable(), JsonOutput.Current, columns);
        string? notChecked;
        try
        {
            notChecked = await new Diagnosis(settings, report).RunAsync(interrupts.BeginCommand());
        }
        catch (OperationCanceledException)
        {
            notChecked = "stopped before the end";
        }

        ExitCode exitCode = interrupts.EndCommand() ? interrupts.RequestedExit ?? ExitCode.Interrupted : report.ExitCode;
        report.Complete(exitCode, notChecked);
        return exitCode;
    }

    private static int ParseNumber(CommandLine line, Option<string> option, int defaultValue, int maximum)
    {
        if (line.GetValue(option) is not { } text)
        {
            return defaultValue;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number >= 1 && number <= maximum
            ? number
            : throw CommandLine.CreateUsageError($"{option.Name} {text}: must be a number from 1 to {maximum}");
    }

    /// <summary>The options of one run.</summary>
    private sealed class DoctorOptions
    {
        public ConnectionOptions Connection { get; } = new();

        public Option<bool> Json { get; } = new(JsonOutput.OptionName) { Description = JsonOutput.Description };

        public Option<bool> Write { get; } = new("--write")
        {
            Description = "also upload, download and remove a probe file, to measure speed, clock and hashes",
        };

        public Option<string> Timeout { get; } = new("--timeout")
        {
            HelpName = "SECONDS",
            Description = $"limit of each step; a check has about twice that time (default: {DefaultTimeout})",
        };

        public Option<string> Connections { get; } = new("--connections")
        {
            HelpName = "N",
            Description = $"number of simultaneous connections to try (default: {DefaultConnections})",
        };

        public SubcommandDefinition Definition => new("doctor", MaxArguments: 1, new HelpPage
        {
            Usage = [Usage],
            Purpose = "Checks a server step by step, and names the setting for each problem.",
            Examples =
            [
                new("fts doctor files.example.com", "try the ports 21, 65432 and 990, and check the server"),
                new("fts doctor 192.168.1.5:2121 --user ann --write", "also measure with a probe file, which is removed"),
                new("fts doctor ftp://files.example.com/pub/big.iso", "also measure the speed with a file of the server"),
            ],
            Arguments =
            [
                new("HOST, HOST:PORT", "the server; an IPv6 address with a port goes in brackets"),
                new("URL", "ftp://user@host:port/path, to check in a folder or with a file"),
            ],
            OptionGroups = [new OptionGroup("Checks", Write, Connections, Timeout, Json), .. Connection.GetDiagnosisOptions()],
            ExitCodes =
            [
                new("0", "no problem; there may be notes"),
                new("2", "usage error"),
                new("3, 4, 5, 6, 8, …", "the first problem: connection, login, TLS or trust, path, data connections"),
                new("130", "interrupted (Ctrl-C), after a partial report"),
            ],
            Notes =
            [
                "Each check prints one verdict: ok, note or problem, what was measured, and the setting to use. A note is something to " +
                "know; fts works with it.",
                "Without --write, the command changes nothing on the server. It stores no keys on this machine.",
                ConnectionOptions.PasswordNote,
            ],
        });
    }
}
