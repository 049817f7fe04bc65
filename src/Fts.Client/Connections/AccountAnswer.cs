using System.Diagnostics.CodeAnalysis;

namespace Fts.Client.Connections;

/// <summary>The account that the caller supplied when the server asked for one. It is requested once for all connections of a client.</summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The semaphore has no wait handle unless one is requested.")]
internal sealed class RequestedAccount
{
    private readonly SemaphoreSlim _gate = new(1, 1);
    private string? _account; // under the gate above
    private bool _isRequested;

    /// <summary>Returns the account, or null if the caller has none.</summary>
    public async Task<string?> GetAsync(Func<CancellationToken, ValueTask<string?>> request, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_isRequested)
            {
                _account = await request(cancellationToken).ConfigureAwait(false);
                _isRequested = true;
            }

            return _account;
        }
        finally
        {
            _gate.Release();
        }
    }
}
