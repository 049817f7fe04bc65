using System.Text;

namespace Fts.Cli.Completion;

/// <summary>Creates the completion script of zsh, for its function <c>_arguments</c>.</summary>
internal static class ZshScript
{
    /// <summary>Returns the script.</summary>
    public static string Create(IReadOnlyList<CompletedCommand> commands)
    {
        var script = new StringBuilder("#compdef fts\n# zsh completion for fts, printed by fts completion zsh\n_fts() {\n");
        script.Append("    local -a commands\n    commands=(\n");
        foreach (CompletedCommand command in commands)
        {
            script.Append($"        '{command.Name}:{Escape(command.Purpose)}'\n");
        }

        script.Append("    )\n    if ((CURRENT == 2)); then\n        _describe command commands\n        return\n    fi\n");
        script.Append("    local name=$words[2]\n    words=(\"${words[@]:1}\")\n    ((CURRENT--))\n    case $name in\n");
        foreach (CompletedCommand command in commands)
        {
            script.Append($"        {command.Name})\n            _arguments");
            foreach (CompletedOption option in command.Options)
            {
                foreach (string name in option.Names)
                {
                    script.Append($" \\\n                '{name}[{Escape(option.Description)}]{FormatValue(option)}'");
                }
            }

            string words = command.Words.Count > 0 ? $"'*:word:({string.Join(' ', command.Words)})'" : "'*:file:_files'";
            script.Append($" \\\n                {words}\n            ;;\n");
        }

        return script.Append("    esac\n}\nif [ \"$funcstack[1]\" = _fts ]; then _fts \"$@\"; else compdef _fts fts; fi\n").ToString();
    }

    private static string FormatValue(CompletedOption option) => option switch
    {
        { ValueName: null } => "",
        { Choices.Count: > 0 } => $":{option.ValueName}:({string.Join(' ', option.Choices)})",
        { ValueName: "FILE" or "FOLDER" } => $":{option.ValueName}:_files",
        _ => $":{option.ValueName}: ",
    };

    /// <summary>Returns a text for a specification of <c>_arguments</c> in single quotes.</summary>
    private static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("'", "'\\''", StringComparison.Ordinal).Replace(":", "\\:", StringComparison.Ordinal)
        .Replace("[", "\\[", StringComparison.Ordinal).Replace("]", "\\]", StringComparison.Ordinal);
}
