using System.CommandLine;
using Fts.Accounts.Passwords;
using Fts.Accounts.Passwords.Import;
using Fts.Accounts.Settings;
using Fts.Accounts.Settings.Files;
using Fts.Cli;
using Fts.Cli.Help;

namespace Fts.Administration;

/// <summary>The actions of <c>fts user</c> that read or write files of accounts: apply, export and import.</summary>
internal static class AccountFileCommands
{
    private const string AutomaticFormat = "auto";

    private static readonly Option<bool> DryRunOption = new("--dry-run") { Description = "print the changes, but make none" };

    private static readonly Option<bool> PruneOption = new("--prune")
    {
        Description = "remove the accounts and groups that the file does not contain",
    };

    private static readonly Option<string> OutputOption = new("--output")
    {
        HelpName = "FILE",
        Description = "write to a new file that only you can read (default: standard output)",
    };

    private static readonly SubcommandDefinition ApplyDefinition = new("apply", 1, new HelpPage
    {
        Usage = ["fts user apply FILE [options]"],
        Purpose = "Makes the accounts and groups match a file. All changes are made, or none.",
        Examples =
        [
            new("fts user apply accounts.json --dry-run", "print what would change"),
            new("fts user export --output accounts.json", "write such a file"),
        ],
        Arguments = [new("FILE", "JSON with comments, as docs/accounts.schema.json describes it; - for standard input")],
        OptionGroups = [new OptionGroup("Changes", DryRunOption, PruneOption), AdministrationCommand.StateOptions],
        ExitCodes = AdministrationCommand.ExitCodes,
        Notes = ["The output has a line for each addition (+), change (~) and removal (-)."],
    });

    private static readonly SubcommandDefinition ExportDefinition = new("export", 0, new HelpPage
    {
        Usage = ["fts user export [options]"],
        Purpose = "Writes all accounts and groups, with their password hashes, as a file for fts user apply.",
        OptionGroups = [new OptionGroup("Output", OutputOption), AdministrationCommand.StateOptions],
        ExitCodes = AdministrationCommand.ExitCodes,
    });

    private static readonly ChoiceOption FormatOption = new(
        "--format", "FORMAT", "format of the password file",
        (AutomaticFormat, "recognise the format by its fields"),
        ("htpasswd", "Apache: name:hash"),
        ("passwd", "ProFTPD AuthUserFile: seven fields"),
        ("shadow", "shadow(5): nine fields"),
        ("pure-ftpd", "pureftpd.passwd, with quotas, rates and networks"));

    private static readonly Option<bool> KeepHomesOption = new("--homes-from-file")
    {
        Description = "take the home folders from the file (default: the groups or the server decide)",
    };

    private static readonly SubcommandDefinition ImportDefinition = new("import", 1, new HelpPage
    {
        Usage = ["fts user import FILE [options]"],
        Purpose = "Adds the accounts of another server's password file, with their passwords.",
        Examples =
        [
            new("fts user import pureftpd.passwd --homes-from-file", "add accounts with home folders, quotas and rates"),
            new("fts user import htpasswd --dry-run", "print what would be added"),
        ],
        Arguments = [new("FILE", "the password file; - for standard input")],
        OptionGroups =
        [
            new OptionGroup("Import", FormatOption, KeepHomesOption, DryRunOption), AdministrationCommand.StateOptions,
        ],
        ExitCodes = [.. AdministrationCommand.ExitCodes, new("9", "some lines were skipped, and their accounts were not added")],
        Notes =
        [
            "Each hash is replaced by a stronger one at the first login of its account. Lines with an unsupported kind of hash, a locked " +
            "password, or the name of an existing account are named and skipped.",
        ],
    });

    /// <summary>The actions.</summary>
    public static IReadOnlyList<AdministrationAction> Actions { get; } =
    [
        new(ImportDefinition, "add the accounts of another server's password file", Import),
        new(ApplyDefinition, "make the accounts match a file", Apply),
        new(ExportDefinition, "write all accounts as a file", Export),
    ];

    private static ExitCode Apply(CommandLine line)
    {
        string path = AdministrationCommand.GetArgument(line, ApplyDefinition, 0, "FILE");
        AccountFile file = Read(path);
        bool isDryRun = line.HasOption(DryRunOption);
        using AccountStore store = AccountStore.Open(line, canCreate: !isDryRun);
        AccountSnapshot snapshot = store.ReadAll();
        var plan = AccountPlan.Create(file, snapshot, line.HasOption(PruneOption));
        RefuseUnusableHashes(path, plan);
        foreach (AccountPlanStep step in plan.Changes)
        {
            Print(step);
        }

        foreach (AccountPlanStep step in plan.Kept)
        {
            Terminal.Plain.WriteMessage($"kept {Describe(step.Change)}, which the file does not contain (--prune removes it)");
        }

        if (plan.Changes.Count == 0)
        {
            Terminal.Plain.WriteMessage("no changes");
        }
        else if (!isDryRun)
        {
            store.Apply([.. plan.Changes.Select(step => step.Change)]);
        }

        return ExitCode.Success;
    }

    private static ExitCode Export(CommandLine line)
    {
        using AccountStore store = AccountStore.Open(line);
        AccountSnapshot snapshot = store.ReadAll();
        var file = new AccountFile(
            [.. snapshot.Accounts.Select(account => account.Value)], [.. snapshot.Groups.Select(group => group.Value)]);
        if (line.GetValue(OutputOption) is not { } path)
        {
            AccountOutput.PrintJson(file.Write);
            return ExitCode.Success;
        }

        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            using var output = new FileStream(path, options);
            using var writer = new System.Text.Json.Utf8JsonWriter(output, new System.Text.Json.JsonWriterOptions { Indented = true });
            file.Write(writer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot write {path}: {LocalErrorText.Describe(e)}");
        }

        return ExitCode.Success;
    }

    private static ExitCode Import(CommandLine line)
    {
        string path = AdministrationCommand.GetArgument(line, ImportDefinition, 0, "FILE");
        PasswordFileFormat? format = line.GetChoice(FormatOption) switch
        {
            "htpasswd" => PasswordFileFormat.Htpasswd,
            "passwd" => PasswordFileFormat.Passwd,
            "shadow" => PasswordFileFormat.Shadow,
            "pure-ftpd" => PasswordFileFormat.PureFtpd,
            _ => null,
        };
        PasswordFile file = PasswordFileParser.Parse(System.Text.Encoding.UTF8.GetString(ReadBytes(path)), format);
        bool isDryRun = line.HasOption(DryRunOption);
        using AccountStore store = AccountStore.Open(line, canCreate: !isDryRun);
        HashSet<string> existing = [.. store.ReadAll().Accounts.Select(account => account.Value.Name)];
        var skipped = file.SkippedLines.Select(skip => skip.ToString()).ToList();
        var added = new List<AccountChange>();
        foreach (ImportedAccount imported in file.Accounts)
        {
            AccountSettings account = ImportedSettings.Convert(imported, line.HasOption(KeepHomesOption));
            string? problem = existing.Contains(account.Name)
                ? $"the account {account.Name} already exists"
                : SettingsValidation.FindProblem(account);
            if (problem is not null)
            {
                skipped.Add($"line {imported.LineNumber}: {problem}");
                continue;
            }

            added.Add(AccountChange.Add(account));
            Terminal.Plain.WriteData($"+ account {account.Name}");
            foreach (string field in imported.IgnoredFields)
            {
                Terminal.Plain.WriteMessage(
                    $"line {imported.LineNumber}: account {account.Name}: {field} is not supported and not imported");
            }
        }

        if (added.Count > 0 && !isDryRun)
        {
            store.Apply(added);
        }

        foreach (string skip in skipped)
        {
            Terminal.Plain.WriteMessage($"skipped {skip}");
        }

        return skipped.Count > 0 ? ExitCode.SomeFailed : ExitCode.Success;
    }

    /// <summary>Refuses a plan that would store a hash with which nobody can log in.</summary>
    private static void RefuseUnusableHashes(string path, AccountPlan plan)
    {
        foreach (AccountPlanStep step in plan.Changes)
        {
            if (step.Change.Account is { PasswordHash: { } hash } account && !PasswordHash.TryParse(hash, out _, out string? reason))
            {
                throw new UserErrorException(ExitCode.UsageError, $"{path}: account {account.Name}: passwordHash: {reason}");
            }
        }
    }

    private static AccountFile Read(string path)
    {
        try
        {
            return AccountFile.Parse(ReadBytes(path), TimeZoneInfo.Local);
        }
        catch (AccountFileException e)
        {
            throw new UserErrorException(ExitCode.UsageError, $"{path}:{e.Line}: {e.Message}");
        }
    }

    private static byte[] ReadBytes(string path)
    {
        try
        {
            if (path != "-")
            {
                return File.ReadAllBytes(path);
            }

            using var content = new MemoryStream();
            using Stream input = Console.OpenStandardInput();
            input.CopyTo(content);
            return content.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(ExitCode.LocalFileError, $"cannot read {path}: {LocalErrorText.Describe(e)}");
        }
    }

    private static void Print(AccountPlanStep step)
    {
        string sign = step.Change.Kind switch
        {
            AccountChangeKind.Add => "+",
            AccountChangeKind.Remove => "-",
            _ => "~",
        };
        Terminal.Plain.WriteData($"{sign} {Describe(step.Change)}");
        AccountOutput.PrintDifferences(step.Differences, "    ");
    }

    private static string Describe(AccountChange change) => $"{(change.IsGroup ? "group" : "account")} {change.Name}";
}
