namespace Fts.Client.Data;

/// <summary>
/// A passive data connection that was prepared together with the last commands of the login, before its transfer is known. The next
/// transfer uses it instead of sending EPSV or PASV.
/// </summary>
/// <remarks>Owns the prepared connection until <see cref="TryTake"/> returns it.</remarks>
internal sealed class EarlyDataConnection : IDisposable
{
    /// <summary>
    /// The maximum time between the preparation and the transfer. It is shorter than the time after which servers close an unused data
    /// connection.
    /// </summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _timeProvider;
    private readonly long _preparedAt;
    private PreparedDataConnection? _prepared;

    /// <summary>Stores a connection attempt that has just started.</summary>
    /// <param name="prepared">The connection attempt.</param>
    /// <param name="mode">The mode of the reply that contained the port.</param>
    /// <param name="timeProvider">Measures the age.</param>
    public EarlyDataConnection(PreparedDataConnection prepared, DataConnectionMode mode, TimeProvider timeProvider)
    {
        (_prepared, Mode, _timeProvider) = (prepared, mode, timeProvider);
        _preparedAt = timeProvider.GetTimestamp();
    }

    /// <summary>The mode of the reply that contained the port.</summary>
    public DataConnectionMode Mode { get; }

    /// <summary>
    /// Whether the next transfer can use the connection. False if it was taken or disposed, if its attempt failed, or if it is too old.
    /// </summary>
    public bool IsUsable =>
        _prepared is { ConnectFailed.IsCancellationRequested: false } && _timeProvider.GetElapsedTime(_preparedAt) < MaxAge;

    /// <summary>Returns the connection, which the caller then owns. Disposes the connection and returns null if it is not usable.</summary>
    /// <param name="mode">The mode that the transfer requires.</param>
    public PreparedDataConnection? TryTake(DataConnectionMode mode)
    {
        if (!IsUsable || mode != Mode)
        {
            Dispose();
        }

        (PreparedDataConnection? prepared, _prepared) = (_prepared, null);
        return prepared;
    }

    /// <summary>Closes the connection, unless a caller of <see cref="TryTake"/> owns it.</summary>
    public void Dispose()
    {
        _prepared?.Dispose();
        _prepared = null;
    }
}
