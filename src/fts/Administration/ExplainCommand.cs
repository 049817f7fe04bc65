using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Accounts.Bans;
using Fts.Accounts.Gate;
using Fts.Accounts.Login;
using Fts.Accounts.Settings;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Protocol;
using Fts.Serving.Configuration;
using Fts.Serving.Control;
using Fts.Storage;
using Fts.Storage.Local;

namespace Fts.Administration;

/// <summary><c>fts user explain</c>. It prints whether an account can use a command on a path, and which rule decides.</summary>
internal static class ExplainCommand
{
    private static readonly Option<string> FromOption = new("--from")
    {
        HelpName = "IP",
        Description = "address of the client, to explain the login too",
    };

    private static readonly Option<bool> TlsOption = new("--over-tls") { Description = "the client uses TLS" };

    private static readonly Option<string> TargetOption = new("--to")
    {
        HelpName = "PATH",
        Description = "path that the command creates, for RNTO, SITE COPY and similar commands",
    };

    private static readonly SubcommandDefinition Definition = new("explain", 3, new HelpPage
    {
        Usage = ["fts user explain NAME VERB PATH [options]"],
        Purpose = "Prints whether an account can use a command on a path, which rule decides, and where it is set.",
        Examples =
        [
            new("fts user explain ann STOR /in/a.txt", "may ann upload this file?"),
            new("fts user explain ann RETR /a --from 192.0.2.7", "may ann log in from there and download it?"),
            new("fts user explain ann RNTO /a --to /in/b", "may ann move this file?"),
        ],
        Arguments =
        [
            new("NAME", "the account"),
            new("VERB", "the FTP command, such as RETR, STOR, APPE, DELE, LIST or \"SITE COPY\""),
            new("PATH", "the path that the client sees"),
        ],
        OptionGroups = [new OptionGroup("Client", FromOption, TlsOption, TargetOption), AdministrationCommand.StateOptions],
        ExitCodes =
        [
            new("0", "the account can use the command"),
            new("2", "usage error"),
            new("6", "the account does not exist"),
            new("7", "a rule refuses the command or the login"),
            new("11", "the database cannot be used"),
        ],
        Notes = ["The permissions alone decide here. Whether the file exists, and whether a quota is exhausted, is not checked."],
    });

    /// <summary>The action.</summary>
    public static AdministrationAction Action { get; } = new(Definition, "print which rule permits or refuses a command", Run);

    private static ExitCode Run(CommandLine line)
    {
        string name = AdministrationCommand.GetArgument(line, Definition, 0, "NAME");
        string verb = AdministrationCommand.GetArgument(line, Definition, 1, "VERB").ToUpperInvariant();
        StorePath path = ParsePath(AdministrationCommand.GetArgument(line, Definition, 2, "PATH"));
        StorePath? target = line.GetValue(TargetOption) is { } text ? ParsePath(text) : null;
        if (!PermissionExplanation.UsesPath(verb))
        {
            throw CommandLine.CreateUsageError($"{verb} is not a command that permissions on paths decide");
        }

        if (target is not null && !PermissionExplanation.UsesTwoPaths(verb))
        {
            throw CommandLine.CreateUsageError($"{TargetOption.Name}: {verb} has only one path");
        }

        if (target is null && PermissionExplanation.UsesTwoPaths(verb))
        {
            throw CommandLine.CreateUsageError(
                $"{verb} has two paths; add {TargetOption.Name} PATH with the path that it creates", null, Definition.Usage);
        }

        using AccountStore store = AccountStore.Open(line);
        AccountSnapshot snapshot = store.ReadAll();
        _ = store.GetAccount(snapshot, name);
        ResolvedAccount resolved = snapshot.Resolve().First(account => account.Settings.Name == name);
        bool isAllowed = ExplainLogin(line, store.StatePath, resolved) & ExplainDirectories(store.StatePath, resolved);
        if (resolved.Access.Mounts.FirstOrDefault(mount => path.IsWithin(mount.Path)) is { } mount)
        {
            Terminal.Plain.WriteData(
                $"mount {mount.Path}: {mount.Directory}, {(mount.IsReadOnly ? "read-only" : "read-write")} " +
                $"(set by {resolved.GetOrigin(SettingKey.ForMount(mount.Path))})");
        }

        IReadOnlyList<PermissionExplanation> explanations =
            PermissionExplanation.Explain(CreateAccount(resolved), verb, path, target);
        foreach (PermissionExplanation explanation in explanations)
        {
            isAllowed &= explanation.Decision.IsAllowed || explanations.Count > 1;
            Terminal.Plain.WriteData(Describe(verb, explanation, resolved, target));
        }

        isAllowed &= explanations.Any(explanation => explanation.Decision.IsAllowed);
        return isAllowed ? ExitCode.Success : ExitCode.PermissionDenied;
    }

    /// <summary>Creates the account. Its rules compare paths as the file system of its home directory does.</summary>
    private static Account CreateAccount(ResolvedAccount resolved)
    {
        Account account = resolved.CreateAccount(store: null, state: null);
        if (resolved.Access.Home is not { } template)
        {
            return account;
        }

        try
        {
            using var home = new LocalFileStore(Path.GetFullPath(DirectoryTemplate.Expand(template, account.Name)));
            return account with { Rules = account.Rules.ForStore(home) };
        }
        catch (StoreException)
        {
            return account; // the directory does not exist yet
        }
    }

    /// <summary>Prints the decision on the login, and returns whether the account can log in.</summary>
    private static bool ExplainLogin(CommandLine line, string statePath, ResolvedAccount account)
    {
        IPAddress? address = null;
        if (line.GetValue(FromOption) is { } text && !IPAddress.TryParse(text, out address))
        {
            throw CommandLine.CreateUsageError($"{FromOption.Name} {text}: must be an IP address");
        }

        string login = address is null ? "login" : $"login from {address}";
        BanStatus[] bans = address is null ? [] : [.. ReadBans(statePath).Where(ban => Matches(ban, address, account.Settings.Name))];
        foreach (BanStatus ban in bans)
        {
            Terminal.Plain.WriteData(
                $"{login}: refused by {RuleNames.Banned}, ban of {ban.Subject} until {BanTable.FormatEnd(ban)}: " +
                ban.Reason.ToPrintable());
        }

        string? rule = FindLoginRule(line, account, address);
        if (rule is not null)
        {
            Terminal.Plain.WriteData($"{login}: refused by {rule} ({DescribeCause(rule, account)})");
        }
        else if (address is not null && bans.Length == 0)
        {
            Terminal.Plain.WriteData($"{login}: allowed");
        }

        return rule is null && bans.Length == 0;
    }

    /// <summary>Prints the home and mounted directories that the server cannot use, and returns whether there is none.</summary>
    private static bool ExplainDirectories(string statePath, ResolvedAccount account)
    {
        DirectoryProblem[] problems = [.. StartCheck.FindProblems(account)];
        string[] paths = [.. problems.Select(problem => problem.Directory)];
        IEnumerable<DirectoryProblem> excluded = FindExcluded(statePath, account).Where(each => !paths.Contains(each.Directory));
        foreach (DirectoryProblem problem in problems.Concat(excluded.ToArray()))
        {
            paths = [.. paths, problem.Directory];
            Terminal.Plain.WriteData($"login: refused by {RuleNames.HomeUnavailable}, {problem.Description}");
        }

        if (account.Access.Home is { } template && Path.GetFullPath(DirectoryTemplate.Expand(template, account.Settings.Name)) is var home
            && !Directory.Exists(home) && !paths.Contains(home))
        {
            Terminal.Plain.WriteMessage($"note: the home {home.ToPrintable()} does not exist; the first login creates it");
        }

        return paths.Length == 0;
    }

    /// <summary>Returns the directories that the sandbox of the running server excludes.</summary>
    private static IEnumerable<DirectoryProblem> FindExcluded(string statePath, ResolvedAccount account)
    {
        if (ReadAllowedFolders(statePath) is not { } folders)
        {
            yield break;
        }

        string[] allowed = [.. folders.Select(LocalPath.ResolveLinks)];
        foreach ((string kind, string key, string template) in account.Access.Mounts
            .Select(mount => ($"mount {mount.Path}", SettingKey.ForMount(mount.Path), mount.Directory))
            .Prepend(("home", SettingKey.Home, account.Access.Home ?? "")))
        {
            string directory = template.Length == 0 ? "" : Path.GetFullPath(DirectoryTemplate.Expand(template, account.Settings.Name));
            if (directory.Length > 0 && !allowed.Any(folder => IsWithin(LocalPath.ResolveLinks(directory), folder)))
            {
                yield return new DirectoryProblem(
                    kind, directory, account.GetOrigin(key).ToString(),
                    "the sandbox of the running server excludes it; restart the server, or start it with --homes and a folder above it");
            }
        }

        static bool IsWithin(string path, string folder) =>
            path == folder || path.StartsWith(folder.TrimEnd('/') + "/", StringComparison.Ordinal);
    }

    /// <summary>
    /// Returns the folders that the sandbox of the running server allows. Returns null if no server runs, it has no sandbox, or it cannot
    /// be asked.
    /// </summary>
    private static IReadOnlyList<string>? ReadAllowedFolders(string statePath)
    {
        try
        {
            using ControlClient? client = ControlClient.TryConnect(statePath);
            FoldersResult? result = client?.SendAsync(
                "folders", new ControlNothing(), ControlJson.Default.ControlNothing, ControlJson.Default.FoldersResult,
                CancellationToken.None).AsTask().GetAwaiter().GetResult();
            return result is { AreAll: false } ? result.Folders : null;
        }
        catch (Exception e) when (e is SocketException or ControlException)
        {
            return null; // the server belongs to another user, or is of an older version
        }
    }

    /// <summary>Returns the rule that refuses the login. Without an address, only the rules that do not depend on it are checked.</summary>
    private static string? FindLoginRule(CommandLine line, ResolvedAccount account, IPAddress? address)
    {
        if (!account.Settings.IsEnabled)
        {
            return RuleNames.AccountDisabled;
        }

        if (account.Settings.PasswordHash is null && account.Settings.KeyFingerprints.Count == 0)
        {
            return RuleNames.LoginCredentials;
        }

        return AccountRestrictions.FindRule(
            address is null ? account.Limits with { Networks = [], RequiresTls = false } : account.Limits,
            address ?? IPAddress.Loopback, line.HasOption(TlsOption), TimeProvider.System.GetLocalNow());
    }

    private static string DescribeCause(string rule, ResolvedAccount account) => rule switch
    {
        RuleNames.LoginCredentials => "the account has no password and no certificate",
        RuleNames.NetworkDenied => $"set by {account.GetOrigin(SettingKey.Networks)}",
        RuleNames.TlsRequired => $"set by {account.GetOrigin(SettingKey.RequiresTls)}",
        RuleNames.AccountHours => $"set by {account.GetOrigin(SettingKey.Hours)}",
        RuleNames.AccountExpired => $"set by {account.GetOrigin(SettingKey.ExpiresAt)}",
        _ => "set by account",
    };

    private static IReadOnlyList<BanStatus> ReadBans(string statePath)
    {
        using BanAccess access = BanAccess.Open(statePath);
        return access.ListAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
    }

    private static bool Matches(BanStatus ban, IPAddress address, string account) =>
        BanSubject.TryParse(ban.Subject, out BanSubject? subject) && subject.Matches(address, account);

    private static string Describe(string verb, PermissionExplanation explanation, ResolvedAccount account, StorePath? target)
    {
        AccessDecision decision = explanation.Decision;
        string condition = explanation.Condition switch
        {
            PathCondition.IsNew => " (new file)",
            PathCondition.Exists => " (existing file)",
            _ => "",
        };
        string outcome = decision.IsAllowed ? "allowed" : $"refused by {decision.Rule}";
        string origin = account.GetOrigin(SettingKey.ForRule(decision.PathRule.Path));
        // The decision names only the path whose rule decided.
        string other = target is { } to && !to.Equals(decision.Path) ? $" to {to}" : "";
        return $"{verb} {decision.Path}{other}{condition}: {outcome}, " +
            $"rule {decision.PathRule.Path}={PermissionLetters.Format(decision.PathRule.Permissions)} (set by {origin})";
    }

    private static StorePath ParsePath(string text) => StorePath.Root.Resolve(text) is { } path && text.StartsWith('/')
        ? path
        : throw CommandLine.CreateUsageError($"'{text}' is not an absolute path of the account, such as /in/a.txt");
}
