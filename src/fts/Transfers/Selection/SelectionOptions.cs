using System.CommandLine;
using System.Globalization;
using Fts.Accounts.Settings;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Client;

namespace Fts.Transfers.Selection;

/// <summary>The options that select the files of a transfer: by pattern, size, time, and from a list.</summary>
internal sealed class SelectionOptions
{
    /// <summary>The value of <c>-i</c> for standard input.</summary>
    private const string StandardInput = "-";

    private static readonly string[] DateFormats = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss"];

    private readonly Option<bool> _recursive;
    private readonly Option<string> _list = new("--input") { Aliases = { "-i" }, HelpName = "FILE" };

    private readonly Option<string[]> _include = new("--include")
    {
        HelpName = "PATTERN",
        Description = "transfer only matching files",
    };

    private readonly Option<string[]> _exclude = new("--exclude") { HelpName = "PATTERN", Description = "omit matching files" };

    private readonly Option<string[]> _filterFrom = new("--filter-from")
    {
        HelpName = "FILE",
        Description = "read rules from a file: + PATTERN or - PATTERN in each line",
    };

    private readonly Option<string> _newer = new("--newer")
    {
        HelpName = "TIME",
        Description = "only files changed after a date such as 2026-05-01, or within 30m, 12h, 7d or 2w",
    };

    private readonly Option<string> _older = new("--older") { HelpName = "TIME", Description = "only files changed before that time" };

    private readonly Option<string> _larger = new("--larger")
    {
        HelpName = "SIZE",
        Description = "only files larger than a size in bytes, or with K, M, G or T for powers of 1024",
    };

    private readonly Option<string> _smaller = new("--smaller") { HelpName = "SIZE", Description = "only files smaller than a size" };

    /// <summary>Creates the options.</summary>
    /// <param name="recursiveDescription">The description of <c>-r</c>.</param>
    /// <param name="listDescription">The description of <c>-i</c>.</param>
    public SelectionOptions(string recursiveDescription, string listDescription)
    {
        _recursive = new Option<bool>("--recursive") { Aliases = { "-r" }, Description = recursiveDescription };
        _list.Description = listDescription;
    }

    /// <summary>The name of the option that reads names from a file.</summary>
    public string ListName => _list.Name;

    /// <summary>The group of the help page.</summary>
    public OptionGroup Group =>
        new("Selection", _recursive, _list, _include, _exclude, _filterFrom, _newer, _older, _larger, _smaller);

    /// <summary>Returns whether folders are transferred with their content.</summary>
    public bool IsRecursive(CommandLine line) => line.HasOption(_recursive);

    /// <summary>Returns the lines of the file of <c>-i</c>, or nothing if the option is not given. Empty lines are omitted.</summary>
    /// <exception cref="UserErrorException">The file cannot be read.</exception>
    public IReadOnlyList<string> ReadList(CommandLine line)
    {
        if (line.GetValue(_list) is not { } path)
        {
            return [];
        }

        return [.. ReadLines(_list.Name, path).Select(text => text.TrimEnd('\r')).Where(text => text.Length > 0)];
    }

    /// <summary>Returns the selected files of a command line.</summary>
    /// <param name="line">The command line.</param>
    /// <param name="now">The current time, from which ages are subtracted.</param>
    /// <exception cref="UserErrorException">A value is invalid, or a filter file cannot be read.</exception>
    public FileSelection CreateSelection(CommandLine line, DateTimeOffset now)
    {
        var filter = new FtpPathFilter();
        AddRules(_include.Name, line.GetValues(_include), filter.AddInclude);
        AddRules(_exclude.Name, line.GetValues(_exclude), filter.AddExclude);
        foreach (string file in line.GetValues(_filterFrom))
        {
            AddRules($"{_filterFrom.Name} {file}", ReadLines(_filterFrom.Name, file), filter.AddRule);
        }

        return new FileSelection(filter)
        {
            NewerThan = ParseTime(line, _newer, now),
            OlderThan = ParseTime(line, _older, now),
            LargerThan = ParseSize(line, _larger),
            SmallerThan = ParseSize(line, _smaller),
        };
    }

    private static void AddRules(string origin, IEnumerable<string> rules, Action<string> add)
    {
        foreach (string rule in rules)
        {
            try
            {
                add(rule);
            }
            catch (FormatException e)
            {
                throw CommandLine.CreateUsageError($"{origin}: {e.Message}");
            }
        }
    }

    private static List<string> ReadLines(string option, string path)
    {
        try
        {
            using var reader = new StreamReader(path == StandardInput ? StandardStreams.Input : File.OpenRead(path));
            var lines = new List<string>();
            while (reader.ReadLine() is { } text)
            {
                lines.Add(text);
            }

            return lines;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"{option} {path}: {LocalErrorText.Describe(e)}");
        }
    }

    private static long? ParseSize(CommandLine line, Option<string> option) => line.GetValue(option) switch
    {
        null => null,
        var text when text != SettingText.Unlimited && SettingText.TryParseBytes(text, out long bytes) => bytes,
        var text => throw CommandLine.CreateUsageError(
            $"{option.Name} {text}: must be a number of bytes, such as 500, 10K, 5M, 1G or 2T"),
    };

    private static DateTimeOffset? ParseTime(CommandLine line, Option<string> option, DateTimeOffset now) =>
        line.GetValue(option) is { } text ? ParseTime(option.Name, text, now) : null;

    /// <summary>Returns the time of a date in the local time zone, or of an age.</summary>
    /// <exception cref="UserErrorException">The text is neither a date nor an age.</exception>
    public static DateTimeOffset ParseTime(string option, string text, DateTimeOffset now)
    {
        if (DateTimeOffset.TryParseExact(
            text, DateFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out DateTimeOffset time))
        {
            return time;
        }

        if (text.EndsWith('Z') && DateTimeOffset.TryParseExact(
            text[..^1], DateFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time))
        {
            return time;
        }

        int hours = text.Length == 0 ? 0 : text[^1] switch
        {
            'h' => 1,
            'd' => 24,
            'w' => 7 * 24,
            _ => 0,
        };
        bool isMinutes = text.EndsWith('m');
        return (hours > 0 || isMinutes) && int.TryParse(text.AsSpan()[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && count <= 1_000_000
            ? now - (isMinutes ? TimeSpan.FromMinutes(count) : TimeSpan.FromHours((double)count * hours))
            : throw CommandLine.CreateUsageError(
                $"{option} {text}: must be a date such as 2026-05-01 or 2026-05-01T13:30, or an age such as 30m, 12h, 7d or 2w");
    }
}
