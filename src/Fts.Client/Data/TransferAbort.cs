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
    public void StartAbort(Action resetData) => RunningAbort = AbortAsync(resetData);

    /// <summary>
    /// Sends ABOR and reads exactly two final replies: one to the transfer command and one to ABOR (RFC 959 §4.1.3). If both do not arrive
    /// within <see cref="FtpTimeouts.Resync"/>, closes the connection, because late replies could be mistaken for those to other commands.
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
            // It is possible that no caller awaits this task, so it must not throw.
            control.CloseImmediately();
        }
        finally
        {
            resetData();
            connection.Log.TransferAborted(connection.Options.Host, connection.IsUsable);
        }
    }
}
