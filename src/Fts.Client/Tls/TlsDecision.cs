using System.Diagnostics.CodeAnalysis;

namespace Fts.Client.Tls;

/// <summary>
/// Caches whether a server accepts TLS in <see cref="FtpTlsMode.Preferred"/>, for all connections of one client. After one connection was
/// encrypted, no other connection may be unencrypted.
/// </summary>
/// <remarks>
/// Thread-safe. The first connection makes the decision, and connections that open at the same time wait for the decision. A connection
/// that did not wait could send the password unencrypted while the first connection is still in its TLS handshake.
/// </remarks>
[SuppressMessage(
    "Design", "CA1001:Types that own disposable fields should be disposable",
    Justification = "The semaphore has no wait handle unless one is requested.")]
internal sealed class TlsDecision
{
    private readonly SemaphoreSlim _semaphore = new(1, 1);
    private volatile bool _isDecided;
    private volatile bool _hasUsedTls;
    private bool? _isPlainPasswordAllowed;

    /// <summary>Whether a connection to this server was encrypted.</summary>
    public bool HasUsedTls => _hasUsedTls;

    /// <summary>
    /// Waits until no other connection is negotiating TLS. Returns true if the caller must make the decision and then call
    /// <see cref="End"/>.
    /// </summary>
    public async Task<bool> TryBeginAsync(CancellationToken cancellationToken)
    {
        if (_isDecided)
        {
            return false;
        }

        await _semaphore.WaitAsync(cancellationToken).ConfigureAwait(false);
        if (!_isDecided)
        {
            return true;
        }

        _semaphore.Release();
        return false;
    }

    /// <summary>Ends the negotiation that <see cref="TryBeginAsync"/> started. Waiting connections continue.</summary>
    public void End() => _semaphore.Release();

    /// <summary>Records that a connection is encrypted (<paramref name="usesTls"/>), or that the server rejected TLS.</summary>
    public void RecordDecision(bool usesTls)
    {
        _hasUsedTls |= usesTls;
        _isDecided = true;
    }

    /// <summary>
    /// Returns whether the password may be sent unencrypted. Calls <paramref name="confirm"/> once and uses its result for all connections.
    /// </summary>
    /// <param name="confirm">The callback of the options; null to reject.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    public async Task<bool> IsPlainPasswordAllowedAsync(
        Func<CancellationToken, ValueTask<bool>>? confirm, CancellationToken cancellationToken)
    {
        await _semaphore.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _isPlainPasswordAllowed ??= confirm is not null && await confirm(cancellationToken).ConfigureAwait(false);
            return _isPlainPasswordAllowed.Value;
        }
        finally
        {
            _semaphore.Release();
        }
    }
}
