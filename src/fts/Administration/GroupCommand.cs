using Fts.Accounts.Settings;
using Fts.Accounts.Settings.Files;
using Fts.Cli;
using Fts.Cli.Help;

namespace Fts.Administration;

/// <summary>The <c>fts group</c> subcommand. It manages the groups, which supply settings to accounts.</summary>
internal static class GroupCommand
{
    private static readonly SubcommandDefinition AddDefinition = Define("add", "NAME", "Adds a group.",
        [new("fts group add partners --permit /=lr --permit /in=c --require-tls", "a group that may read, and upload to /in")],
        [AccessOptions.Settings], AccessOptions.Notes);

    private static readonly SubcommandDefinition SetDefinition = Define("set", "NAME", "Changes settings of a group.",
        [new("fts group set partners --quota-bytes 50G", "set a quota for each account of the group that has none")],
        [AccessOptions.Settings, AccessOptions.Removal], AccessOptions.Notes);

    private static readonly SubcommandDefinition ListDefinition = Define("list", "", "Lists the groups.",
        [], [AdministrationCommand.OutputOptions], []);

    private static readonly SubcommandDefinition ShowDefinition = Define("show", "NAME", "Prints the settings and accounts of a group.",
        [], [AdministrationCommand.OutputOptions], []);

    private static readonly SubcommandDefinition RemoveDefinition = Define("remove", "NAME",
        "Removes a group that no account has.", [], [], []);

    /// <summary>The subcommand.</summary>
    public static AdministrationCommand Command { get; } = new(
        "group",
        "Manages groups, which supply settings that their accounts do not have.",
        [
            new("fts group add partners --permit /=lr --require-tls", "add a group"),
            new("fts user set ann --group partners", "put an account into the group"),
        ],
        [
            new(AddDefinition, "add a group", Add),
            new(ListDefinition, "list the groups", List),
            new(ShowDefinition, "print the settings and accounts of a group", Show),
            new(SetDefinition, "change settings of a group", Set),
            new(RemoveDefinition, "remove a group", Remove),
        ]);

    private static SubcommandDefinition Define(
        string name, string arguments, string purpose, IReadOnlyList<HelpRow> examples, IReadOnlyList<OptionGroup> options,
        IReadOnlyList<string> notes) => new(name, arguments.Length > 0 ? 1 : 0, new HelpPage
        {
            Usage = [$"fts group {name} {arguments}{(arguments.Length > 0 ? " " : "")}[options]"],
            Purpose = purpose,
            Examples = examples,
            OptionGroups = [.. options, AdministrationCommand.StateOptions],
            ExitCodes = AdministrationCommand.ExitCodes,
            Notes = notes,
        });

    private static ExitCode Add(CommandLine line)
    {
        string name = AdministrationCommand.GetArgument(line, AddDefinition, 0, "NAME");
        var group = new GroupSettings(name) { Access = AccessOptions.Apply(line, AccessSettings.None) };
        using AccountStore store = AccountStore.Open(line, canCreate: true);
        store.Apply(AccountChange.Add(group));
        return ExitCode.Success;
    }

    private static ExitCode List(CommandLine line)
    {
        using AccountStore store = AccountStore.Open(line);
        AccountSnapshot snapshot = store.ReadAll();
        if (line.HasOption(AdministrationCommand.JsonOption))
        {
            AccountOutput.PrintJson(writer =>
            {
                writer.WriteStartArray();
                foreach (Versioned<GroupSettings> group in snapshot.Groups)
                {
                    AccountOutput.WriteGroup(writer, group.Value, GetMembers(snapshot, group.Value.Name));
                }

                writer.WriteEndArray();
            });
            return ExitCode.Success;
        }

        if (snapshot.Groups.Count == 0)
        {
            Terminal.Plain.WriteMessage($"no groups in {store.StatePath}");
            return ExitCode.Success;
        }

        AccountOutput.PrintTable(
        [
            ["NAME", "ACCOUNTS"],
            .. snapshot.Groups.Select(group => new[] { group.Value.Name, DescribeMembers(snapshot, group.Value.Name) }),
        ]);
        return ExitCode.Success;
    }

    private static ExitCode Show(CommandLine line)
    {
        string name = AdministrationCommand.GetArgument(line, ShowDefinition, 0, "NAME");
        using AccountStore store = AccountStore.Open(line);
        AccountSnapshot snapshot = store.ReadAll();
        GroupSettings group = store.GetGroup(snapshot, name).Value;
        if (line.HasOption(AdministrationCommand.JsonOption))
        {
            AccountOutput.PrintJson(writer => AccountOutput.WriteGroup(writer, group, GetMembers(snapshot, name)));
            return ExitCode.Success;
        }

        AccountOutput.PrintTable(
        [
            ["name", name],
            ["accounts", DescribeMembers(snapshot, name)],
            .. SettingDifference.GetValues(group.Access).Select(pair => new[] { pair.Key, pair.Value }),
        ]);
        return ExitCode.Success;
    }

    private static ExitCode Set(CommandLine line)
    {
        string name = AdministrationCommand.GetArgument(line, SetDefinition, 0, "NAME");
        using AccountStore store = AccountStore.Open(line);
        Versioned<GroupSettings> old = store.GetGroup(store.ReadAll(), name);
        GroupSettings changed = old.Value with { Access = AccessOptions.Apply(line, old.Value.Access) };
        if (changed != old.Value)
        {
            store.Apply(AccountChange.Update(changed, old.Version));
        }

        AccessOptions.NoteUnset(line, old.Value.Access);
        AccountOutput.PrintDifferences(SettingDifference.Find(old.Value, changed));
        return ExitCode.Success;
    }

    private static ExitCode Remove(CommandLine line)
    {
        string name = AdministrationCommand.GetArgument(line, RemoveDefinition, 0, "NAME");
        using AccountStore store = AccountStore.Open(line);
        AccountSnapshot snapshot = store.ReadAll();
        Versioned<GroupSettings> group = store.GetGroup(snapshot, name);
        if (GetMembers(snapshot, name).FirstOrDefault() is { } member)
        {
            throw new UserErrorException(
                ExitCode.UsageError, $"the group {name} is used by {DescribeMembers(snapshot, name)}",
                $"fts user set {member} --unset group:{name}");
        }

        store.Apply(AccountChange.RemoveGroup(name, group.Version));
        return ExitCode.Success;
    }

    private static IEnumerable<string> GetMembers(AccountSnapshot snapshot, string group) =>
        snapshot.Accounts.Where(account => account.Value.Groups.Contains(group)).Select(account => account.Value.Name);

    private static string DescribeMembers(AccountSnapshot snapshot, string group) =>
        string.Join(", ", GetMembers(snapshot, group)) is { Length: > 0 } members ? members : "-";
}
