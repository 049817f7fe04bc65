using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Serving.Configuration;

namespace Fts.Serving.Logging;

/// <summary>The options of the log.</summary>
/// <param name="Format">The value of the format option: <c>text</c>, <c>json</c> or <c>xferlog</c>.</param>
/// <param name="Path">The path of the log file, or null.</param>
/// <param name="Verbosity">Whether only warnings and errors are logged, and whether commands and replies are logged.</param>
internal sealed record LogSettings(string Format, string? Path, LogVerbosity Verbosity)
{
    /// <summary>The name of the option with the log file.</summary>
    public const string FileOptionName = "--log-file";

    private static readonly Option<string> FileOption = new(FileOptionName)
    {
        HelpName = "FILE",
        Description = "append the log to this file; SIGHUP opens the file again (default: standard error)",
    };

    private static readonly ChoiceOption FormatOption = new(
        "--log-format", "FORMAT", "format of the log",
        ("text", "lines for people"),
        ("json", "one JSON object per line"),
        ("xferlog", "transfers and deleted files, as wu-ftpd writes them; needs a log file"));

    /// <summary>The option that limits the log to warnings and errors.</summary>
    public static Option<bool> QuietOption { get; } = new("--quiet") { Description = "log warnings and errors only" };

    /// <summary>The options of the log.</summary>
    public static OptionGroup CommandLineOptions { get; } = new("Log", FileOption, FormatOption, QuietOption);

    /// <summary>
    /// The open log file, or null before <see cref="OpenFile"/>. The owner of the <see cref="ServerLog"/> disposes it.
    /// </summary>
    public LogFile? File { get; private init; }

    /// <summary>Parses the options.</summary>
    /// <exception cref="UserErrorException">An option is invalid.</exception>
    public static LogSettings Parse(CommandLine line, bool debug)
    {
        string format = line.GetChoice(FormatOption);
        string? path = line.GetValue(FileOption);
        if (format == "xferlog" && path is null)
        {
            throw CommandLine.CreateUsageError($"{FormatOption.Name} xferlog needs {FileOption.Name}");
        }

        return new LogSettings(format, path, new LogVerbosity { IsQuiet = line.HasOption(QuietOption), IsDebug = debug });
    }

    /// <summary>Returns the settings with the open log file, which is created if it does not exist.</summary>
    /// <exception cref="UserErrorException">The file cannot be written.</exception>
    public LogSettings OpenFile() => this with { File = Path is null ? null : new LogFile(Path) };
}
