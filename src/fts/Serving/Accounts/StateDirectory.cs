using System.CommandLine;
using Fts.Cli;

namespace Fts.Serving.Accounts;

/// <summary>The directory with the accounts and other state of a server.</summary>
/// <param name="Path">The absolute path.</param>
internal sealed record StateDirectory(string Path)
{
    /// <summary>The option for the directory.</summary>
    public static Option<string> Option { get; } = new("--state")
    {
        HelpName = "DIR",
        Description = "state directory (default: FTS_STATE, or ~/.local/state/fts)",
    };

    /// <summary>The file of the account database.</summary>
    public string DatabaseFile => System.IO.Path.Combine(Path, "fts.db");

    /// <summary>Returns the directory that the command line, FTS_STATE or the default selects.</summary>
    public static StateDirectory Find(CommandLine line)
    {
        string? path = line.GetValue(Option) ?? Environment.GetEnvironmentVariable("FTS_STATE");
        if (string.IsNullOrEmpty(path))
        {
            string? parent = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
            path = System.IO.Path.Combine(
                parent is { Length: > 0 } && System.IO.Path.IsPathRooted(parent)
                    ? parent
                    : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state"),
                "fts");
        }

        return new StateDirectory(System.IO.Path.GetFullPath(path));
    }
}
