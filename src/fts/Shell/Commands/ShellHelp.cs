using Fts.Cli.Help;

namespace Fts.Shell.Commands;

/// <summary>Formats the help of the shell from <see cref="ShellCommandTable"/>. No line is longer than 80 columns.</summary>
internal static class ShellHelp
{
    /// <summary>The argument of <c>help</c> that requests the help of the server.</summary>
    public const string ServerTopic = "server";

    /// <summary>The form of <c>help</c> that requests the help of the server.</summary>
    public const string ServerUsage = $"help {ServerTopic} [VERB]";

    /// <summary>
    /// The prefix of a line that runs a local program. <see cref="ShellCommandTable"/> does not contain the prefix, because no space has to
    /// follow it.
    /// </summary>
    public const string LocalProgramPrefix = "!";

    private const string Indent = "  ", Gap = "  ";

    private static readonly HelpRow[] Examples =
    [
        new("put report.pdf", "upload a file"),
        new("get *.jpg --skip", "download the missing pictures"),
    ];

    private static readonly HelpRow LocalProgram = new($"{LocalProgramPrefix}COMMAND", "run a command of the local system");
    private static readonly HelpRow ServerHelp = new(ServerUsage, "print the help of the server");

    /// <summary>The topics of <c>help</c> that Tab completes: the names of all commands, and <see cref="ServerTopic"/>.</summary>
    public static IEnumerable<string> Topics => ShellCommandTable.Names.Append(ServerTopic);

    /// <summary>Returns the list of commands: two examples, then each group under its heading, one command per line.</summary>
    public static IReadOnlyList<string> FormatList()
    {
        (string Heading, HelpRow[] Rows)[] tables =
        [
            ("Examples", Examples),
            .. Enum.GetValues<ShellCommandGroup>().Select(group => (GetHeading(group), GetRows(group).ToArray())),
        ];
        int width = tables.SelectMany(table => table.Rows).Max(row => row.Term.Length);
        var lines = new List<string>();
        foreach ((string heading, HelpRow[] rows) in tables)
        {
            lines.AddRange([$"{heading}:", .. rows.Select(row => FormatRow(row, width)), ""]);
        }

        return [.. lines, "help COMMAND describes a command, its options and its other names."];
    }

    /// <summary>Returns the usage, the description, the other names and the options of a command, one option per line.</summary>
    public static IReadOnlyList<string> FormatCommand(ShellCommand command)
    {
        List<string> lines = [$"usage: {command.Usage}", $"{Indent}{command.Description}"];
        if (command.Examples.Count > 0)
        {
            int width = command.Examples.Max(example => example.Term.Length);
            lines.AddRange(["examples:", .. command.Examples.Select(example => FormatRow(example, width))]);
        }

        string[] notes = [.. command.Details];
        lines.AddRange(notes.Length > 0 ? ["notes:", .. notes.Select(detail => Indent + detail)] : []);
        if (command.AcceptsPatterns)
        {
            lines.Add($"{Indent}* and ? select all matching files, unless they are in quotes.");
        }

        if (command.CompletionSource is not (CompletionSource.None or CompletionSource.HelpTopics))
        {
            lines.Add($"{Indent}Write names with spaces in quotes: \"two words\".");
        }

        if (command.Names.Length > 1)
        {
            lines.Add($"other names: {string.Join(", ", command.Names[1..])}");
        }

        if (command.Options.Count > 0)
        {
            HelpRow[] rows = [.. command.Options.Select(option =>
                new HelpRow(option.Alias is null ? option.Name : $"{option.Name}, {option.Alias}", option.Description))];
            int width = rows.Max(row => row.Term.Length);
            lines.AddRange(["options:", .. rows.Select(row => FormatRow(row, width))]);
        }

        return lines;
    }

    /// <summary>Returns the help of the prefix that runs a local program.</summary>
    public static IReadOnlyList<string> FormatLocalProgram() => [$"usage: {LocalProgram.Term}", $"{Indent}{LocalProgram.Description}"];

    private static string FormatRow(HelpRow row, int width) => $"{Indent}{row.Term.PadRight(width)}{Gap}{row.Description}";

    private static string GetHeading(ShellCommandGroup group) => group switch
    {
        ShellCommandGroup.Transfers => "Transfers",
        ShellCommandGroup.RemoteFiles => "Files on the server",
        ShellCommandGroup.LocalFiles => "Local files",
        _ => "Session",
    };

    private static IEnumerable<HelpRow> GetRows(ShellCommandGroup group)
    {
        foreach (ShellCommand command in ShellCommandTable.All.Where(command => command.Group == group))
        {
            yield return new HelpRow(command.Usage, command.Description);
            if (command.Names.Contains("help"))
            {
                yield return ServerHelp;
            }
        }

        if (group == ShellCommandGroup.LocalFiles)
        {
            yield return LocalProgram;
        }
    }
}
