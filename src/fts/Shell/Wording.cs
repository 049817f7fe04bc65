using Fts.Cli;

namespace Fts.Shell;

/// <summary>How the commands that are named in advice are typed: inside the shell as they are, outside with what makes a whole command line of them.</summary>
/// <param name="Before">What stands before the command.</param>
/// <param name="NameOf">A name as it is typed.</param>
/// <param name="After">What stands after the last.</param>
/// <param name="Session">The command that opens a session, for advice that needs one; empty inside one.</param>
internal sealed record Wording(string Before, Func<Word, string> NameOf, string After, string Session)
{
    /// <summary>The options for the connection, each with a space before it, for the commands of the system's shell.</summary>
    public string Options { get; init; } = "";

    /// <summary>A terminal's line editor takes no longer lines (POSIX MAX_CANON is 4096 bytes on Linux).</summary>
    private const int LongestCommand = 4000;

    /// <summary>Inside the shell.</summary>
    public static Wording Inside { get; } = new("", Typed, "", "");

    /// <summary>A name that is one word in a shell, ours or the system's.</summary>
    public static string Typed(Word name) => name.IsPattern ? name.Text : Words.Escape(name.Text);

    /// <summary>A command with an option, for these names.</summary>
    public string Command(string verb, string option, IEnumerable<Word> names)
    {
        string command = $"{Before}{verb} {option} {string.Join(' ', names.Select(NameOf))}{After}";
        return command.Length <= LongestCommand ? command : $"the same command with {option}";
    }

    /// <summary>A failure whose advice can be followed where it is shown.</summary>
    public Failure Fit(Failure failure) => Session.Length == 0 ? failure : failure.Next?.Split(',', ' ')[0] switch
    {
        "ls" => failure with { Next = $"{Session}, and there {failure.Next}" },
        "lls" or "lcd" => failure with { Next = null },
        _ => failure,
    };
}
