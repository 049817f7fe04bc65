using Fts.Cli;

namespace Fts.Shell;

/// <summary>How the commands that are named in advice are typed: inside the shell as they are, outside with what makes a whole command line of them.</summary>
/// <param name="Prefix">What stands before the command.</param>
/// <param name="FormatName">A name as it is typed.</param>
/// <param name="Suffix">What stands after the last.</param>
/// <param name="SessionCommand">The command that opens a session, for advice that needs one; empty inside one.</param>
internal sealed record CommandFormatter(string Prefix, Func<ShellWord, string> FormatName, string Suffix, string SessionCommand)
{
    /// <summary>The options for the connection, each with a space before it, for the commands of the system's shell.</summary>
    public string Options { get; init; } = "";

    /// <summary>A terminal's line editor takes no longer lines (POSIX MAX_CANON is 4096 bytes on Linux).</summary>
    private const int MaxCommandLength = 4000;

    /// <summary>Inside the shell.</summary>
    public static CommandFormatter ForSession { get; } = new("", EscapeName, "", "");

    /// <summary>A name that is one word in a shell, ours or the system's.</summary>
    public static string EscapeName(ShellWord name) => name.IsPattern ? name.Text : ShellLineParser.Escape(name.Text);

    /// <summary>A command with an option, for these names.</summary>
    public string Format(string verb, string option, IEnumerable<ShellWord> names)
    {
        string command = $"{Prefix}{verb} {option} {string.Join(' ', names.Select(FormatName))}{Suffix}";
        return command.Length <= MaxCommandLength ? command : $"the same command with {option}";
    }

    /// <summary>A failure whose advice can be followed where it is shown.</summary>
    public UserError AdaptAdvice(UserError error) => SessionCommand.Length == 0 ? error : error.Advice?.Split(',', ' ')[0] switch
    {
        "ls" => error with { Advice = $"{SessionCommand}, and there {error.Advice}" },
        "lls" or "lcd" => error with { Advice = null },
        _ => error,
    };
}
