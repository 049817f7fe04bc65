namespace Fts.Client.Connections;

/// <summary>One wait with a limit, under a caller's token. Whoever makes it disposes it.</summary>
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

    /// <summary>What the wait is given.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>The caller's cancellation or a timeout, by asking which token fired.</summary>
    public Exception Translate(OperationCanceledException exception, FtpOperationPhase phase) => Translate(exception, phase, _limit, _caller);

    /// <inheritdoc cref="Translate(OperationCanceledException, FtpOperationPhase)"/>
    public static Exception Translate(OperationCanceledException exception, FtpOperationPhase phase, TimeSpan limit, CancellationToken caller) =>
        caller.IsCancellationRequested ? new OperationCanceledException(exception.Message, exception, caller) : new FtpTimeoutException(phase, limit, exception);

    public void Dispose() => _source.Dispose();
}
