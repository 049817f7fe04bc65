using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.Commands;
using Fts.Server.Data;
using Fts.Server.Tls;

namespace Fts.Server.Sessions;

/// <summary>
/// Runs one session from the greeting to the end: reads each line, finds the command, runs the handler and sends the reply. Owns and
/// disposes the session.
/// </summary>
internal sealed class SessionLoop(Session session)
{
    /// <summary>
    /// How long a transfer may continue after the client has disconnected, if the transfer uses block mode or has no data connection yet.
    /// </summary>
    private static readonly TimeSpan MaxWaitAfterDisconnect = TimeSpan.FromSeconds(0.5);

    private readonly FtpServerOptions _options = session.Server.Options;
    // The read that started during a transfer and has not been processed yet, or null.
    private Task<LineReadResult>? _lineRead;

    /// <summary>Runs the session until it ends. Exceptions are logged, not thrown.</summary>
    public async Task RunAsync()
    {
        try
        {
            if (session.IsImplicitTls)
            {
                await StartTlsAsync();
            }

            session.Queue(session.Host.Greeting);
            while (session.Next != NextAction.Close)
            {
                if (_lineRead is null)
                {
                    await FlushBlockConnectionWhileWaiting(session.Channel.WaitForInputAsync(session.Ending));
                }

                LineReadResult line = await ReadAsync();
                if (line.Status == LineStatus.Closed)
                {
                    break;
                }

                ThreadScheduling.RequestShortSlices();
                session.LastActivityAt = Environment.TickCount64;
                await DispatchAsync(line);
                if (session.Next is NextAction.StartTls or NextAction.EndTls)
                {
                    await ChangeStreamAsync();
                }
            }

            await CloseAsync();
        }
        catch (OperationCanceledException) when (session.Ending.IsCancellationRequested)
        {
            await CloseAsync();
        }
        catch (HandshakeException e)
        {
            Log.HandshakeFailed(_options.Logger, session.Id, e.Message.ToPrintable());
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            Log.ConnectionLost(_options.Logger, session.Id, e.Message.ToPrintable());
        }
        catch (Exception e)
        {
            // A bug must end only this session, not the server.
            Log.SessionFailed(_options.Logger, e, session.Id);
        }
        finally
        {
            await ReleaseAsync();
        }
    }

    /// <summary>Releases the resources of the session. Each step runs even if an earlier one failed.</summary>
    private async ValueTask ReleaseAsync()
    {
        await RunReleaseStepAsync(() => AbortTransferAsync(AbortReason.SessionEnded));
        await RunReleaseStepAsync(DisposeTransferAsync);
        await RunReleaseStepAsync(CloseChannelAsync);
        await RunReleaseStepAsync(IgnorePendingReadAsync);
        await RunReleaseStepAsync(RemoveSession);
    }

    /// <summary>Runs one step of the release. A failure is logged. If the logger also fails, the failure is ignored.</summary>
    private async ValueTask RunReleaseStepAsync(Func<ValueTask> step)
    {
        try
        {
            await step();
        }
        catch (Exception e)
        {
            try
            {
                Log.SessionFailed(_options.Logger, e, session.Id);
            }
            catch (Exception)
            {
                // The remaining steps are more important than this log line.
            }
        }
    }

    /// <summary>Disposes the transfer, which completes <see cref="Transfer.Completion"/>.</summary>
    private ValueTask DisposeTransferAsync()
    {
        session.Transfer?.Dispose();
        session.Transfer = null;
        return default;
    }

    /// <summary>Closes the control connection. Resets the connection if the client does not read the replies.</summary>
    private async ValueTask CloseChannelAsync()
    {
        if (session.Channel.IsBroken || session.Channel.WriteStartedAt != 0)
        {
            session.Socket.Close(0); // discards the replies in the kernel's buffer, which the client does not read
        }

        await session.Channel.DisposeAsync();
    }

    /// <summary>Disposes the session and removes it from the sessions of the server.</summary>
    private ValueTask RemoveSession()
    {
        try
        {
            session.Dispose();
        }
        finally
        {
            session.Server.RemoveSession(session);
        }

        return default;
    }

    /// <summary>
    /// Starts TLS after AUTH, or ends TLS after CCC. If the client has sent unexpected input after the command, closes the session: an
    /// attacker may have injected that input (CVE-2011-0411).
    /// </summary>
    private async ValueTask ChangeStreamAsync()
    {
        await session.Channel.FlushAsync(session.Ending);
        if (session.Channel.HasUnreadInput)
        {
            (string verb, string change) = session.Next == NextAction.StartTls ? ("AUTH", "start") : ("CCC", "end");
            Log.UnexpectedInput(_options.Logger, session.Id, verb, change);
            session.Next = NextAction.Close;
            return;
        }

        if (session.Next == NextAction.StartTls)
        {
            await StartTlsAsync();
        }
        else if (await session.Tls!.EndControlAsync(session.Ending) is { } problem)
        {
            Log.ClearCommandChannelFailed(_options.Logger, session.Id, problem);
            session.Next = NextAction.Close;
            return;
        }
        else
        {
            session.Channel.ReplaceStream(session.PlainStream);
            session.IsSecure = false;
        }

        session.Next = NextAction.ReadNext;
    }

    private async ValueTask StartTlsAsync()
    {
        session.Channel.ReplaceStream(await session.Tls!.AcceptControlAsync(session, session.Ending));
        session.IsSecure = true;
    }

    /// <summary>Reads the next line, or completes the read that started during the last transfer.</summary>
    private ValueTask<LineReadResult> ReadAsync() =>
        _lineRead is null ? FlushBlockConnectionWhileWaiting(session.Channel.ReadLineAsync(session.Ending)) : CompleteReadAsync(_lineRead);

    /// <summary>
    /// Completes a read that started during a transfer. Sends the queued replies first, because they must not wait for the client's next
    /// line.
    /// </summary>
    private async ValueTask<LineReadResult> CompleteReadAsync(Task<LineReadResult> read)
    {
        await session.Channel.FlushAsync(session.Ending);
        LineReadResult line = await FlushBlockConnectionWhileWaiting(new ValueTask<LineReadResult>(read));
        (_lineRead, session.HasLineWaiting) = (null, false);
        return line;
    }

    /// <summary>
    /// Returns the operation. If the operation has not completed, starts to send the output buffer of the block-mode connection.
    /// </summary>
    private ValueTask<T> FlushBlockConnectionWhileWaiting<T>(ValueTask<T> operation)
    {
        if (!operation.IsCompleted)
        {
            session.BlockConnection?.StartFlush();
        }

        return operation;
    }

    /// <summary>Runs the command of a line and queues the reply, or queues the reply that rejects the line.</summary>
    private async ValueTask DispatchAsync(LineReadResult line)
    {
        if (!CommandLookup.TryFind(session, line, out CommandRow? row, out string argument, out FtpReply? rejection))
        {
            session.Queue(rejection!);
            return;
        }

        session.LastCommand = row!.Verb;
        if (session.Server.IsStopping && row.HasRule(CommandRules.TransfersFile))
        {
            await RefuseTransferAsync();
            return;
        }

        if (!row.HasRule(CommandRules.PreservesSequence))
        {
            session.Sequence.Advance();
        }

        if (!AccountUpdate.TryApply(session))
        {
            session.Next = NextAction.Close;
        }
        else if (CommandRunner.CheckRules(session, row, argument) is { } error)
        {
            CommandLog.WriteRefusal(session, row, argument, error);
            session.Queue(error);
        }
        else if (row.IsTransfer(argument))
        {
            await RunTransferAsync(row, argument);
        }
        else
        {
            if (row.HasRule(CommandRules.ClosesDataConnection) && session.BlockConnection is { } connection)
            {
                await connection.TryFlushAsync(session.Ending);
            }

            session.Queue(await CommandRunner.RunAsync(session, row, argument, session.Ending));
        }
    }

    /// <summary>
    /// Refuses a transfer because the server stops. After an earlier transfer, the session stays open for a short time, because clients
    /// with several transfers use any of their connections to verify a finished upload.
    /// </summary>
    private async ValueTask RefuseTransferAsync()
    {
        if (session.BlockConnection is { } connection)
        {
            // A client can close both connections at the first 421. The data of the completed transfers must be sent before.
            await connection.TryFlushAsync(session.Ending);
        }

        if (session.LastTransferEndedAt != 0)
        {
            session.RefusedAtStopAt = session.RefusedAtStopAt == 0 ? Environment.TickCount64 : session.RefusedAtStopAt;
            session.Queue(Replies.Stopping);
            return;
        }

        session.End(Replies.Stopping);
        session.Next = NextAction.Close;
    }

    /// <summary>
    /// Runs a transfer from its start to its final reply. Meanwhile, reads lines and runs the commands that are allowed during a transfer.
    /// The first line with any other command is processed after the transfer.
    /// </summary>
    private async ValueTask RunTransferAsync(CommandRow row, string argument)
    {
        // A QUIT that the client sent before the transfer began does not count as a QUIT during the transfer.
        bool wasNextLineReceivedBeforeTransfer = session.Channel.HasUnreadInput;
        var transfer = new Transfer(argument.Length == 0 ? row.Verb : $"{row.Verb} {argument}")
        {
            Verb = row.Verb,
            UsesControlConnection = row.HasRule(CommandRules.TransferWithArgument),
        };
        session.Transfer = transfer;
        // If the session was ended before it had this transfer, the transfer was not aborted. The fence orders the write before the read.
        Interlocked.MemoryBarrier();
        if (session.ClosingReply is not null)
        {
            session.Next = NextAction.Close;
            await DisposeTransferAsync();
            return;
        }

        Task<FtpReply> reply = CommandRunner.RunAsync(session, row, argument, transfer.Token).AsTask();
        transfer.Reply = reply;
        while (!reply.IsCompleted)
        {
            session.BlockConnection?.StartFlush();
            _lineRead ??= session.Channel.ReadLineAsync(session.Ending).AsTask();
            // If a line waits for the end of the transfer, its read has completed. Then only the reply is awaited.
            await Task.WhenAny(session.HasLineWaiting ? [reply] : [reply, _lineRead]);
            if (reply.IsCompleted)
            {
                break;
            }

            LineReadResult line = await _lineRead;
            session.LastActivityAt = Environment.TickCount64;
            if (line.Status == LineStatus.Closed)
            {
                if (session.Mode == TransferMode.Block || !transfer.HasDataConnection)
                {
                    // All data of the transfer may have arrived, although the store has not yet opened or written the file.
                    await Task.WhenAny(reply, Task.Delay(MaxWaitAfterDisconnect, CancellationToken.None));
                }

                await AbortTransferAsync(AbortReason.SessionEnded);
            }
            else if (CommandLookup.TryFindDuringTransfer(session, line, out CommandRow? other, out string otherArgument))
            {
                _lineRead = null;
                await RunDuringTransferAsync(other!, otherArgument);
                wasNextLineReceivedBeforeTransfer &= session.Channel.HasUnreadInput;
            }
            else
            {
                session.HasLineWaiting = true;
                if (!wasNextLineReceivedBeforeTransfer)
                {
                    RecordQuit(line);
                }
            }
        }

        await FinishTransferAsync();
    }

    /// <summary>If the line contains QUIT, records and logs that the client sent QUIT during the transfer.</summary>
    private void RecordQuit(LineReadResult line)
    {
        if (session.Transfer is { } transfer && FtpCommand.TryParse(line.Bytes.Span, out FtpCommand waiting) && waiting.Verb == "QUIT")
        {
            transfer.RecordQuit();
            Log.QuitDuringTransfer(_options.Logger, session.Id, transfer.Bytes, transfer.Description.ToPrintable());
        }
    }

    /// <summary>Runs a command during the transfer, for example ABOR or STAT, and sends its reply.</summary>
    private async ValueTask RunDuringTransferAsync(CommandRow row, string argument)
    {
        // Two transfers cannot run at the same time.
        FtpReply reply = row.IsTransfer(argument)
            ? Replies.BadSequence
            : await CommandRunner.RunAsync(session, row, argument, session.Ending);
        if (session.Transfer is { AbortReason: not AbortReason.None })
        {
            // RFC 959 §4.1.3, ABOR: the reply of the transfer (426) precedes the reply of the command that aborted the transfer.
            await FinishTransferAsync();
        }

        session.Queue(reply);
        await session.Channel.FlushAsync(session.Ending);
    }

    /// <summary>
    /// Waits for the end of the transfer and queues its final reply. Does nothing if no transfer runs. Every transfer ends in this method.
    /// </summary>
    private async ValueTask FinishTransferAsync()
    {
        if (session.Transfer is not { } transfer)
        {
            return;
        }

        if (transfer.Reply is { } reply)
        {
            session.Queue(await reply);
        }

        if (transfer is { AbortReason: not AbortReason.None, UsesControlConnection: false })
        {
            session.DataConnector.CloseBlockConnection(); // the abort has shut the connection down, even if the transfer had just completed
        }

        // Set before the transfer is removed, because a stopping server must not send 421 directly behind the final reply.
        session.LastActivityAt = session.LastTransferEndedAt = Environment.TickCount64;
        await DisposeTransferAsync();
    }

    /// <summary>Aborts the running transfer, if any, and queues its final reply.</summary>
    private async ValueTask AbortTransferAsync(AbortReason reason)
    {
        session.Transfer?.Abort(reason);
        await FinishTransferAsync();
    }

    /// <summary>
    /// Waits for the end of a read that started during a transfer, and ignores its result. The session's cancelled token or closed stream
    /// ends the read.
    /// </summary>
    private async ValueTask IgnorePendingReadAsync()
    {
        if (_lineRead is not null)
        {
            await ((Task)_lineRead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _lineRead = null;
        }
    }

    /// <summary>
    /// Aborts the running transfer, sends all replies, and reads the remaining input for at most one second, because closing a connection
    /// with unread input would reset the connection, and the client could lose the replies. If the stop of the server ends an idle session,
    /// does not wait for the client.
    /// </summary>
    private async ValueTask CloseAsync()
    {
        await AbortTransferAsync(AbortReason.SessionEnded);
        await IgnorePendingReadAsync();
        if (session.ClosingReply is { } closingReply && session.RefusedAtStopAt == 0) // a refused client has received 421 already
        {
            session.Queue(closingReply);
        }

        try
        {
            using var timeLimit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await (session.BlockConnection?.TryFlushAsync(timeLimit.Token) ?? Task.CompletedTask);
            await session.Channel.FlushAsync(timeLimit.Token);
            session.Socket.Shutdown(SocketShutdown.Send);
            if (session.ClosingReply == Replies.Stopping && session.Next != NextAction.Close)
            {
                DiscardInput();
                return;
            }

            for (int lines = 0; lines < 64 && (await session.Channel.ReadLineAsync(timeLimit.Token)).Status != LineStatus.Closed; lines++)
            {
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // The client disconnected or does not respond.
        }
    }

    /// <summary>Reads and discards the input that has already arrived, but at most 256 KiB.</summary>
    private void DiscardInput()
    {
        Span<byte> discarded = stackalloc byte[4096];
        for (int i = 0; i < 64 && session.Socket.Available > 0; i++)
        {
            session.Socket.Receive(discarded);
        }
    }
}
