using System.Text;

namespace Fts.Cli.Completion;

/// <summary>Creates the completion script of PowerShell.</summary>
internal static class PowerShellScript
{
    /// <summary>Returns the script. If nothing is offered, PowerShell completes names of files.</summary>
    public static string Create(IReadOnlyList<CompletedCommand> commands)
    {
        var script = new StringBuilder("# PowerShell completion for fts, printed by fts completion powershell\n");
        script.Append("Register-ArgumentCompleter -Native -CommandName fts -ScriptBlock {\n");
        script.Append("    param($wordToComplete, $commandAst, $cursorPosition)\n    $options = @{\n");
        foreach (CompletedCommand command in commands)
        {
            IEnumerable<string> words = command.Options.SelectMany(option => option.Names).Concat(command.Words).Append("--help");
            script.Append($"        '{command.Name}' = @({string.Join(", ", words.Select(word => $"'{word}'"))})\n");
        }

        script.Append("    }\n    $choices = @{\n");
        IEnumerable<CompletedOption> choiceOptions = commands.SelectMany(command => command.Options)
            .Where(option => option.Choices.Count > 0).DistinctBy(option => option.Names[0]);
        foreach (CompletedOption option in choiceOptions)
        {
            script.Append($"        '{option.Names[0]}' = @({string.Join(", ", option.Choices.Select(choice => $"'{choice}'"))})\n");
        }

        return script.Append("""
                }
                $words = @($commandAst.CommandElements | ForEach-Object { $_.ToString() })
                $index = if ($wordToComplete) { $words.Count - 1 } else { $words.Count }
                $found = if ($index -le 1) { $options.Keys | Sort-Object }
                    elseif ($choices.ContainsKey($words[$index - 1])) { $choices[$words[$index - 1]] }
                    elseif ($options.ContainsKey($words[1])) { $options[$words[1]] }
                $found | Where-Object { $_ -like "$wordToComplete*" } | ForEach-Object {
                    [System.Management.Automation.CompletionResult]::new($_)
                }
            }

            """).ToString();
    }
}
