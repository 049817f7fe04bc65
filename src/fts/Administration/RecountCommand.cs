using System.Globalization;
using Fts.Accounts.Settings;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Serving.Accounts;
using Fts.Serving.Control;

namespace Fts.Administration;

/// <summary>
/// <c>fts user recount</c>: counts the files of accounts with a quota. The running server counts, because only it knows the uploads that
/// run meanwhile. If no server runs, the command counts.
/// </summary>
internal static class RecountCommand
{
    private static readonly SubcommandDefinition Definition = new("recount", int.MaxValue, new HelpPage
    {
        Usage = ["fts user recount [NAME…] [options]"],
        Purpose = "Counts the files of accounts with a quota, and corrects their usage. Prints each correction.",
        Examples =
        [
            new("fts user recount", "count the files of all accounts with a quota"),
            new("fts user recount ann", "count the files of ann"),
        ],
        Arguments = [new("NAME", "an account (default: all accounts with a quota)")],
        OptionGroups = [AdministrationCommand.StateOptions],
        ExitCodes =
        [
            new("0", "all usages are correct now"),
            new("2", "usage error"),
            new("6", "the account or its home folder does not exist, or it has no quota"),
            new("7", "the server belongs to another user"),
            new("9", "some accounts could not be counted"),
            new("11", "the database or the journal cannot be used"),
        ],
        Notes =
        [
            "A running server counts while clients use it, and counts each directory once a day without this command. An account without " +
            "a home folder of its own uses the folder that the server shares, and is counted only while the server runs.",
        ],
    });

    /// <summary>The action.</summary>
    public static AdministrationAction Action { get; } =
        AdministrationAction.Create(Definition, "count the files of accounts with a quota", RunAsync);

    private static async Task<ExitCode> RunAsync(CommandLine line)
    {
        using AccountStore store = AccountStore.Open(line);
        IReadOnlyList<ResolvedAccount> accounts = FindAccounts(line, store);
        if (accounts.Count == 0)
        {
            Terminal.Plain.WriteMessage($"no account in {store.StatePath} has a quota");
            return ExitCode.Success;
        }

        using ControlClient? client = ServerAccess.TryConnect(store.StatePath);
        await using StoppedServerQuotas? stopped = client is null
            ? await StoppedServerQuotas.OpenAsync(StateDirectory.Open(store.StatePath), store.ReadAll())
            : null;
        int failures = 0;
        foreach (ResolvedAccount account in accounts)
        {
            string name = account.Settings.Name;
            try
            {
                RecountResult result = client is not null
                    ? await client.SendAsync(
                        "recount", new QuotaParameters(name), ControlJson.Default.QuotaParameters, ControlJson.Default.RecountResult,
                        CancellationToken.None, Timeout.InfiniteTimeSpan)
                    : await stopped!.RecountAsync(account, CancellationToken.None);
                Terminal.Plain.WriteData(Format(name, result));
            }
            catch (ControlException e)
            {
                UserErrorException error = ServerAccess.Translate(e);
                if (accounts.Count == 1)
                {
                    throw error;
                }

                failures++;
                Terminal.Plain.ShowError(error.Error);
            }
        }

        return failures == 0 ? ExitCode.Success : ExitCode.SomeFailed;
    }

    /// <summary>Returns the named accounts, or all accounts with a quota.</summary>
    private static IReadOnlyList<ResolvedAccount> FindAccounts(CommandLine line, AccountStore store)
    {
        AccountSnapshot snapshot = store.ReadAll();
        foreach (string name in line.Arguments)
        {
            _ = store.GetAccount(snapshot, name);
        }

        return [.. snapshot.Resolve().Where(account => line.Arguments.Count > 0
            ? line.Arguments.Contains(account.Settings.Name)
            : account.QuotaBytes is not null || account.QuotaFiles is not null)];
    }

    private static string Format(string name, RecountResult result)
    {
        string used = AccountOutput.FormatUsage(result.Quota.Bytes, result.Quota.Files);
        return result is { Bytes: 0, Files: 0 }
            ? $"{name}: correct, {used}"
            : string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: corrected by {result.Bytes:+0;-0;0} bytes and {result.Files:+0;-0;0} files, {used}");
    }
}
