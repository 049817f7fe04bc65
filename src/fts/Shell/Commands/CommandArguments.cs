using System.Collections;
using Fts.Cli;

namespace Fts.Shell.Commands;

/// <summary>An option of a command, such as <c>--skip</c>.</summary>
/// <param name="Name">The option with its hyphens.</param>
/// <param name="Description">The effect of the option, in half a line.</param>
internal sealed record ShellOption(string Name, string Description)
{
    /// <summary>Another name of the option, such as <c>-f</c>; null for none.</summary>
    public string? Alias { get; init; }
}

/// <summary>The arguments of a command: names in their order, and options. Every word after <c>--</c> is a name.</summary>
internal sealed class CommandArguments : IReadOnlyList<ShellWord>
{
    private readonly List<ShellWord> _names = [];
    private readonly HashSet<string> _options = [];

    /// <summary>Separates the options from the names. If the command supports no options, every word is a name.</summary>
    /// <exception cref="UserErrorException">A word is an option that the command does not support.</exception>
    public CommandArguments(ShellCommand command, IEnumerable<ShellWord> words)
    {
        bool canBeOption = command.Options.Count > 0;
        foreach (ShellWord word in words)
        {
            if (canBeOption && FindOptions(command, word.Text) is { Count: > 0 } options)
            {
                _options.UnionWith(options);
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
                    ExitCode.UsageError,
                    $"{command.Names[0]}: unknown option {word}{(suggestion is null ? "" : $"; did you mean {suggestion}?")}",
                    $"{command.Names[0]} -- {ShellLineParser.Escape(word.Text)}, if that is the name of a file");
            }
        }
    }

    /// <summary>The number of names.</summary>
    public int Count => _names.Count;

    /// <summary>Returns a name by its index.</summary>
    public ShellWord this[int index] => _names[index];

    /// <summary>Returns whether the user typed an option.</summary>
    public bool HasOption(string option) => _options.Contains(option);

    /// <summary>
    /// Returns the names of the options that a word selects: one option, or the options of combined letters such as <c>-lht</c>. Returns an
    /// empty list if the word is not an option.
    /// </summary>
    private static List<string> FindOptions(ShellCommand command, string word)
    {
        if (Find(word) is { } single)
        {
            return [single];
        }

        if (word.Length < 3 || word[0] != '-' || word[1] == '-')
        {
            return [];
        }

        List<string?> letters = [.. word.Skip(1).Select(letter => Find($"-{letter}"))];
        return letters.Contains(null) ? [] : [.. letters.Select(name => name!)];

        string? Find(string name) => command.Options.FirstOrDefault(option => option.Name == name || option.Alias == name)?.Name;
    }

    /// <summary>Returns the names in their order.</summary>
    public IEnumerator<ShellWord> GetEnumerator() => _names.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
