using Fts.Accounts.Quota;
using Fts.Accounts.Recording;
using Fts.Storage;

namespace Fts.Serving.Control;

/// <summary>The requests for events and quotas.</summary>
/// <param name="records">The records of the server.</param>
/// <param name="getHomesAsync">Returns the real path of the home directory of each account.</param>
internal sealed class RecordRequests(
    AccountRecords records, Func<CancellationToken, ValueTask<IReadOnlyDictionary<string, string>>> getHomesAsync)
{
    /// <summary>Writes all recorded events to the database.</summary>
    public ValueTask FlushAsync(CancellationToken cancellationToken) => records.FlushAsync(cancellationToken);

    /// <summary>Returns the usage of an account's home directory.</summary>
    /// <exception cref="ControlException">The account does not exist, or its home directory has no quota.</exception>
    public async ValueTask<QuotaStatus> GetQuotaAsync(QuotaParameters parameters, CancellationToken cancellationToken) =>
        ToMessage(GetUsage(await GetHomeAsync(parameters.Account, cancellationToken), parameters.Account));

    /// <summary>Counts an account's home directory, and corrects its usage.</summary>
    /// <exception cref="ControlException">
    /// The account does not exist, its home directory has no quota or is missing, or the directory cannot be counted.
    /// </exception>
    public async ValueTask<RecountResult> RecountAsync(QuotaParameters parameters, CancellationToken cancellationToken)
    {
        string home = await GetHomeAsync(parameters.Account, cancellationToken);
        try
        {
            QuotaAmount correction = await records.RecountAsync(home, cancellationToken) ?? throw CreateWithoutQuota(parameters.Account);
            return new RecountResult(ToMessage(GetUsage(home, parameters.Account)), correction.Bytes, correction.Files);
        }
        catch (Exception e) when (e is StoreException or ArgumentException or UnauthorizedAccessException)
        {
            throw new ControlException(
                e is StoreException { Error: StoreError.NotFound } ? ControlErrorCode.NotFound : ControlErrorCode.Failed,
                $"cannot count {home}: {e.Message}");
        }
    }

    private async ValueTask<string> GetHomeAsync(string account, CancellationToken cancellationToken)
    {
        IReadOnlyDictionary<string, string> homes = await getHomesAsync(cancellationToken);
        return homes.GetValueOrDefault(account)
            ?? throw new ControlException(ControlErrorCode.NotFound, $"no account has the name {account}");
    }

    private QuotaUsage GetUsage(string home, string account) => records.Ledger.GetUsage(home, account) ?? throw CreateWithoutQuota(account);

    private static ControlException CreateWithoutQuota(string account) =>
        new(ControlErrorCode.NotFound, $"the account {account} has no quota");

    private static QuotaStatus ToMessage(QuotaUsage usage) =>
        new(usage.Directory, usage.Used.Bytes, usage.Used.Files, usage.Reserved.Bytes, usage.CountedAt);
}
