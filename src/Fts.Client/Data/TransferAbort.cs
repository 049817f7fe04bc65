using Fts.Client.Connections;
using Fts.Protocol;

namespace Fts.Client.Data;

/// <summary>Aborts the transfer of one connection.</summary>
internal sealed class TransferAbort(FtpConnection connection, ControlChannel control)
{
    /// <summary>
    /// The abort of a cancelled transfer, which ends within <see cref="FtpTimeouts.Resync"/> and never fails. A completed task if no abort
    /// is running.
    /// </summary>
    public Task RunningAbort { get; private set; } = Task.CompletedTask;

    /// <summary>Starts <see cref="AbortAsync"/> and returns immediately. The next command on the connection waits for the abort.</summary>
    public void StartAbort(Action closeData) => RunningAbort = AbortAsync(closeData);

    /// <summary>
    /// Sends ABOR and reads exactly two final replies: that of the transfer and that of ABOR (RFC 959 §4.1.3). If they do not arrive in
    /// time, the connection is closed, because later replies could be mistaken for the replies to other commands.
    /// </summary>
    /// <param name="closeData">Resets the data connection. Called after ABOR is sent, and again at the end.</param>
    public async Task AbortAsync(Action closeData)
    {
        TimeSpan limit = connection.Options.Timeouts.Resync;
        using var budget = new CancellationTokenSource(limit);
        try
        {
            await control.WriteDuringTransferAsync(new FtpCommand("ABOR", ""), budget.Token).ConfigureAwait(false);
            closeData();
            for (int expected = 2; expected > 0;)
            {
                FtpReply reply = await control.ReadReplyAsync(FtpOperationPhase.Reply, limit, budget.Token).ConfigureAwait(false);
                expected -= reply.IsPreliminary ? 0 : 1;
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // No caller may await this task, so no error may leave it.
            control.CloseImmediately();
        }
        finally
        {
            closeData();
            connection.Log.TransferAborted(connection.Options.Host, connection.IsUsable);
        }
    }
}
