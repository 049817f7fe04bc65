using Fts.Cli;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Doctor;

/// <summary>Prints the results of checks on standard output as they arrive, and then a summary.</summary>
/// <param name="terminal">The terminal.</param>
/// <param name="target">The server, as displayed.</param>
/// <param name="json">The output of <c>--json</c>; null for text.</param>
/// <param name="columns">The width for wrapped text; null for one line per check, as in a pipe.</param>
internal sealed class DoctorReport(Terminal terminal, string target, JsonOutput? json, int? columns)
{
    private const int StatusWidth = 9, NameWidth = 13;

    private readonly List<CheckResult> _results = [];

    /// <summary>The exit code of the first problem, or success.</summary>
    public ExitCode ExitCode => _results.FirstOrDefault(result => result.Status == CheckStatus.Problem)?.ExitCode ?? ExitCode.Success;

    /// <summary>The results so far.</summary>
    public IReadOnlyList<CheckResult> Results => _results;

    /// <summary>Shows which check runs, on a terminal.</summary>
    public void ShowRunning(string name)
    {
        if (terminal.CanRedraw && columns is not null && json is null)
        {
            terminal.SetStatus(terminal.Colorize("2", $"checking {name}…"));
        }
    }

    /// <summary>Prints a result.</summary>
    public void Add(CheckResult result)
    {
        HideRunning();
        _results.Add(result);
        if (json is not null)
        {
            json.WriteCheck(result.Name, FormatStatus(result.Status), result.Detail, result.Advice);
            return;
        }

        foreach (string line in Format(result, columns))
        {
            string status = FormatStatus(result.Status);
            terminal.WriteData(line.StartsWith(status, StringComparison.Ordinal)
                ? terminal.Colorize(GetColor(result.Status), status) + line[status.Length..]
                : line);
        }

        terminal.Flush();
    }

    /// <summary>Prints the summary.</summary>
    /// <param name="exitCode">The exit code of the program.</param>
    /// <param name="notChecked">The reason why some checks did not run; null if all checks ran.</param>
    public void Complete(ExitCode exitCode, string? notChecked)
    {
        HideRunning();
        int notes = Count(CheckStatus.Note), problems = Count(CheckStatus.Problem);
        if (json is not null)
        {
            // The result, which the program writes, contains the first problem.
            CheckResult? problem = _results.FirstOrDefault(result => result.Status == CheckStatus.Problem);
            json.RecordError(new UserError(exitCode, problem?.Detail ?? notChecked ?? "stopped before the end", null, problem?.Advice));
            return;
        }

        string verdict = problems > 0 ? $"{Describe(problems, "problem")}, {Describe(notes, "note")}"
            : notes > 0 ? $"no problems, {Describe(notes, "note")}"
            : "no problems";
        string text = $"{target}: {verdict}" + (notChecked is null ? "" : $"; {notChecked}");
        foreach (string line in Wrap(text, columns))
        {
            terminal.WriteData(line);
        }

        terminal.Flush();
    }

    /// <summary>Returns the lines of a result. Without a width, the result is one line, and the advice follows the detail.</summary>
    public static IReadOnlyList<string> Format(CheckResult result, int? columns)
    {
        string head = $"{FormatStatus(result.Status).PadRight(StatusWidth)}{result.Name.PadRight(NameWidth)}";
        string detail = result.Detail.ToPrintable();
        string? advice = result.Advice?.ToPrintable();
        if (columns is not { } width)
        {
            return [$"{head}{detail}{(advice is null ? "" : $"; try: {advice}")}"];
        }

        string indent = new(' ', StatusWidth + NameWidth);
        int available = Math.Max(20, width - indent.Length);
        IEnumerable<string> lines = Wrap(detail, available).Select((line, i) => (i == 0 ? head : indent) + line);
        return advice is null ? [.. lines] : [.. lines, .. Wrap($"try: {advice}", available).Select(line => indent + line)];
    }

    private static string FormatStatus(CheckStatus status) => status switch
    {
        CheckStatus.Ok => "ok",
        CheckStatus.Note => "note",
        _ => "problem",
    };

    private static string GetColor(CheckStatus status) => status switch
    {
        CheckStatus.Ok => "32",
        CheckStatus.Note => "33",
        _ => "31",
    };

    private static string Describe(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    /// <summary>Splits a text into lines at spaces. A word that is longer than a line stays whole, so that it can be copied.</summary>
    private static List<string> Wrap(string text, int? columns)
    {
        var lines = new List<string>();
        string line = "";
        foreach (string word in text.Split(' '))
        {
            string longer = line.Length == 0 ? word : $"{line} {word}";
            if (line.Length > 0 && columns is { } width && DisplayFormat.CountColumns(longer) > width)
            {
                lines.Add(line);
                longer = word;
            }

            line = longer;
        }

        lines.Add(line);
        return lines;
    }

    private int Count(CheckStatus status) => _results.Count(result => result.Status == status);

    private void HideRunning()
    {
        if (terminal.CanRedraw && columns is not null && json is null)
        {
            terminal.SetStatus();
        }
    }
}
