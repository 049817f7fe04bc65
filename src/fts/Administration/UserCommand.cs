using System.CommandLine;
using Fts.Accounts.Settings;
using Fts.Accounts.Settings.Files;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Serving.Control;

namespace Fts.Administration;

/// <summary>The <c>fts user</c> subcommand. It manages the accounts of a server.</summary>
internal static class UserCommand
{
    private static readonly Option<bool> DisabledOption = new("--disabled")
    {
        Description = "add the account, but do not permit logins yet",
    };

    private static readonly SubcommandDefinition AddDefinition = Define("add", "NAME", "Adds an account.",
        [
            new("fts user add ann --home /srv/ftp/ann", "add an account, and type its password"),
            new("fts user add press --permit /=- --permit /in=c --generate", "an account that can only upload, to the folder in"),
        ],
        [NewPassword.Options, AccountOptions.Options, AccessOptions.Settings, new OptionGroup("State", DisabledOption)],
        AccessOptions.Notes);

    private static readonly SubcommandDefinition SetDefinition = Define("set", "NAME", "Changes settings of an account.",
        [
            new("fts user set ann --quota-bytes 10G", "set a quota; all other settings stay"),
            new("fts user set ann --unset permit:/in", "remove one rule"),
        ],
        [AccountOptions.Options, AccessOptions.Settings, AccessOptions.Removal],
        AccessOptions.Notes);

    private static readonly SubcommandDefinition PasswordDefinition = Define("passwd", "NAME", "Changes the password of an account.",
        [new("fts user passwd ann --generate", "print a new password")], [NewPassword.Options], []);

    private static readonly SubcommandDefinition ListDefinition = Define("list", "", "Lists the accounts.",
        [], [AdministrationCommand.OutputOptions], []);

    private static readonly SubcommandDefinition ShowDefinition = Define("show", "NAME",
        "Prints the settings of an account, whether the account, a group or the default sets them, and the usage of its quota.",
        [], [AdministrationCommand.OutputOptions], []);

    private static readonly SubcommandDefinition RemoveDefinition = Define("remove", "NAME…",
        "Removes accounts and ends their sessions. Their files stay.", [], [], []);

    private static readonly SubcommandDefinition EnableDefinition = Define("enable", "NAME…", "Permits logins of accounts.", [], [], []);

    private static readonly SubcommandDefinition DisableDefinition = Define("disable", "NAME…",
        "Refuses logins of accounts and ends their sessions.", [], [], []);

    /// <summary>The subcommand.</summary>
    public static AdministrationCommand Command { get; } = new(
        "user",
        "Manages the accounts of a server.",
        [
            new("fts user add ann --home /srv/ftp/ann", "add an account, and type its password"),
            new("fts user set ann --quota-bytes 10G", "limit the size of the account's files"),
            new("fts user disable ann", "refuse logins, and end the account's sessions"),
        ],
        [
            new(AddDefinition, "add an account", Add),
            new(ListDefinition, "list the accounts", List),
            AdministrationAction.Create(ShowDefinition, "print the settings and the usage of an account", ShowAsync),
            new(SetDefinition, "change settings of an account", Set),
            new(PasswordDefinition, "change the password of an account", ChangePassword),
            new(RemoveDefinition, "remove accounts", Remove),
            new(EnableDefinition, "permit logins", line => SetEnabled(line, EnableDefinition, isEnabled: true)),
            new(DisableDefinition, "refuse logins, and end the sessions", line => SetEnabled(line, DisableDefinition, isEnabled: false)),
            RecountCommand.Action,
            ExplainCommand.Action,
            .. AccountFileCommands.Actions,
        ]);

    private static SubcommandDefinition Define(
        string name, string arguments, string purpose, IReadOnlyList<HelpRow> examples, IReadOnlyList<OptionGroup> options,
        IReadOnlyList<string> notes) => new(name, arguments.EndsWith('…') ? int.MaxValue : arguments.Length > 0 ? 1 : 0, new HelpPage
        {
            Usage = [$"fts user {name} {arguments}{(arguments.Length > 0 ? " " : "")}[options]"],
            Purpose = purpose,
            Examples = examples,
            OptionGroups = [.. options, AdministrationCommand.StateOptions],
            ExitCodes = AdministrationCommand.ExitCodes,
            Notes = notes,
        });

    private static ExitCode Add(CommandLine line)
    {
        string name = AdministrationCommand.GetArgument(line, AddDefinition, 0, "NAME");
        // The settings are checked before the password is asked for.
        AccountSettings account = AccountOptions.Apply(line, new AccountSettings(name) { IsEnabled = !line.HasOption(DisabledOption) });
        using AccountStore store = AccountStore.Open(line, canCreate: true);
        AccountSnapshot snapshot = store.ReadAll();
        if (SettingsValidation.FindProblem(account) is { } problem)
        {
            throw CommandLine.CreateUsageError(problem);
        }

        if (snapshot.Accounts.Any(existing => existing.Value.Name == name))
        {
            throw new UserErrorException(ExitCode.OtherError, $"the account {name} already exists", $"fts user set {name}");
        }

        NewPassword password = NewPassword.Read(line, name);
        store.Apply(AccountChange.Add(account with { PasswordHash = password.Hash }));
        PrintGenerated(password);
        if (password.Hash is null && account.KeyFingerprints.Count == 0)
        {
            Terminal.Plain.WriteMessage(
                $"warning: nobody can log in as {name} yet; use fts user passwd {name}, or fts user set {name} --certificate FILE");
        }

        return ExitCode.Success;
    }

    private static ExitCode List(CommandLine line)
    {
        using AccountStore store = AccountStore.Open(line);
        ResolvedAccount[] accounts = [.. store.ReadAll().Resolve()];
        if (line.HasOption(AdministrationCommand.JsonOption))
        {
            AccountOutput.PrintJson(writer =>
            {
                writer.WriteStartArray();
                foreach (ResolvedAccount account in accounts)
                {
                    AccountOutput.WriteAccount(writer, account);
                }

                writer.WriteEndArray();
            });
            return ExitCode.Success;
        }

        if (accounts.Length == 0)
        {
            Terminal.Plain.WriteMessage($"no accounts in {store.StatePath}");
            return ExitCode.Success;
        }

        AccountOutput.PrintTable(
        [
            ["NAME", "STATUS", "GROUPS", "QUOTA", "HOME"],
            .. accounts.Select(account => new[]
            {
                account.Settings.Name,
                DescribeStatus(account),
                account.Settings.Groups.Count == 0 ? "-" : string.Join(",", account.Settings.Groups),
                account.QuotaBytes is { } quota ? SettingText.FormatBytes(quota) : "-",
                account.Access.Home ?? "-",
            }),
        ]);
        return ExitCode.Success;
    }

    private static string DescribeStatus(ResolvedAccount account)
    {
        if (!account.Settings.IsEnabled)
        {
            return "disabled";
        }

        return account.Limits.ExpiresAt <= TimeProvider.System.GetUtcNow() ? "expired" : "enabled";
    }

    private static async Task<ExitCode> ShowAsync(CommandLine line)
    {
        string name = AdministrationCommand.GetArgument(line, ShowDefinition, 0, "NAME");
        using AccountStore store = AccountStore.Open(line);
        AccountSnapshot snapshot = store.ReadAll();
        _ = store.GetAccount(snapshot, name);
        ResolvedAccount account = snapshot.Resolve().First(resolved => resolved.Settings.Name == name);
        QuotaStatus? usage = await store.FindUsageAsync(account);
        if (line.HasOption(AdministrationCommand.JsonOption))
        {
            AccountOutput.PrintJson(writer => AccountOutput.WriteAccount(writer, account, usage));
        }
        else
        {
            AccountOutput.PrintAccount(account, usage);
        }

        return ExitCode.Success;
    }

    private static ExitCode Set(CommandLine line)
    {
        string name = AdministrationCommand.GetArgument(line, SetDefinition, 0, "NAME");
        using AccountStore store = AccountStore.Open(line);
        Versioned<AccountSettings> old = store.GetAccount(store.ReadAll(), name);
        AccountSettings changed = AccountOptions.Apply(line, old.Value);
        if (!line.SpecifiedOptions.Any(option => option.Name != Serving.Accounts.StateDirectory.PathOption.Name))
        {
            throw CommandLine.CreateUsageError("no setting is given", null, SetDefinition.Usage);
        }

        if (!changed.Equals(old.Value))
        {
            store.Apply(AccountChange.Update(changed, old.Version));
        }

        AccessOptions.NoteUnset(line, old.Value.Access, old.Value);
        AccountOutput.PrintDifferences(SettingDifference.Find(old.Value, changed));
        return ExitCode.Success;
    }

    private static ExitCode ChangePassword(CommandLine line)
    {
        string name = AdministrationCommand.GetArgument(line, PasswordDefinition, 0, "NAME");
        using AccountStore store = AccountStore.Open(line);
        Versioned<AccountSettings> old = store.GetAccount(store.ReadAll(), name);
        NewPassword password = NewPassword.Read(line, name);
        store.Apply(AccountChange.Update(old.Value with { PasswordHash = password.Hash }, old.Version));
        PrintGenerated(password);
        return ExitCode.Success;
    }

    private static ExitCode Remove(CommandLine line)
    {
        using AccountStore store = AccountStore.Open(line);
        AccountSnapshot snapshot = store.ReadAll();
        store.Apply([.. GetAccounts(line, RemoveDefinition, store, snapshot).Select(account =>
            AccountChange.RemoveAccount(account.Value.Name, account.Version))]);
        return ExitCode.Success;
    }

    private static ExitCode SetEnabled(CommandLine line, SubcommandDefinition definition, bool isEnabled)
    {
        using AccountStore store = AccountStore.Open(line);
        AccountSnapshot snapshot = store.ReadAll();
        store.Apply([.. GetAccounts(line, definition, store, snapshot)
            .Where(account => account.Value.IsEnabled != isEnabled)
            .Select(account => AccountChange.Update(account.Value with { IsEnabled = isEnabled }, account.Version))]);
        return ExitCode.Success;
    }

    /// <summary>Returns the accounts that the arguments name, each once.</summary>
    private static IEnumerable<Versioned<AccountSettings>> GetAccounts(
        CommandLine line, SubcommandDefinition definition, AccountStore store, AccountSnapshot snapshot)
    {
        _ = AdministrationCommand.GetArgument(line, definition, 0, "NAME");
        return [.. line.Arguments.Distinct().Select(name => store.GetAccount(snapshot, name))];
    }

    private static void PrintGenerated(NewPassword password)
    {
        if (password.Generated is { } generated)
        {
            Terminal.Plain.WriteData(generated);
        }
    }
}
