using System.CommandLine;
using Fts.Cli.Help;

namespace Fts.Cli.Completion;

/// <summary>
/// <c>fts completion SHELL</c> prints a script with which a shell completes the commands and options. The script is generated from the
/// definitions from which the parser and the help pages are made.
/// </summary>
internal static class CompletionCommand
{
    private const string Usage = "fts completion bash|zsh|fish|powershell";

    /// <summary>The arguments and the help page of <c>fts completion</c>.</summary>
    public static SubcommandDefinition Definition => new("completion", 1, new HelpPage
    {
        Usage = [Usage],
        Purpose = "Prints a script with which a shell completes the commands and options of fts.",
        Examples =
        [
            new("fts completion bash >~/.local/share/bash-completion/completions/fts", "install for bash"),
            new("fts completion zsh >~/.zfunc/_fts", "install for zsh, if fpath contains ~/.zfunc"),
            new("fts completion fish >~/.config/fish/completions/fts.fish", "install for fish"),
            new("fts completion powershell >>$PROFILE", "install for PowerShell"),
        ],
        Arguments = [new("SHELL", "bash, zsh, fish or powershell")],
        ExitCodes = [new("0", "success"), new("2", "usage error")],
    });

    /// <summary>Runs <c>fts completion</c> and returns its exit code.</summary>
    /// <exception cref="UserErrorException">The shell is not supported.</exception>
    public static Task<ExitCode> RunAsync(string[] args)
    {
        var line = new CommandLine(Definition, args);
        IReadOnlyList<CompletedCommand> commands = [.. HelpCommand.SubcommandNames.Select(Create)];
        string script = line.Arguments switch
        {
            ["bash"] => BashScript.Create(commands),
            ["zsh"] => ZshScript.Create(commands),
            ["fish"] => FishScript.Create(commands),
            ["powershell"] => PowerShellScript.Create(commands),
            [] => throw CommandLine.CreateUsageError("the shell is missing", null, Usage),
            [var other, ..] => throw CommandLine.CreateUsageError($"unknown shell '{other}'", null, Usage),
        };
        Terminal.Plain.WriteData(script.TrimEnd('\n'));
        Terminal.Plain.Flush();
        return Task.FromResult(ExitCode.Success);
    }

    private static CompletedCommand Create(string name)
    {
        SubcommandDefinition? definition = HelpCommand.FindDefinition(name);
        string purpose = name is "help" or "version" ? $"Prints the {(name == "help" ? "help" : "version")}."
            : HelpCommand.GetPage(name).Purpose;
        return new CompletedCommand(
            name,
            purpose.Split(". ")[0].TrimEnd('.'),
            [.. (definition?.Options ?? []).Select(option => new CompletedOption(
                [option.Name, .. option.Aliases],
                (option.Description ?? "").Split(';', '(')[0].TrimEnd(),
                option is Option<bool> ? null : option.HelpName ?? "VALUE",
                option is ChoiceOption { Choices: var choices } ? [.. choices.Select(choice => choice.Value)] : []))],
            name switch
            {
                "help" => HelpCommand.Topics,
                "completion" => ["bash", "zsh", "fish", "powershell"],
                _ => [],
            });
    }
}

/// <summary>A subcommand, for the completion.</summary>
/// <param name="Name">The name.</param>
/// <param name="Purpose">The purpose, in one line.</param>
/// <param name="Options">The options.</param>
/// <param name="Words">The arguments that can be completed.</param>
internal sealed record CompletedCommand(
    string Name, string Purpose, IReadOnlyList<CompletedOption> Options, IReadOnlyList<string> Words);

/// <summary>An option, for the completion.</summary>
/// <param name="Names">The long name, then the short ones.</param>
/// <param name="Description">The description, in one line.</param>
/// <param name="ValueName">The placeholder of the value; null for a switch.</param>
/// <param name="Choices">The values, if they are fixed.</param>
internal sealed record CompletedOption(
    IReadOnlyList<string> Names, string Description, string? ValueName, IReadOnlyList<string> Choices);
