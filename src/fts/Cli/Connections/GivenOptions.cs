using Fts.Transfers;

namespace Fts.Cli.Connections;

/// <summary>Formats the options of a command line for another command that connects to the same server in the same way.</summary>
internal static class GivenOptions
{
    private static readonly string[] Files = ["--password-file", "--ca", "--cert", "--key"];

    /// <summary>
    /// Returns the options, each with a space before it, quoted for the system's shell. Files have their full paths, so that the command works in another
    /// directory. No option holds a password.
    /// </summary>
    /// <param name="line">The command line that was given.</param>
    /// <param name="except">Options to leave out.</param>
    public static string Text(CommandLine line, params string[] except) => string.Concat(
        line.Given.Where(option => !except.Contains(option.Name)).Select(option => option.Value is { } value
            ? $" {option.Name} {ShellQuoting.Quote(Files.Contains(option.Name) ? Path.GetFullPath(value) : value)}"
            : $" {option.Name}"));

    /// <summary>Returns the same without the options for existing files, which the printed command contains already.</summary>
    public static string WithoutChoice(CommandLine line, params string[] except) => Text(line, [.. TransferChoices.Options.Select(option => option.Name), .. except]);
}
