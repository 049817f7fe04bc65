using System.CommandLine;
using System.Net;
using Fts.Accounts;
using Fts.Accounts.Gate;
using Fts.Accounts.Login;
using Fts.Accounts.Settings;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Storage;

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

        using AccountStore store = AccountStore.Open(line);
        AccountSnapshot snapshot = store.ReadAll();
        _ = store.GetAccount(snapshot, name);
        ResolvedAccount resolved = snapshot.Resolve().First(account => account.Settings.Name == name);
        bool isAllowed = ExplainLogin(line, resolved);
        if (resolved.Access.Mounts.FirstOrDefault(mount => path.IsWithin(mount.Path)) is { } mount)
        {
            Terminal.Plain.WriteData(
                $"mount {mount.Path}: {mount.Directory}, {(mount.IsReadOnly ? "read-only" : "read-write")} " +
                $"(set by {resolved.GetOrigin(SettingKey.ForMount(mount.Path))})");
        }

        IReadOnlyList<PermissionExplanation> explanations =
            PermissionExplanation.Explain(resolved.CreateAccount(store: null, state: null), verb, path, target);
        foreach (PermissionExplanation explanation in explanations)
        {
            isAllowed &= explanation.Decision.IsAllowed || explanations.Count > 1;
            Terminal.Plain.WriteData(Describe(verb, explanation, resolved));
        }

        isAllowed &= explanations.Any(explanation => explanation.Decision.IsAllowed);
        return isAllowed ? ExitCode.Success : ExitCode.PermissionDenied;
    }

    /// <summary>Prints the decision on the login, and returns whether the account can log in.</summary>
    private static bool ExplainLogin(CommandLine line, ResolvedAccount account)
    {
        string? rule = account.Settings.IsEnabled ? null : RuleNames.AccountDisabled;
        if (line.GetValue(FromOption) is { } text)
        {
            if (!IPAddress.TryParse(text, out IPAddress? address))
            {
                throw CommandLine.CreateUsageError($"{FromOption.Name} {text}: must be an IP address");
            }

            rule ??= AccountRestrictions.FindRule(account.Limits, address, line.HasOption(TlsOption), TimeProvider.System.GetLocalNow());
            string origin = rule switch
            {
                RuleNames.NetworkDenied => account.GetOrigin(SettingKey.Networks),
                RuleNames.TlsRequired => account.GetOrigin(SettingKey.RequiresTls),
                RuleNames.AccountHours => account.GetOrigin(SettingKey.Hours),
                RuleNames.AccountExpired => account.GetOrigin(SettingKey.ExpiresAt),
                _ => "account",
            };
            Terminal.Plain.WriteData(
                rule is null ? $"login from {address}: allowed" : $"login from {address}: refused by {rule} (set by {origin})");
        }
        else if (rule is not null)
        {
            Terminal.Plain.WriteData($"login: refused by {rule} (set by account)");
        }

        return rule is null;
    }

    private static string Describe(string verb, PermissionExplanation explanation, ResolvedAccount account)
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
        return $"{verb} {decision.Path}{condition}: {outcome}, " +
            $"rule {decision.PathRule.Path}={PermissionLetters.Format(decision.PathRule.Permissions)} (set by {origin})";
    }

    private static StorePath ParsePath(string text) => StorePath.Root.Resolve(text) is { } path && text.StartsWith('/')
        ? path
        : throw CommandLine.CreateUsageError($"'{text}' is not an absolute path of the account, such as /in/a.txt");
}
