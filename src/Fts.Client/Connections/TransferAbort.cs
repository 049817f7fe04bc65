using Fts.Protocol;

namespace Fts.Client;

/// <summary>Aborts the transfer of one connection.</summary>
internal sealed class TransferAbort(FtpConnection connection, ControlChannel control)
{
    /// <summary>
    /// The abort of a cancelled transfer, which ends at the latest after <see cref="FtpTimeouts.Abort"/>. Completed if none is running. It never fails.
    /// </summary>
    public Task Running { get; private set; } = Task.CompletedTask;

    /// <summary>Starts <see cref="RunAsync"/> without waiting for it. The next command of the connection waits.</summary>
    public void Start(Action closeData) => Running = RunAsync(closeData);

    /// <summary>
    /// Sends ABOR and reads exactly two final replies: that of the transfer and that of ABOR (RFC 959 §4.1.3). If they do not arrive in time, the
    /// connection is closed, because commands and replies may be out of step.
    /// </summary>
    public async Task RunAsync(Action closeData)
    {
        TimeSpan limit = connection.Options.Timeouts.Abort;
        using var budget = new CancellationTokenSource(limit);
        try
        {
            await control.WriteAmidTransferAsync(new Command("ABOR", ""), budget.Token).ConfigureAwait(false);
            closeData();
            for (int expected = 2; expected > 0;)
            {
                FtpReply reply = await control.ReadReplyAsync(FtpConnectionPhase.Reply, limit, budget.Token).ConfigureAwait(false);
                expected -= reply.IsPreliminary ? 0 : 1;
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // No call may be waiting for this task, so every error ends here.
            control.Break();
        }
        finally
        {
            closeData();
            connection.Log.Aborted(connection.Options.Host, connection.IsUsable);
        }
    }
}
