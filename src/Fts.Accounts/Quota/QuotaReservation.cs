namespace Fts.Accounts.Quota;

/// <summary>The bytes and files that one operation has reserved. Disposing releases them.</summary>
/// <param name="ledger">The ledger, whose lock guards <see cref="Reserved"/>.</param>
/// <param name="account">The account that runs the operation.</param>
/// <param name="directories">The directories in which the operation adds files or bytes.</param>
internal sealed class QuotaReservation(QuotaLedger ledger, string account, QuotaDirectory[] directories) : IDisposable
{
    public string Account => account;

    public QuotaDirectory[] Directories => directories;

    public QuotaAmount Reserved { get; set; }

    /// <summary>Increases the reservation to at least an amount.</summary>
    /// <exception cref="Storage.StoreException">A limit would be exceeded.</exception>
    public void Require(QuotaAmount amount)
    {
        // Only one task or thread at a time increases a reservation, so a stale value cannot be read here.
        if (amount.Bytes > Reserved.Bytes || amount.Files > Reserved.Files)
        {
            ledger.Reserve(this, amount);
        }
    }

    /// <summary>Releases the reservation and applies the changes of the operation.</summary>
    public void Settle(IReadOnlyList<LedgerChange> changes) => ledger.Settle(this, changes);

    public void Dispose() => ledger.Settle(this, []);
}
