using System.CommandLine;
using Fts.Cli;

namespace Fts.Serving.Accounts;

/// <summary>The state directory of a server: its database, its control socket and its own certificate.</summary>
/// <param name="Path">The absolute path.</param>
internal sealed record StateDirectory(string Path)
{
    private const string Variable = "FTS_STATE";

    /// <summary>The option of every subcommand that uses the state directory.</summary>
    public static Option<string> CommandLineOption { get; } = new("--state")
    {
        HelpName = "DIR",
        Description = $"state directory of the server (default: {Variable}, or ${{XDG_STATE_HOME:-~/.local/state}}/fts)",
    };

    /// <summary>The file of the database.</summary>
    public string DatabasePath => System.IO.Path.Combine(Path, "fts.db");

    /// <summary>Returns the directory of the option or of FTS_STATE, or null if neither is given.</summary>
    public static StateDirectory? FindConfigured(CommandLine line)
    {
        string? text = line.GetValue(CommandLineOption) ?? Environment.GetEnvironmentVariable(Variable);
        return string.IsNullOrEmpty(text) ? null : new StateDirectory(System.IO.Path.GetFullPath(text));
    }

    /// <summary>Returns the directory of the option or of FTS_STATE, or the default directory.</summary>
    public static StateDirectory Find(CommandLine line) =>
        FindConfigured(line) ?? new StateDirectory(System.IO.Path.GetDirectoryName(TlsSettings.GetOwnCertificatePath())!);

    /// <summary>Creates the directory with mode 0700 if it does not exist.</summary>
    /// <exception cref="UserErrorException">The directory cannot be created.</exception>
    public void Create()
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(Path);
            }
            else
            {
                Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(
                ExitCode.LocalFileError, $"cannot create the state directory {Path}: {LocalErrorText.Describe(e)}");
        }
    }
}
