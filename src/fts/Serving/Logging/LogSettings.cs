using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Help;
using Microsoft.Extensions.Logging;

namespace Fts.Serving.Logging;

/// <summary>The options of the log.</summary>
/// <param name="Format">The value of the format option: <c>text</c>, <c>json</c> or <c>xferlog</c>.</param>
/// <param name="File">The open log file, or null. The owner of the <see cref="ServerLog"/> disposes it.</param>
/// <param name="MinLevel">The least severe level that is logged.</param>
/// <param name="TracesCommands">Whether commands and replies are logged.</param>
internal sealed record LogSettings(string Format, LogFile? File, LogLevel MinLevel, bool TracesCommands)
{
    private static readonly Option<string> FileOption = new("--log-file")
    {
        HelpName = "FILE",
        Description = "append the log to this file; SIGHUP opens the file again (default: standard error)",
    };

    private static readonly ChoiceOption FormatOption = new(
        "--log-format", "FORMAT", "format of the log",
        ("text", "lines for people"),
        ("json", "one JSON object per line"),
        ("xferlog", "transfers and deleted files, as wu-ftpd writes them; needs a log file"));

    private static readonly Option<bool> QuietOption = new("--quiet") { Description = "log warnings and errors only" };

    /// <summary>The options of the log.</summary>
    public static OptionGroup CommandLineOptions { get; } = new("Log", FileOption, FormatOption, QuietOption);

    /// <summary>Parses the options and opens the log file.</summary>
    /// <exception cref="UserErrorException">An option is invalid, or the file cannot be written.</exception>
    public static LogSettings Parse(CommandLine line, bool debug)
    {
        string format = line.GetChoice(FormatOption);
        string? path = line.GetValue(FileOption);
        if (format == "xferlog" && path is null)
        {
            throw CommandLine.CreateUsageError($"{FormatOption.Name} xferlog needs {FileOption.Name}");
        }

        LogLevel normalLevel = debug ? LogLevel.Debug : LogLevel.Information;
        return new LogSettings(
            format, path is null ? null : new LogFile(path), line.HasOption(QuietOption) ? LogLevel.Warning : normalLevel, debug);
    }
}
