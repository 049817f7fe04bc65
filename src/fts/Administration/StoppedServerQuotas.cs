using Fts.Accounts.Quota;
using Fts.Accounts.Settings;
using Fts.Cli;
using Fts.Native;
using Fts.Serving;
using Fts.Serving.Accounts;
using Fts.Serving.Control;
using Fts.Storage.Local;
using Microsoft.Extensions.Logging.Abstractions;

namespace Fts.Administration;

/// <summary>
/// Counts quotas while no server runs. First recovers the operations that a killed server left, as the start of a server does. No server
/// can start meanwhile. The caller disposes this object.
/// </summary>
internal sealed class StoppedServerQuotas : IAsyncDisposable
{
    private readonly StateDirectory _state;
    private readonly ServerRecords _records;
    private readonly RecordRequests _requests;

    private StoppedServerQuotas(StateDirectory state, ServerRecords records, AccountSnapshot snapshot)
    {
        (_state, _records) = (state, records);
        var directories = HomeDirectories.Create(snapshot, servedFolder: "");
        Dictionary<string, string> homes = snapshot.Resolve()
            .Where(account => account.Access.Home is not null)
            .ToDictionary(account => account.Settings.Name, directories.GetHome);
        _requests = new RecordRequests(records.Records, _ => new(homes));
        records.Records.SetQuotas(
        [
            .. snapshot.Resolve()
                .Where(account => homes.ContainsKey(account.Settings.Name))
                .Select(account => new AccountQuota(
                    account.Settings.Name, homes[account.Settings.Name], new QuotaLimit(account.QuotaBytes, account.QuotaFiles)))
                .Where(quota => !quota.Limit.IsUnlimited),
        ]);
    }

    /// <summary>Reserves the state directory and opens its records. Takes the ownership of the directory.</summary>
    /// <exception cref="UserErrorException">
    /// A server uses the directory, it belongs to another user, or the journal cannot be used.
    /// </exception>
    public static async ValueTask<StoppedServerQuotas> OpenAsync(StateDirectory state, AccountSnapshot snapshot)
    {
        try
        {
            // Files that another user creates would prevent the start of the server.
            if (!OperatingSystem.IsWindows() && FileStatus.TryGet(state.Path, out FileStatus status)
                && status.Owner != ProcessCalls.Geteuid())
            {
                throw new UserErrorException(
                    ExitCode.PermissionDenied, $"the state folder {state.Path} belongs to another user",
                    "the same command as that user, or while the server runs");
            }

            state.ReserveForServer();
            ServerRecords records = await ServerRecords.OpenAsync(
                recordsEvents: false, state, isDurable: true, new LocalStoreOptions { ProtectedPaths = [state.Path] },
                eventsAdded: null, NullLoggerFactory.Instance);
            return new StoppedServerQuotas(state, records, snapshot);
        }
        catch
        {
            state.Dispose();
            throw;
        }
    }

    /// <summary>Counts the home directory of an account, and corrects its usage.</summary>
    /// <exception cref="ControlException">The account has no quota, or its directory is not known or cannot be counted.</exception>
    public ValueTask<RecountResult> RecountAsync(ResolvedAccount account, CancellationToken cancellationToken) =>
        account.Access.Home is not null
            ? _requests.RecountAsync(new QuotaParameters(account.Settings.Name), cancellationToken)
            : throw new ControlException(
                ControlErrorCode.Failed,
                $"{account.Settings.Name} uses the folder that the server shares, which is known only while the server runs");

    public async ValueTask DisposeAsync()
    {
        await _records.DisposeAsync();
        _state.Dispose();
    }
}
