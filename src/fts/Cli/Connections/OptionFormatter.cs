using Fts.Transfers;

namespace Fts.Cli.Connections;

/// <summary>Formats the options of a command line for another command that connects to the same server in the same way.</summary>
internal static class OptionFormatter
{
    /// <summary>The options whose value is the name of a file.</summary>
    private static readonly string[] FileOptions = ["--password-file", "--ca", "--cert", "--key", "--filter-from"];

    /// <summary>
    /// Returns the specified options, each with a space before it, quoted for the system's shell. File names become absolute paths, so that
    /// the command works in another directory. No option holds a password.
    /// </summary>
    /// <param name="line">The command line that was given.</param>
    /// <param name="excluded">The names of options to omit.</param>
    public static string Format(CommandLine line, params string[] excluded) => string.Concat(
        line.SpecifiedOptions.Where(option => !excluded.Contains(option.Name) && !RecordingOptions.Names.Contains(option.Name)).Select(
            option => option.Value is { } value
                ? $" {option.Name} {ShellQuoting.Quote(FileOptions.Contains(option.Name) ? Path.GetFullPath(value) : value)}"
                : $" {option.Name}"));

    /// <summary>
    /// Returns the same text as <see cref="Format"/>, but without the options for existing files. They are omitted because
    /// <c>CommandFormatter.Format</c> adds the option that a printed command needs, such as <c>--resume</c>.
    /// </summary>
    public static string FormatWithoutExistingFileOption(CommandLine line, params string[] excluded) =>
        Format(line, [.. TransferSettings.ExistingFileOptions.Select(option => option.Name), .. excluded]);
}
