namespace Fts.Cli;

/// <summary>
/// Explains options that other programs have, but fts names differently or does not have for a reason. The spelling of such an option does
/// not lead to the right one.
/// </summary>
internal static class OptionMeaning
{
    private const string PortOfClient = "the port follows the host: HOST:PORT in a URL, or fts client HOST PORT";

    /// <summary>The explanations. A row applies if the command has the option that it names, or if it names none.</summary>
    private static readonly (string[] Typed, string? Option, string Text)[] Rows =
    [
        (["--port", "-P", "-p"], "--tls", PortOfClient),
        (["--host", "--hostname", "--server", "-h", "-H"], "--user", "the host is part of the URL, or the first argument of fts client"),
        (["-u", "--username", "--login", "-l"], "--user", "the option is --user NAME"),
        (["--password", "--pass", "--passwd", "-w"], "--password-file",
            "a password is never an argument, because other users could read it; set FTS_PASSWORD, or use --password-file FILE or " +
            "--password-command COMMAND"),
        (["--ssl", "--ssl-reqd", "--secure", "--ftps", "-s"], "--tls", "the option is --tls required, or --tls implicit for port 990"),
        (["--no-tls", "--no-ssl", "--plain"], "--tls", "the option is --tls off"),
        (["-k", "--insecure", "--no-check-certificate"], "--tls", "fts remembers the key of each server; see fts help trust"),
        (["--pasv", "--passive-mode", "--ftp-pasv"], "--passive", "the option is --passive"),
        (["--ftp-port", "--active-mode"], "--active", "the option is --active"),
        (["-r", "-R", "--recursive"], "--verify", "to transfer folders, use fts get -r, fts put -r or fts mirror"),
        (["-c", "-C", "--continue", "--continue-at"], "--resume", "the option is --resume"),
        (["-f", "--force", "--clobber"], "--overwrite", "the option is --overwrite"),
        (["--no-clobber", "--ignore-existing"], "--skip", "the option is --skip"),
        (["-d", "--directory", "--output-dir", "--directory-prefix", "--local-dir", "-O"], "--to", "the option is --to FOLDER"),
        (["-j", "--parallel", "--jobs", "--transfers"], "--connections", "the option is --connections N"),
        (["--bwlimit", "--rate"], "--limit-rate", "the option is --limit-rate RATE"),
        (["--retry", "--tries"], "--retries", "the option is --retries N"),
        (["--max-size"], "--smaller", "the option is --smaller SIZE"),
        (["--min-size"], "--larger", "the option is --larger SIZE"),
        (["--max-age"], "--newer", "the option is --newer TIME"),
        (["--min-age"], "--older", "the option is --older TIME"),
        (["--files-from", "--input-file"], "--input", "the option is -i FILE"),
        (["-v", "--verbose"], "--debug", "the option is --debug"),
        (["-q", "--quiet", "--silent"], "--progress", "the option is --progress never"),
    ];

    /// <summary>The options of fts client that are arguments, and those of fts server.</summary>
    private static readonly (string Command, string[] Typed, string Text)[] CommandRows =
    [
        ("server", ["--port", "-p", "-P"], "the port is the second argument: fts server IP PORT"),
        ("server", ["--ip", "--bind", "--listen", "--address"], "the address is the first argument: fts server IP"),
        ("server", ["--root", "--dir", "--directory", "-d"], "the option is --folder FOLDER"),
        ("client", ["-v", "--verbose", "--debug"], "debug is the third argument: fts client HOST PORT 1"),
    ];

    /// <summary>Returns the explanation of an unknown option, or null if there is none.</summary>
    /// <param name="command">The name of the subcommand.</param>
    /// <param name="typed">The unknown option.</param>
    /// <param name="known">The options of the subcommand.</param>
    public static string? Find(string command, string typed, IReadOnlyCollection<string> known)
    {
        string name = typed.Split('=')[0];
        string? text = CommandRows.FirstOrDefault(row => row.Command == command && row.Typed.Contains(name)).Text;
        return text ?? Rows.FirstOrDefault(row =>
            row.Typed.Contains(name) && (row.Option is null || known.Contains(row.Option))).Text;
    }
}
