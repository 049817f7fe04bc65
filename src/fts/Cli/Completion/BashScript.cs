using System.Text;

namespace Fts.Cli.Completion;

/// <summary>Creates the completion script of bash.</summary>
internal static class BashScript
{
    /// <summary>Returns the script. If nothing is offered, bash completes names of files (<c>-o default</c>).</summary>
    public static string Create(IReadOnlyList<CompletedCommand> commands)
    {
        var script = new StringBuilder("# bash completion for fts, printed by fts completion bash\n_fts() {\n");
        script.Append("    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words=\n");
        script.Append("    COMPREPLY=()\n    if ((COMP_CWORD == 1)); then\n");
        script.Append($"        words='{string.Join(' ', commands.Select(command => command.Name))}'\n");
        script.Append("        COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n        return\n    fi\n");
        script.Append("    case \"${COMP_WORDS[1]} $previous\" in\n");
        foreach (CompletedCommand command in commands)
        {
            foreach (CompletedOption option in command.Options.Where(option => option.ValueName is not null))
            {
                string patterns = string.Join('|', option.Names.Select(name => $"'{command.Name} {name}'"));
                script.Append($"        {patterns}) ");
                script.Append(option.Choices.Count > 0
                    ? $"COMPREPLY=($(compgen -W '{string.Join(' ', option.Choices)}' -- \"$current\")); return ;;\n"
                    : "return ;;\n");
            }
        }

        script.Append("    esac\n    case ${COMP_WORDS[1]} in\n");
        foreach (CompletedCommand command in commands)
        {
            IEnumerable<string> names = command.Options.SelectMany(option => option.Names).Concat(command.Words);
            script.Append($"        {command.Name}) words='{string.Join(' ', names.Append("--help"))}' ;;\n");
        }

        return script.Append("    esac\n")
            .Append("    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n")
            // Without a dash, options are offered only if the command has words of its own; otherwise bash completes file names.
            .Append("    [[ $current == -* || ${COMP_WORDS[1]} == help || ${COMP_WORDS[1]} == completion ]] || COMPREPLY=()\n")
            .Append("}\ncomplete -o default -F _fts fts\n").ToString();
    }
}
