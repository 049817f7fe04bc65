using System.CommandLine;
using System.Globalization;
using System.Text;
using Fts.Accounts.Delivery;
using Fts.Accounts.Events;
using Fts.Cli.Help;
using Fts.Cli;
using Fts.Protocol;
using Fts.Storage.Local;

namespace Fts.Serving.Delivery;

/// <summary>The settings of the delivery of events.</summary>
/// <param name="Command">The full path of the program and its arguments. Empty for no program.</param>
/// <param name="TimeLimit">The time limit of the program.</param>
/// <param name="Webhook">The address of the web hook, or null for none.</param>
/// <param name="SecretFile">The full path of the file with the secret of the web hook, or null if a variable contains it.</param>
/// <param name="Types">The types of events that are delivered. Empty for all.</param>
/// <param name="MaxAttempts">The number of deliveries after which an event is a dead letter.</param>
internal sealed record DeliverySettings(
    IReadOnlyList<string> Command, TimeSpan TimeLimit, Uri? Webhook, string? SecretFile, IReadOnlyList<EventType> Types, int MaxAttempts)
{
    /// <summary>The environment variable with the secret of the web hook.</summary>
    public const string SecretVariable = "FTS_WEBHOOK_SECRET";

    private const int MinSecretLength = 16, MaxSecretLength = 4096, MaxMaxAttempts = 1_000_000;

    private static readonly Option<string[]> CommandOption = new("--on-event")
    {
        HelpName = "WORD",
        Description = "program to run for each event, which it reads as JSON from standard input; the further values are its arguments",
    };

    private static readonly Option<string> TimeLimitOption = new DefaultedOption("--on-event-timeout", () => "60s")
    {
        HelpName = "TIME",
        Description = "time limit of the program: 10s, 60s (default), 5m",
    };

    private static readonly Option<string> WebhookOption = new("--webhook")
    {
        HelpName = "URL",
        Description = "web address to which each event is sent (POST) as JSON",
    };

    private static readonly Option<string> SecretOption = new("--webhook-secret-file")
    {
        HelpName = "FILE",
        Description = $"file with the secret that signs the requests; without it, {SecretVariable} contains the secret",
    };

    private static readonly Option<string[]> TypeOption = new("--event-type")
    {
        HelpName = "TYPE",
        Description = "deliver only events of this type, such as uploaded",
    };

    private static readonly Option<string> AttemptsOption = new DefaultedOption(
        "--event-attempts", () => DeliverySchedule.DefaultMaxAttempts.ToString(CultureInfo.InvariantCulture))
    {
        HelpName = "N",
        Description = $"deliveries after which an event is a dead letter (default: {DeliverySchedule.DefaultMaxAttempts}, about one day)",
    };

    /// <summary>The options of the delivery.</summary>
    public static OptionGroup CommandLineOptions { get; } = new(
        "Delivery of events", CommandOption, TimeLimitOption, WebhookOption, SecretOption, TypeOption, AttemptsOption);

    /// <summary>Whether events are delivered.</summary>
    public bool IsOn => Command.Count > 0 || Webhook is not null;

    /// <summary>The names of the targets.</summary>
    public IEnumerable<string> TargetNames
    {
        get
        {
            if (Command.Count > 0)
            {
                yield return ServerDelivery.ProgramName;
            }

            if (Webhook is not null)
            {
                yield return ServerDelivery.WebhookName;
            }
        }
    }

    /// <summary>The program and the file of the secret. Clients must not reach them.</summary>
    public IReadOnlyList<string> Files => [.. Command.Take(1), .. SecretFile is null ? Array.Empty<string>() : [SecretFile]];

    /// <summary>The targets for the start screen. The query of an address can contain secrets and is omitted.</summary>
    public IEnumerable<string> Descriptions =>
    [
        .. Command.Take(1).Select(program => program.ToPrintable()),
        .. Webhook is null ? Array.Empty<string>() : [Webhook.GetLeftPart(UriPartial.Path).ToPrintable()],
    ];

    /// <summary>Parses the options.</summary>
    /// <exception cref="UserErrorException">A value is invalid, or an option needs another option that is not given.</exception>
    public static DeliverySettings Parse(CommandLine line)
    {
        string[] command = [.. line.GetValues(CommandOption)];
        var settings = new DeliverySettings(
            command.Length == 0 ? [] : [ParseProgram(command[0]), .. command[1..]],
            line.GetValue(TimeLimitOption) is { } time ? Defences.ParseTime(TimeLimitOption.Name, time) : TimeSpan.FromSeconds(60),
            line.GetValue(WebhookOption) is { } url ? ParseUrl(url) : null,
            line.GetValue(SecretOption) is { } file ? Path.GetFullPath(file) : null,
            [.. line.GetValues(TypeOption).Select(ParseType).Distinct()],
            line.GetValue(AttemptsOption) is { } attempts ? ParseAttempts(attempts) : DeliverySchedule.DefaultMaxAttempts);
        Require(line, TimeLimitOption, settings.Command.Count > 0, CommandOption.Name);
        Require(line, SecretOption, settings.Webhook is not null, WebhookOption.Name);
        Require(line, TypeOption, settings.IsOn, $"{CommandOption.Name} or {WebhookOption.Name}");
        Require(line, AttemptsOption, settings.IsOn, $"{CommandOption.Name} or {WebhookOption.Name}");
        if (settings.IsOn && !line.HasOption(ServerRecords.EventsOption))
        {
            Option option = settings.Command.Count > 0 ? CommandOption : WebhookOption;
            throw CommandLine.CreateUsageError($"{option.Name} needs {ServerRecords.EventsOption.Name}");
        }

        return settings.IsOn && !OperatingSystem.IsLinux()
            ? throw CommandLine.CreateUsageError($"{CommandOption.Name} and {WebhookOption.Name} need Linux")
            : settings;
    }

    /// <summary>
    /// Checks that the program can be run and that nobody can replace it through the server, and returns the secret of the web hook, or
    /// null if there is no web hook. Must precede the sandbox.
    /// </summary>
    /// <param name="writableFolders">The folders that the server can write.</param>
    /// <exception cref="UserErrorException">The program or the secret cannot be used.</exception>
    public byte[]? CheckFiles(IEnumerable<string> writableFolders)
    {
        if (Command.Count > 0)
        {
            CheckProgram(Command[0]);
            string[] folders = [.. writableFolders.Select(LocalPath.ResolveLinks)];
            foreach (string file in Command.Where(word => word.StartsWith('/') && File.Exists(word)))
            {
                CheckLocation(file, folders);
            }
        }

        return Webhook is null ? null : ReadSecret();
    }

    private static void CheckProgram(string program)
    {
        const UnixFileMode executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        string reason = !File.Exists(program) ? "no such file"
            : !OperatingSystem.IsWindows() && (File.GetUnixFileMode(program) & executable) == 0 ? "the file is not executable"
            : "";
        if (reason.Length > 0)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"{CommandOption.Name} {program.ToPrintable()}: {reason}");
        }
    }

    /// <summary>The program runs outside the sandbox, so neither a client nor a server that was taken over may change its files.</summary>
    private static void CheckLocation(string file, IEnumerable<string> folders)
    {
        string real = LocalPath.ResolveLinks(file);
        if (folders.FirstOrDefault(folder => real.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal)) is { } folder)
        {
            throw new UserErrorException(
                ExitCode.LocalFileError,
                $"{CommandOption.Name} {file.ToPrintable()}: the file is in {folder.ToPrintable()}, which the server can write; " +
                "move it to another folder");
        }
    }

    private byte[] ReadSecret()
    {
        string source = SecretFile is null ? SecretVariable : $"{SecretOption.Name} {SecretFile.ToPrintable()}";
        string? text;
        try
        {
            text = SecretFile is null ? Environment.GetEnvironmentVariable(SecretVariable) : File.ReadAllText(SecretFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot read {source}: {LocalErrorText.Describe(e)}");
        }

        return text?.TrimEnd('\r', '\n') switch
        {
            null or "" => throw CommandLine.CreateUsageError(
                $"{WebhookOption.Name} needs a secret: {SecretOption.Name} FILE, or the variable {SecretVariable}"),
            { Length: < MinSecretLength or > MaxSecretLength } => throw CommandLine.CreateUsageError(
                $"{source}: the secret must have {MinSecretLength} to {MaxSecretLength} characters"),
            var secret => Encoding.UTF8.GetBytes(secret),
        };
    }

    private static string ParseProgram(string program) => program.Contains('/')
        ? Path.GetFullPath(program)
        : throw CommandLine.CreateUsageError($"{CommandOption.Name} {program}: must be the path of a program, such as /usr/local/bin/scan");

    private static Uri ParseUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0
            ? url
            : throw CommandLine.CreateUsageError(
                $"{WebhookOption.Name}: must be a URL with http or https, and without a user name");

    private static EventType ParseType(string text) => EventTypes.Find(text) ?? throw CommandLine.CreateUsageError(
        $"{TypeOption.Name} {text}: must be {string.Join(", ", Enum.GetValues<EventType>().Select(EventTypes.GetName))}");

    private static int ParseAttempts(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is > 0 and <= MaxMaxAttempts
            ? count
            : throw CommandLine.CreateUsageError($"{AttemptsOption.Name} {text}: must be a whole number from 1 to {MaxMaxAttempts}");

    /// <summary>Throws if an option is given, but not the option that it belongs to.</summary>
    private static void Require(CommandLine line, Option option, bool isMet, string needed)
    {
        bool isGiven = option is Option<string[]> list ? line.GetValues(list).Any() : line.GetValue((Option<string>)option) is not null;
        if (isGiven && !isMet)
        {
            throw CommandLine.CreateUsageError($"{option.Name} needs {needed}");
        }
    }
}
