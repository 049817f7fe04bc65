namespace Fts.Client.Connections;

/// <summary>A time limit for one operation, combined with the token of the caller.</summary>
/// <remarks>The creator disposes it.</remarks>
internal readonly struct Deadline : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationToken _caller;
    private readonly TimeSpan _limit;

    public Deadline(TimeSpan limit, CancellationToken cancellationToken)
    {
        (_limit, _caller) = (limit, cancellationToken);
        _source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _source.CancelAfter(limit);
    }

    /// <summary>The token for the operation, which the caller's token or the time limit cancels.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>
    /// Returns the exception to throw after the operation was cancelled. Returns an <see cref="OperationCanceledException"/> if the
    /// caller's token is cancelled, and an <see cref="FtpTimeoutException"/> if the time limit has expired.
    /// </summary>
    public Exception Translate(OperationCanceledException exception, FtpOperationPhase phase) =>
        Translate(exception, phase, _limit, _caller);

    /// <inheritdoc cref="Translate(OperationCanceledException, FtpOperationPhase)"/>
    public static Exception Translate(
        OperationCanceledException exception, FtpOperationPhase phase, TimeSpan limit, CancellationToken caller) =>
        caller.IsCancellationRequested
            ? new OperationCanceledException(exception.Message, exception, caller)
            : new FtpTimeoutException(phase, limit, exception);

    public void Dispose() => _source.Dispose();
}
