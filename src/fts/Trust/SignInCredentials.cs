using System.Text;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Protocol;
using Fts.Shell;

namespace Fts.Trust;

/// <summary>Who the client signs in as, and where the password comes from. It never comes from the command line, where every user of the machine could read it.</summary>
internal sealed record SignInCredentials(string User, string Password)
{
    /// <summary>The name under which servers let anybody in (RFC 1635).</summary>
    public const string AnonymousUser = "anonymous";

    /// <summary>Whether the password is secret. The password of anonymous is public (RFC 1635).</summary>
    public bool HasSecret => IsNamedUser(User) && Password.Length > 0;

    /// <summary>
    /// The sources in order: the file named, <c>FTS_PASSWORD</c>, <c>.netrc</c>, and a question if there is somebody to ask. Nobody named means anonymous.
    /// <c>FTS_PASSWORD</c> is used for a named user only. As the password of anonymous, it would be sent to every server.
    /// </summary>
    /// <param name="target">The server, and who to be there.</param>
    /// <param name="passwordFile">What <c>--password-file</c> names.</param>
    /// <param name="terminal">Where to ask.</param>
    /// <param name="hasCertificate">There is a certificate to show, which may do without a password: nobody is asked for one.</param>
    public static SignInCredentials Find(Target target, string? passwordFile, Terminal terminal, bool hasCertificate)
    {
        string? user = target.User;
        if (passwordFile is not null)
        {
            return new SignInCredentials(user ?? throw CommandLine.CreateUsageError("--password-file needs --user NAME"), ReadFirstLine(passwordFile));
        }

        string? secret = Environment.GetEnvironmentVariable("FTS_PASSWORD") is { Length: > 0 } variable ? variable : null;
        if (IsNamedUser(user) && secret is not null)
        {
            return new SignInCredentials(user!, secret);
        }

        if (FindNetRcEntry(target.Host, user) is { } entry)
        {
            user ??= entry.User;
            string? password = entry.Password ?? (IsNamedUser(user) ? secret : null);
            if (user is not null && password is not null)
            {
                return new SignInCredentials(user, password);
            }
        }

        if (!IsNamedUser(user))
        {
            // The customary answer to the customary question; it names nobody.
            return new SignInCredentials(user ?? AnonymousUser, "anonymous@");
        }

        return new SignInCredentials(user!, hasCertificate ? "" : terminal.IsInteractive
            ? PasswordPrompt.ReadPassword(terminal, $"password for {user!.ToPrintable()} on {target.Host}: ")
            : throw new UserErrorException(ExitCode.UsageError, $"no password for {user}, and nobody to ask", "set FTS_PASSWORD, or use --password-file FILE"));
    }

    /// <summary>
    /// Returns the account for ACCT when the server asks for one: <c>FTS_ACCOUNT</c> for a named user, else from <c>.netrc</c>, else from a question on a
    /// terminal. Returns null if there is none. Like <c>FTS_PASSWORD</c>, the variable is not for anonymous: every server would receive it.
    /// </summary>
    /// <param name="target">The server.</param>
    /// <param name="user">The user who signs in.</param>
    /// <param name="terminal">The terminal to ask on.</param>
    public static string? FindAccount(Target target, string user, Terminal terminal) =>
        IsNamedUser(user) && Environment.GetEnvironmentVariable("FTS_ACCOUNT") is { Length: > 0 } variable ? variable
        : FindNetRcEntry(target.Host, user)?.Account is { Length: > 0 } entryAccount ? entryAccount
        : terminal.IsInteractive && PasswordPrompt.ReadPassword(terminal, $"account of {user.ToPrintable()} on {target.Host}: ") is { Length: > 0 } typedAccount ? typedAccount
        : null;

    private static bool IsNamedUser(string? user) => user is not null && !string.Equals(user, AnonymousUser, StringComparison.OrdinalIgnoreCase);

    private static string ReadFirstLine(string path)
    {
        try
        {
            return File.ReadLines(path, Encoding.UTF8).FirstOrDefault() ?? "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot read the password file {path}: {LocalErrorText.Describe(e)}");
        }
    }

    private static NetRcFile.Entry? FindNetRcEntry(string host, string? user)
    {
        string path = NetRcFile.DefaultPath;
        string text;
        UnixFileMode mode = UnixFileMode.None;
        try
        {
            text = File.ReadAllText(path);
            mode = OperatingSystem.IsWindows() ? mode : File.GetUnixFileMode(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Having no such file is the rule, and one that is not ours to read says nothing to us.
            return null;
        }

        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        NetRcFile.Entry? entry = NetRcFile.FindEntry(text, host, user);
        return (entry?.Password ?? entry?.Account) is not null && (mode & Others) != 0
            ? throw new UserErrorException(ExitCode.LocalFileError, $"{path} holds the password for {host} and others can read it", $"chmod 600 {ShellLineParser.Escape(path)}")
            : entry;
    }
}
