using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Serving.Accounts;

namespace Fts.Administration;

/// <summary>One action of <c>fts user</c> or <c>fts group</c>, for example <c>fts user add</c>.</summary>
/// <param name="Definition">The name of the action, its options and its help page.</param>
/// <param name="Summary">What the action does, for the overview.</param>
/// <param name="Run">Runs the action.</param>
internal sealed record AdministrationAction(SubcommandDefinition Definition, string Summary, Func<CommandLine, ExitCode> Run)
{
    /// <summary>Creates an action that waits for other programs or the database. The main thread has no other work meanwhile.</summary>
    public static AdministrationAction Create(
        SubcommandDefinition definition, string summary, Func<CommandLine, Task<ExitCode>> runAsync) =>
        new(definition, summary, line => runAsync(line).GetAwaiter().GetResult());
}

/// <summary>A subcommand with actions: <c>fts user</c> or <c>fts group</c>.</summary>
/// <param name="name">The name of the subcommand.</param>
/// <param name="purpose">What the subcommand does, in one sentence.</param>
/// <param name="examples">Command lines for the overview.</param>
/// <param name="actions">The actions, in the order of the overview.</param>
internal sealed class AdministrationCommand(
    string name, string purpose, IReadOnlyList<HelpRow> examples, IReadOnlyList<AdministrationAction> actions)
{
    /// <summary>The option for output as JSON.</summary>
    public static Option<bool> JsonOption { get; } = new("--json") { Description = "print JSON" };

    /// <summary>The options that all actions have.</summary>
    public static OptionGroup StateOptions { get; } = new("Server", StateDirectory.PathOption);

    /// <summary>The option groups of actions that print values.</summary>
    public static OptionGroup OutputOptions { get; } = new("Output", JsonOption);

    /// <summary>The exit codes of all actions.</summary>
    public static IReadOnlyList<HelpRow> ExitCodes { get; } =
    [
        new("0", "success"),
        new("1", "the account or group already exists, or was changed at the same time"),
        new("2", "usage error, or two groups contradict each other"),
        new("6", "the account or group does not exist"),
        new("11", "the database or a file cannot be used"),
    ];

    /// <summary>The name of the subcommand.</summary>
    public string Name { get; } = name;

    /// <summary>The help page that lists the actions.</summary>
    public HelpPage Overview { get; } = new()
    {
        Usage = [$"fts {name} COMMAND [arguments] [options]"],
        Purpose = purpose,
        Examples = examples,
        ArgumentsHeading = "Commands",
        Arguments = [.. actions.Select(action => new HelpRow(action.Definition.Name, action.Summary))],
        Notes = [$"fts {name} COMMAND --help lists the arguments and options of a command. All commands work while the server runs."],
    };

    /// <summary>Returns the help page of an action, or null if the action does not exist.</summary>
    public HelpPage? FindPage(string action) => Find(action)?.Definition.Page;

    /// <summary>Runs the action that the arguments name.</summary>
    /// <exception cref="UserErrorException">The action does not exist, or it failed.</exception>
    public ExitCode Run(string[] args)
    {
        if (args is [] or ["--help" or "-h"])
        {
            return HelpCommand.PrintPage(Name);
        }

        AdministrationAction action = Find(args[0]) ?? throw CommandLine.CreateUsageError(
            $"unknown command '{Name} {args[0]}'",
            SpellingSuggestion.FindNearest(args[0], actions.Select(known => known.Definition.Name)),
            $"fts {Name} {string.Join('|', actions.Select(known => known.Definition.Name))}");
        if (args[^1] is "--help" or "-h")
        {
            return HelpCommand.PrintPage($"{Name} {args[0]}");
        }

        ExitCode code = action.Run(new CommandLine(action.Definition, args[1..]));
        Terminal.Plain.Flush();
        return code;
    }

    /// <summary>Returns the argument at an index.</summary>
    /// <exception cref="UserErrorException">The argument is missing.</exception>
    public static string GetArgument(CommandLine line, SubcommandDefinition definition, int index, string placeholder) =>
        index < line.Arguments.Count
            ? line.Arguments[index]
            : throw CommandLine.CreateUsageError($"{placeholder} is missing", null, definition.Usage);

    private AdministrationAction? Find(string action) => actions.FirstOrDefault(known => known.Definition.Name == action);
}
