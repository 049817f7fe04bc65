using Fts.Cli;

namespace Fts.Shell;

/// <summary>Formats commands for advice, either for a running session or as command lines for the system's shell.</summary>
/// <param name="Prefix">The text before the command.</param>
/// <param name="FormatName">Returns a file name as the user types it.</param>
/// <param name="Suffix">The text after the last name.</param>
/// <param name="SessionCommand">The command line that opens a session, for advice that requires a session. Empty inside a session.</param>
internal sealed record CommandFormatter(string Prefix, Func<ShellWord, string> FormatName, string Suffix, string SessionCommand)
{
    /// <summary>Returns the text after the last name for a transfer to a target that the user typed, instead of the suffix.</summary>
    public Func<string, string> FormatTarget { get; init; } = target => $" {ShellLineParser.Escape(target)}";

    /// <summary>The options for <c>fts mirror</c> commands in the system's shell, each with a space before it.</summary>
    public string Options { get; init; } = "";

    /// <summary>
    /// The maximum length of a command in characters. The line that a user types on a terminal can have 4095 bytes on Linux (termios(3)).
    /// </summary>
    private const int MaxCommandLength = 4000;

    /// <summary>The formatter for commands of a running session.</summary>
    public static CommandFormatter ForSession { get; } = new("", EscapeName, "", "");

    /// <summary>Returns a name as one word, escaped unless it is a pattern.</summary>
    public static string EscapeName(ShellWord name) => name.IsPattern ? name.Text : ShellLineParser.Escape(name.Text);

    /// <summary>
    /// Returns a command with an option and names. If the command would be too long, returns "the same command with" and the option.
    /// </summary>
    /// <param name="verb">The verb.</param>
    /// <param name="option">The option.</param>
    /// <param name="names">The names of the files.</param>
    /// <param name="target">The target that the user typed, or null.</param>
    public string Format(string verb, string option, IEnumerable<ShellWord> names, string? target = null)
    {
        string command =
            $"{Prefix}{verb} {option} {string.Join(' ', names.Select(FormatName))}{(target is null ? Suffix : FormatTarget(target))}";
        return command.Length <= MaxCommandLength ? command : $"the same command with {option}";
    }

    /// <summary>
    /// Returns the error with advice that works in the current context. Outside a session, advice to use <c>ls</c> starts with the
    /// command that opens a session, and advice to use <c>lls</c>, <c>lcd</c> or <c>cd</c> is removed.
    /// </summary>
    public UserError AdaptAdvice(UserError error) => SessionCommand.Length == 0 ? error : error.Advice?.Split(',', ' ')[0] switch
    {
        "ls" => error with { Advice = $"{SessionCommand}, then {error.Advice}" },
        "lls" or "lcd" or "cd" => error with { Advice = null },
        _ => error,
    };
}
