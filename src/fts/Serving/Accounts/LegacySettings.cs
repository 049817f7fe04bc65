using System.CommandLine;
using System.Net;
using Fts.Accounts.Settings;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Serving.Accounts;

/// <summary>The server from which accounts are taken over, and the template of these accounts.</summary>
/// <param name="Server">The options of connections to the server. The credentials are those of each check.</param>
/// <param name="Group">The group of the created accounts, or null.</param>
/// <param name="Home">The home directory of the created accounts, or null.</param>
internal sealed record LegacySettings(FtpClientOptions Server, string? Group, string? Home)
{
    private const string ServerForm = "must be ftp://HOST[:PORT], ftp://HOST[:PORT]?tls=explicit or ftps://HOST[:PORT]";

    private const string ExplicitTls = "?tls=explicit";

    private const int PlainPort = 21, ImplicitTlsPort = 990;

    private static readonly Option<string> ServerOption = new("--legacy-server")
    {
        HelpName = "URL",
        Description = "old server that checks the password at the first login of a name without an account, and so supplies the " +
            "accounts: ftp://HOST[:PORT] (unencrypted), ftp://HOST[:PORT]?tls=explicit or ftps://HOST[:PORT]",
    };

    private static readonly Option<string> KeyOption = new("--legacy-key")
    {
        HelpName = "SHA256:KEY",
        Description = "key fingerprint of the old server (default: its certificate must be trusted by this system)",
    };

    private static readonly Option<string> GroupOption = new("--legacy-group")
    {
        HelpName = "NAME",
        Description = "group of the accounts from the old server; supplies their settings",
    };

    private static readonly Option<string> HomeOption = new("--legacy-home")
    {
        HelpName = "DIR",
        Description = "home folder of the accounts from the old server; %u is the account's name",
    };

    /// <summary>The options.</summary>
    public static IReadOnlyList<Option> Options { get; } = [ServerOption, KeyOption, GroupOption, HomeOption];

    /// <summary>The URL without a password, for the log.</summary>
    public string Url => $"{(Server.Tls == FtpTlsMode.Implicit ? "ftps" : "ftp")}://" +
        $"{(Server.Host.Contains(':') ? $"[{Server.Host}]" : Server.Host)}:{Server.Port}";

    /// <summary>The folder of the created home directories, for the sandbox. Empty if the group supplies it.</summary>
    public IReadOnlyList<string> Folders => Home is null ? [] : [GetFolder(Home)];

    /// <summary>Parses the options. Returns null if no old server is given.</summary>
    /// <exception cref="UserErrorException">A value is invalid, or an option is missing.</exception>
    public static LegacySettings? Parse(CommandLine line)
    {
        (string? key, string? group, string? home) = (line.GetValue(KeyOption), line.GetValue(GroupOption), line.GetValue(HomeOption));
        if (line.GetValue(ServerOption) is not { } url)
        {
            return (key, group, home) is (null, null, null)
                ? null
                : throw CommandLine.CreateUsageError(
                    $"{(key is not null ? KeyOption : group is not null ? GroupOption : HomeOption).Name} needs {ServerOption.Name}");
        }

        if (group is null && home is null)
        {
            throw CommandLine.CreateUsageError($"{ServerOption.Name} needs {GroupOption.Name} or {HomeOption.Name}");
        }

        if (home is not null)
        {
            home = home.Length == 0 || Path.IsPathFullyQualified(home) ? home : Path.GetFullPath(home);
            CheckHome(home);
        }

        FtpClientOptions server = ParseServer(url);
        if (key is not null)
        {
            server = PinKey(server, key);
        }

        return new LegacySettings(server, group, home);
    }

    /// <summary>Throws if the group does not exist.</summary>
    /// <exception cref="UserErrorException">The group does not exist.</exception>
    public void CheckGroup(AccountSnapshot accounts)
    {
        if (Group is not null && accounts.Groups.All(group => group.Value.Name != Group))
        {
            throw new UserErrorException(
                ExitCode.UsageError, $"{GroupOption.Name} {Group.ToPrintable()}: no such group", $"fts group add {Group.ToPrintable()}");
        }
    }

    private static void CheckHome(string home)
    {
        string? problem = DirectoryTemplate.FindProblem(home);
        if (problem is null && Path.GetDirectoryName(GetFolder(home)) is null)
        {
            problem = "must be at least two levels deep";
        }

        if (problem is not null)
        {
            throw CommandLine.CreateUsageError($"{HomeOption.Name} {home.ToPrintable()}: the home directory {problem}");
        }
    }

    private static string GetFolder(string home) => DirectoryTemplate.GetTextBeforeName(home) is { } text
        ? Path.GetDirectoryName(text + "x")!
        : DirectoryTemplate.Expand(home, "x");

    private static FtpClientOptions ParseServer(string text)
    {
        // In an ftp:// URL, .NET takes a query for a part of the path.
        (string address, bool isExplicit) = text.EndsWith(ExplicitTls, StringComparison.Ordinal)
            ? (text[..^ExplicitTls.Length], true)
            : (text, false);
        if (!Uri.TryCreate(address, UriKind.Absolute, out Uri? url) || url.Host.Length == 0
            || !(url.Scheme == "ftp" || (url.Scheme == "ftps" && !isExplicit))
            || url.UserInfo.Length > 0 || url.AbsolutePath is not ("" or "/") || url.Query.Length > 0 || url.Fragment.Length > 0
            || url.Port == 0)
        {
            // The URL may contain a password by mistake.
            throw CommandLine.CreateUsageError($"{ServerOption.Name}: {ServerForm}");
        }

        bool isImplicit = url.Scheme == "ftps";
        return new FtpClientOptions
        {
            Host = url.HostNameType == UriHostNameType.IPv6 ? IPAddress.Parse(url.Host).ToString() : url.IdnHost,
            Port = url.Port > 0 ? url.Port : isImplicit ? ImplicitTlsPort : PlainPort,
            Tls = isImplicit ? FtpTlsMode.Implicit : isExplicit ? FtpTlsMode.Required : FtpTlsMode.Off,
        };
    }

    private static FtpClientOptions PinKey(FtpClientOptions server, string key)
    {
        if (server.Tls == FtpTlsMode.Off)
        {
            throw CommandLine.CreateUsageError($"{KeyOption.Name} needs TLS: {ServerOption.Name} {ServerForm}");
        }

        return KeyFingerprint.IsFingerprint(key)
            ? server with { Trust = new FtpTrust { PinnedKeys = [key] } }
            : throw CommandLine.CreateUsageError($"{KeyOption.Name} {key.ToPrintable()}: must be SHA256: and 43 characters of Base64");
    }
}
