using System.Text;

namespace Fts.Cli.Completion;

/// <summary>Creates the completion script of fish.</summary>
internal static class FishScript
{
    /// <summary>Returns the script.</summary>
    public static string Create(IReadOnlyList<CompletedCommand> commands)
    {
        var script = new StringBuilder("# fish completion for fts, printed by fts completion fish\n");
        foreach (CompletedCommand command in commands)
        {
            script.Append($"complete -c fts -n __fish_use_subcommand -f -a {command.Name} -d {Quote(command.Purpose)}\n");
        }

        foreach (CompletedCommand command in commands)
        {
            string condition = $"complete -c fts -n '__fish_seen_subcommand_from {command.Name}'";
            foreach (CompletedOption option in command.Options)
            {
                string names = string.Concat(option.Names.Select(FormatName));
                string value = option switch
                {
                    { ValueName: null } => "",
                    { Choices.Count: > 0 } => $" -x -a {Quote(string.Join(' ', option.Choices))}",
                    { ValueName: "FILE" or "FOLDER" } => " -r",
                    _ => " -x",
                };
                script.Append($"{condition}{names}{value} -d {Quote(option.Description)}\n");
            }

            if (command.Words.Count > 0)
            {
                script.Append($"{condition} -f -a {Quote(string.Join(' ', command.Words))}\n");
            }
        }

        return script.ToString();
    }

    private static string FormatName(string name) =>
        name.StartsWith("--", StringComparison.Ordinal) ? $" -l {name[2..]}" : $" -s {name[1..]}";

    private static string Quote(string text) =>
        $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}
