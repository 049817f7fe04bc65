namespace Fts.Client;

/// <summary>A connection in use. Disposing gives it back; one with a transfer under way or out of step is closed instead.</summary>
internal sealed class PoolLease(ConnectionPool pool, FtpConnection connection) : IAsyncDisposable
{
    private readonly int _sentBefore = connection.CommandsSent;
    private bool _returned;

    public FtpConnection Connection { get; } = connection;

    /// <summary>True while nothing was sent by whoever holds it.</summary>
    public bool IsUntouched => Connection.CommandsSent == _sentBefore;

    public async ValueTask DisposeAsync()
    {
        if (!_returned)
        {
            _returned = true;
            await pool.ReturnAsync(Connection).ConfigureAwait(false);
        }
    }
}
