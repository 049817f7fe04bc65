using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.Commands;
using Fts.Server.Data;
using Fts.Server.Tls;

namespace Fts.Server.Sessions;

/// <summary>
/// Runs one session from the greeting to its end: reads a line, finds the command, runs the handler and sends the reply. Owns and disposes
/// the session.
/// </summary>
internal sealed class SessionLoop(Session session)
{
    /// <summary>
    /// How long a transfer may continue after the client has disconnected, if it is in block mode or has no data connection yet.
    /// </summary>
    private static readonly TimeSpan MaxWaitAfterDisconnect = TimeSpan.FromSeconds(0.5);

    private readonly FtpServerOptions _options = session.Server.Options;
    private Task<LineReadResult>? _lineRead;

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

                ReplyThreads.RequestShortSlices();
                session.LastReceived = Environment.TickCount64;
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
        await RunReleaseStepAsync(AbandonReadAsync);
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

    /// <summary>Disposes of the transfer, which completes <see cref="Transfer.Completion"/>.</summary>
    private ValueTask DisposeTransferAsync()
    {
        session.Transfer?.Dispose();
        session.Transfer = null;
        return default;
    }

    /// <summary>Closes the control connection. Resets it if the client does not read the replies.</summary>
    private async ValueTask CloseChannelAsync()
    {
        if (session.Channel.IsBroken || session.Channel.WriteStartedAt != 0)
        {
            session.Socket.Close(0); // the client does not read the replies in the kernel's buffer
        }

        await session.Channel.DisposeAsync();
    }

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
    /// Starts or ends TLS after AUTH or CCC. Input before the handshake is not protected by TLS: an attacker may have injected it
    /// (CVE-2011-0411), so the session is closed.
    /// </summary>
    private async ValueTask ChangeStreamAsync()
    {
        await session.Channel.FlushAsync(session.Ending);
        if (session.Channel.HasUnreadInput)
        {
            Log.InputBeforeHandshake(_options.Logger, session.Id);
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

    private ValueTask<LineReadResult> ReadAsync() =>
        _lineRead is null ? FlushBlockConnectionWhileWaiting(session.Channel.ReadLineAsync(session.Ending)) : EndReadAsync(_lineRead);

    /// <summary>
    /// Completes a read that started during a transfer. Flushes first, because queued replies would otherwise wait for the client's next
    /// line.
    /// </summary>
    private async ValueTask<LineReadResult> EndReadAsync(Task<LineReadResult> read)
    {
        await session.Channel.FlushAsync(session.Ending);
        LineReadResult line = await FlushBlockConnectionWhileWaiting(new ValueTask<LineReadResult>(read));
        (_lineRead, session.HasLineWaiting) = (null, false);
        return line;
    }

    /// <summary>Starts to send the buffered bytes of block mode if the operation does not complete immediately.</summary>
    private ValueTask<T> FlushBlockConnectionWhileWaiting<T>(ValueTask<T> waiting)
    {
        if (!waiting.IsCompleted)
        {
            session.BlockConnection?.StartFlush();
        }

        return waiting;
    }

    private async ValueTask DispatchAsync(LineReadResult line)
    {
        if (!CommandLookup.TryFind(session, line, out CommandRow? row, out string argument, out FtpReply? rejection))
        {
            session.Queue(rejection!);
            return;
        }

        if (!row!.HasRule(CommandRules.PreservesSequence))
        {
            session.Sequence.Advance();
        }

        if (CommandRunner.CheckRules(session, row, argument) is { } error)
        {
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
    /// Runs a transfer from its start to its final reply. Meanwhile reads lines and runs the commands that are allowed during a transfer.
    /// The first other line waits for the end of the transfer.
    /// </summary>
    private async ValueTask RunTransferAsync(CommandRow row, string argument)
    {
        // A QUIT that the client sent before the transfer began does not interrupt it.
        bool isNextLineFromBeforeTransfer = session.Channel.HasUnreadInput;
        var transfer = new Transfer(argument.Length == 0 ? row.Verb : $"{row.Verb} {argument}")
        {
            UsesControlConnection = row.HasRule(CommandRules.TransferWithArgument),
        };
        session.Transfer = transfer;
        Task<FtpReply> reply = CommandRunner.RunAsync(session, row, argument, transfer.Token).AsTask();
        transfer.Reply = reply;
        while (!reply.IsCompleted)
        {
            session.BlockConnection?.StartFlush();
            _lineRead ??= session.Channel.ReadLineAsync(session.Ending).AsTask();
            await Task.WhenAny(session.HasLineWaiting ? [reply] : [reply, _lineRead]);
            if (reply.IsCompleted)
            {
                break;
            }

            LineReadResult line = await _lineRead;
            session.LastReceived = Environment.TickCount64;
            if (line.Status == LineStatus.Closed)
            {
                if (session.Mode == TransferMode.Block || !transfer.HasDataConnection)
                {
                    // All data of the transfer may have arrived, although the store has not opened or written the file yet.
                    await Task.WhenAny(reply, Task.Delay(MaxWaitAfterDisconnect, CancellationToken.None));
                }

                await AbortTransferAsync(AbortReason.SessionEnded);
            }
            else if (CommandLookup.TryFindDuringTransfer(session, line, out CommandRow? other, out string otherArgument))
            {
                _lineRead = null;
                await RunDuringTransferAsync(other!, otherArgument);
                isNextLineFromBeforeTransfer &= session.Channel.HasUnreadInput;
            }
            else
            {
                session.HasLineWaiting = true;
                if (!isNextLineFromBeforeTransfer)
                {
                    RecordQuit(line);
                }
            }
        }

        await FinishTransferAsync();
    }

    /// <summary>Records a QUIT that the client sent during the transfer.</summary>
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
            // RFC 959 §4.1.3, ABOR: the reply of the transfer (426) precedes the reply of the command that aborted it.
            await FinishTransferAsync();
        }

        session.Queue(reply);
        await session.Channel.FlushAsync(session.Ending);
    }

    /// <summary>
    /// Waits for the end of the transfer and queues its final reply: 226, or the reply of the failure. Does nothing if no transfer runs.
    /// Every transfer ends here.
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
            session.DataConnector.CloseBlockConnection(); // it was shut down, even if the transfer had just completed
        }

        await DisposeTransferAsync();
        session.LastReceived = Environment.TickCount64;
    }

    private async ValueTask AbortTransferAsync(AbortReason reason)
    {
        session.Transfer?.Abort(reason);
        await FinishTransferAsync();
    }

    /// <summary>
    /// Waits for the end of a read that started during a transfer and ignores its result. The session's token or stream ends the read.
    /// </summary>
    private async ValueTask AbandonReadAsync()
    {
        if (_lineRead is not null)
        {
            await ((Task)_lineRead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _lineRead = null;
        }
    }

    /// <summary>
    /// Sends the final reply and reads the remaining input. Closing with unread input would reset the connection, and the client could lose
    /// the reply. If the server stops, this does not wait for the client.
    /// </summary>
    private async ValueTask CloseAsync()
    {
        await AbortTransferAsync(AbortReason.SessionEnded);
        await AbandonReadAsync();
        if (session.FinalReply is { } finalReply)
        {
            session.Queue(finalReply);
        }

        try
        {
            using var timeLimit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await (session.BlockConnection?.TryFlushAsync(timeLimit.Token) ?? Task.CompletedTask);
            await session.Channel.FlushAsync(timeLimit.Token);
            session.Socket.Shutdown(SocketShutdown.Send);
            if (session.FinalReply == Replies.Stopping)
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

    /// <summary>Reads and discards the input that has already arrived, at most the usual size of a socket buffer.</summary>
    private void DiscardInput()
    {
        Span<byte> discarded = stackalloc byte[4096];
        for (int i = 0; i < 64 && session.Socket.Available > 0; i++)
        {
            session.Socket.Receive(discarded);
        }
    }
}
