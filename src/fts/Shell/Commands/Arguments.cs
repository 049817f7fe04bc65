using System.Collections;
using Fts.Cli;

namespace Fts.Shell.Commands;

/// <summary>An option of a command: <c>--skip</c>.</summary>
/// <param name="Name">As it is typed.</param>
/// <param name="Does">What it does, in half a line.</param>
internal sealed record ShellOption(string Name, string Does);

/// <summary>What was typed after a command's name: its names, and the options among them. After <c>--</c> every word is a name, whatever it looks like.</summary>
internal sealed class Arguments : IReadOnlyList<Word>
{
    private readonly List<Word> _names = [];
    private readonly HashSet<string> _options = [];

    /// <summary>Takes the options out of the words. A command that has none takes every word as a name.</summary>
    /// <exception cref="FailureException">An option that the command does not have.</exception>
    public Arguments(ShellCommand command, IEnumerable<Word> words)
    {
        bool mayBeOption = command.Options.Count > 0;
        foreach (Word word in words)
        {
            if (mayBeOption && command.Options.Any(option => option.Name == word.Text))
            {
                _options.Add(word.Text);
            }
            else if (!mayBeOption || !word.Text.StartsWith("--", StringComparison.Ordinal))
            {
                _names.Add(word);
            }
            else if (word.Text == "--")
            {
                mayBeOption = false;
            }
            else
            {
                string? near = Suggestion.For(word.Text, command.Options.Select(option => option.Name));
                throw new FailureException(
                    ExitCode.Usage, $"{command.Names[0]}: unknown option {word}{(near is null ? "" : $"; did you mean {near}?")}", $"{command.Names[0]} -- {Words.Escape(word.Text)}, if that is a name");
            }
        }
    }

    public int Count => _names.Count;

    public Word this[int index] => _names[index];

    /// <summary>Whether an option was given.</summary>
    public bool Has(string option) => _options.Contains(option);

    public IEnumerator<Word> GetEnumerator() => _names.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
