using System.Text;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Protocol;

namespace Fts.Trust;

/// <summary>
/// The user and the password for the login. The password is never an argument, because every user of the machine could read it.
/// </summary>
internal sealed record SignInCredentials(string User, string Password)
{
    /// <summary>The user name for public access (RFC 1635).</summary>
    public const string AnonymousUser = "anonymous";

    /// <summary>Whether the password is secret. The password of anonymous is public (RFC 1635).</summary>
    public bool HasSecret => IsNamedUser(User) && Password.Length > 0;

    /// <summary>
    /// Returns the credentials. The password is read from the password file or command, <c>FTS_PASSWORD</c>, <c>.netrc</c> or the
    /// terminal, in this order. The user is the user of the target, or else of the entry in <c>.netrc</c>, or else anonymous.
    /// </summary>
    /// <remarks><c>FTS_PASSWORD</c> is not used for anonymous, because every server would then receive the secret.</remarks>
    /// <param name="target">The server and the user.</param>
    /// <param name="passwordFile">The value of <c>--password-file</c>, if given.</param>
    /// <param name="passwordCommand">The value of <c>--password-command</c>, if given.</param>
    /// <param name="terminal">The terminal to ask on.</param>
    /// <param name="hasCertificate">
    /// Whether a client certificate is given. The certificate may replace the password, so the user is not asked for a password.
    /// </param>
    /// <param name="usesVariable">Whether to use <c>FTS_PASSWORD</c>.</param>
    /// <exception cref="UserErrorException">
    /// The password file cannot be read, other users can read or change the <c>.netrc</c> file, or there is no password for a named user.
    /// </exception>
    public static SignInCredentials Find(
        Target target,
        string? passwordFile,
        string? passwordCommand,
        Terminal terminal,
        bool hasCertificate,
        bool usesVariable = true)
    {
        string? user = target.User;
        if (passwordFile is not null && passwordCommand is not null)
        {
            throw CommandLine.CreateUsageError("--password-file and --password-command cannot be combined");
        }

        if (passwordCommand is not null)
        {
            return new SignInCredentials(
                user ?? throw CommandLine.CreateUsageError("--password-command needs --user NAME"), PasswordCommand.Run(passwordCommand));
        }

        if (passwordFile is not null)
        {
            return new SignInCredentials(
                user ?? throw CommandLine.CreateUsageError("--password-file needs --user NAME"), ReadFirstLine(passwordFile));
        }

        string? secret = usesVariable && Environment.GetEnvironmentVariable("FTS_PASSWORD") is { Length: > 0 } variable ? variable : null;
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
            // This is the customary password (RFC 1635), without the address of the user.
            return new SignInCredentials(user ?? AnonymousUser, "anonymous@");
        }

        if (hasCertificate)
        {
            return new SignInCredentials(user!, "");
        }

        return terminal.IsInteractive
            ? new SignInCredentials(user!, PasswordPrompt.ReadPassword(terminal, $"password for {user!.ToPrintable()} on {target.Host}: "))
            : throw new UserErrorException(
                ExitCode.UsageError,
                $"the password for {user} is missing, and fts cannot ask for it without a terminal",
                "set FTS_PASSWORD, or use --password-file FILE or --password-command COMMAND");
    }

    /// <summary>
    /// Returns the account for ACCT, which some servers request. The account is read from <c>FTS_ACCOUNT</c>, <c>.netrc</c> or the
    /// terminal, in this order. Returns null if none of these contains an account. <c>FTS_ACCOUNT</c> is not sent for anonymous, because
    /// every server would receive it.
    /// </summary>
    /// <param name="target">The server.</param>
    /// <param name="user">The user of the login.</param>
    /// <param name="terminal">The terminal to ask on.</param>
    public static string? FindAccount(Target target, string user, Terminal terminal)
    {
        if (IsNamedUser(user) && Environment.GetEnvironmentVariable("FTS_ACCOUNT") is { Length: > 0 } variable)
        {
            return variable;
        }

        if (FindNetRcEntry(target.Host, user)?.Account is { Length: > 0 } entryAccount)
        {
            return entryAccount;
        }

        string typed = terminal.IsInteractive
            ? PasswordPrompt.ReadPassword(terminal, $"account (ACCT) for {user.ToPrintable()} on {target.Host}: ")
            : "";
        return typed.Length > 0 ? typed : null;
    }

    /// <summary>Returns whether a user is given, and is not anonymous.</summary>
    private static bool IsNamedUser(string? user) =>
        user is not null && !string.Equals(user, AnonymousUser, StringComparison.OrdinalIgnoreCase);

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

    /// <summary>
    /// Returns the entry of <c>.netrc</c> for a host and a user, or null. Throws if the entry has a secret and other users can read or
    /// change the file.
    /// </summary>
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
            // The file is optional. A file that the user cannot read is ignored too.
            return null;
        }

        const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
        NetRcFile.Entry? entry = NetRcFile.FindEntry(text, host, user);
        return (entry?.Password ?? entry?.Account) is not null && (mode & Others) != 0
            ? throw new UserErrorException(
                ExitCode.LocalFileError,
                $"{path} contains a password or account for {host}, and other users can read or change the file",
                $"chmod 600 {ShellQuoting.Quote(path)}")
            : entry;
    }
}
