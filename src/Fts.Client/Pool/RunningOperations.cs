namespace Fts.Client.Pool;

/// <summary>
/// Tracks the running calls of a client. Disposal of the client cancels the calls, waits for their end, and prevents further calls.
/// </summary>
internal sealed class RunningOperations : IDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _runningCount;
    private bool _isStopped;

    public RunningOperations() => StoppingToken = _stop.Token;

    /// <summary>Cancelled when the client is disposed.</summary>
    public CancellationToken StoppingToken { get; }

    /// <summary>Runs a call, and cancels it if the client is disposed.</summary>
    /// <param name="operation">
    /// The call. Its token is cancelled by <paramref name="cancellationToken"/> and by disposal of the client.
    /// </param>
    /// <param name="cancellationToken">The token of the caller.</param>
    /// <exception cref="ObjectDisposedException">The client is disposed, or was disposed while the call ran.</exception>
    /// <exception cref="OperationCanceledException">The token of the caller was cancelled.</exception>
    public async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> operation, CancellationToken cancellationToken)
    {
        Begin();
        using CancellationTokenSource? linked =
            cancellationToken.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, StoppingToken) : null;
        try
        {
            return await operation(linked?.Token ?? StoppingToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (
            StoppingToken.IsCancellationRequested
            || (cancellationToken.IsCancellationRequested && e.CancellationToken != cancellationToken))
        {
            throw TranslateCancellation(e, cancellationToken);
        }
        finally
        {
            End();
        }
    }

    /// <summary>Returns the exception for a call that was cancelled by its caller or by disposal of the client.</summary>
    public static Exception TranslateCancellation(OperationCanceledException exception, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested
        ? new ObjectDisposedException("The client was disposed while the call ran.", exception)
        : new OperationCanceledException(exception.Message, exception, cancellationToken);

    /// <summary>Cancels the running calls, and waits until they have ended or the token is cancelled.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        bool isFirst;
        lock (_lock)
        {
            (isFirst, _isStopped) = (!_isStopped, true);
            if (_runningCount == 0)
            {
                _ended.TrySetResult();
            }
        }

        if (isFirst)
        {
            await _stop.CancelAsync().ConfigureAwait(false);
        }

        await ((Task)_ended.Task).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>Disposes the cancellation source. Call it after <see cref="StopAsync"/>.</summary>
    public void Dispose() => _stop.Dispose();

    private void Begin()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_isStopped, typeof(FtpClient));
            _runningCount++;
        }
    }

    private void End()
    {
        lock (_lock)
        {
            if (--_runningCount == 0 && _isStopped)
            {
                _ended.TrySetResult();
            }
        }
    }
}
