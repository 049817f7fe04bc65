using Fts.Client.Connections;
using Fts.Protocol;

namespace Fts.Client.Data;

/// <summary>Aborts the transfer of one connection.</summary>
internal sealed class TransferAbort(FtpConnection connection, ControlChannel control)
{
    /// <summary>
    /// The running abort of a cancelled transfer; a completed task if no abort is running. The task never fails, and ends within
    /// <see cref="FtpTimeouts.Resync"/>.
    /// </summary>
    public Task RunningAbort { get; private set; } = Task.CompletedTask;

    /// <summary>Starts <see cref="AbortAsync"/> and returns immediately. The next command on the connection waits for the abort.</summary>
    public void StartAbort(Action resetData) => RunningAbort = AbortAsync(resetData);

    /// <summary>
    /// Sends ABOR and reads exactly two final replies: the reply to the transfer command, and the reply to ABOR (RFC 959 §4.1.3). Closes
    /// the connection if a reply does not arrive within <see cref="FtpTimeouts.Resync"/>, because a late reply could be mistaken for the
    /// reply to another command.
    /// </summary>
    /// <param name="resetData">Resets the data connection. Called after ABOR is sent, and once more at the end.</param>
    public async Task AbortAsync(Action resetData)
    {
        TimeSpan limit = connection.Options.Timeouts.Resync;
        using var budget = new CancellationTokenSource(limit);
        try
        {
            await control.WriteDuringTransferAsync(new FtpCommand("ABOR", ""), budget.Token).ConfigureAwait(false);
            resetData();
            for (int expected = 2; expected > 0;)
            {
                FtpReply reply = await control.ReadReplyAsync(FtpOperationPhase.Reply, limit, budget.Token).ConfigureAwait(false);
                expected -= reply.IsPreliminary ? 0 : 1;
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The method must not throw, because StartAbort does not await the task.
            control.CloseImmediately();
        }
        finally
        {
            resetData();
            connection.Log.TransferAborted(connection.Options.Host, connection.IsUsable);
        }
    }
}
