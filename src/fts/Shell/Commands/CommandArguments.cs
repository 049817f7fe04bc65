using System.Collections;
using Fts.Cli;

namespace Fts.Shell.Commands;

/// <summary>An option of a command: <c>--skip</c>.</summary>
/// <param name="Name">As it is typed.</param>
/// <param name="Description">What it does, in half a line.</param>
internal sealed record ShellOption(string Name, string Description);

/// <summary>What was typed after a command's name: its names, and the options among them. After <c>--</c> every word is a name, whatever it looks like.</summary>
internal sealed class CommandArguments : IReadOnlyList<ShellWord>
{
    private readonly List<ShellWord> _names = [];
    private readonly HashSet<string> _options = [];

    /// <summary>Takes the options out of the words. A command that has none takes every word as a name.</summary>
    /// <exception cref="UserErrorException">An option that the command does not have.</exception>
    public CommandArguments(ShellCommand command, IEnumerable<ShellWord> words)
    {
        bool canBeOption = command.Options.Count > 0;
        foreach (ShellWord word in words)
        {
            if (canBeOption && command.Options.Any(option => option.Name == word.Text))
            {
                _options.Add(word.Text);
            }
            else if (!canBeOption || !word.Text.StartsWith("--", StringComparison.Ordinal))
            {
                _names.Add(word);
            }
            else if (word.Text == "--")
            {
                canBeOption = false;
            }
            else
            {
                string? suggestion = SpellingSuggestion.FindNearest(word.Text, command.Options.Select(option => option.Name));
                throw new UserErrorException(
                    ExitCode.UsageError, $"{command.Names[0]}: unknown option {word}{(suggestion is null ? "" : $"; did you mean {suggestion}?")}", $"{command.Names[0]} -- {ShellLineParser.Escape(word.Text)}, if that is a name");
            }
        }
    }

    public int Count => _names.Count;

    public ShellWord this[int index] => _names[index];

    /// <summary>Whether an option was given.</summary>
    public bool HasOption(string option) => _options.Contains(option);

    public IEnumerator<ShellWord> GetEnumerator() => _names.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
