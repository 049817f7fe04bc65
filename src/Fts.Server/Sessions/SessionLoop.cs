using System.Net.Sockets;
using Fts.Protocol;
using Fts.Server.Commands;
using Fts.Server.Data;
using Fts.Server.Tls;

namespace Fts.Server.Sessions;

/// <summary>
/// One session from greeting to goodbye: line → row → gate → handler → reply. Owns the session and disposes it. A running transfer is one
/// task the loop holds while it reads on; commands marked so are answered meanwhile, any other line waits its turn.
/// </summary>
internal sealed class SessionLoop(Session session)
{
    private readonly FtpServerOptions _options = session.Server.Options;
    private Task<FtpReply>? _runningTransfer;
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
            // A bug of ours ends one session, never the server.
            Log.SessionFailed(_options.Logger, e, session.Id);
        }
        finally
        {
            await ReleaseAsync();
        }
    }

    /// <summary>Releases everything the session holds. Each step runs even if an earlier one failed.</summary>
    private async ValueTask ReleaseAsync()
    {
        await RunReleaseStepAsync(() => AbortTransferAsync(TransferEndReason.SessionEnded));
        await RunReleaseStepAsync(DisposeTransfer);
        await RunReleaseStepAsync(CloseChannelAsync);
        await RunReleaseStepAsync(AbandonReadAsync);
        await RunReleaseStepAsync(RemoveSession);
    }

    /// <summary>Runs one step of the release. A failure is logged; if the logger fails too, it is ignored.</summary>
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
                // The remaining steps matter more than this line.
            }
        }
    }

    /// <summary>Tells those who wait for the end of the transfer, if it failed before it could.</summary>
    private ValueTask DisposeTransfer()
    {
        session.Transfer?.Dispose();
        session.Transfer = null;
        return default;
    }

    private async ValueTask CloseChannelAsync()
    {
        if (session.Channel.IsBroken || session.Channel.WriteStartedAt != 0)
        {
            session.Socket.Close(0); // nobody reads the replies that the kernel still holds
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
    /// Goes over to TLS, or back. A word of the peer's that came before the handshake was not protected by it: somebody else may have put it there
    /// (CVE-2011-0411), and the session is over.
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

    private ValueTask<LineReadResult> ReadAsync() => _lineRead is null ? FlushBlockConnectionWhileWaiting(session.Channel.ReadLineAsync(session.Ending)) : EndReadAsync(_lineRead);

    /// <summary>Ends a read that was begun beside a transfer: what was queued since then would wait for the peer's next word.</summary>
    private async ValueTask<LineReadResult> EndReadAsync(Task<LineReadResult> read)
    {
        await session.Channel.FlushAsync(session.Ending);
        LineReadResult line = await FlushBlockConnectionWhileWaiting(new ValueTask<LineReadResult>(read));
        (_lineRead, session.HasLineWaiting) = (null, false);
        return line;
    }

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
        if (!CommandLookup.TryFind(session, line, out CommandRow? row, out string argument, out FtpReply? refusal))
        {
            session.Queue(refusal!);
            return;
        }

        bool isNextLineReceived = session.Channel.HasUnreadInput;
        FtpReply? answer = await CheckAndRunAsync(row!, argument);
        if (answer is not null)
        {
            session.Queue(answer);
        }

        if (_runningTransfer is not null)
        {
            await RunTransferAsync(isNextLineReceived);
        }
    }

    /// <summary>Reads on while the transfer runs, and sends its reply when it is done.</summary>
    /// <param name="isNextLineReceived">Whether the client sent the next line before the transfer began, so that a QUIT there does not end it.</param>
    private async ValueTask RunTransferAsync(bool isNextLineReceived)
    {
        while (_runningTransfer is { } transfer)
        {
            if (!transfer.IsCompleted)
            {
                session.BlockConnection?.StartFlush();
                _lineRead ??= session.Channel.ReadLineAsync(session.Ending).AsTask();
                await Task.WhenAny(session.HasLineWaiting ? [transfer] : [transfer, _lineRead]);
            }

            if (transfer.IsCompleted)
            {
                await FinishTransferAsync();
                return;
            }

            LineReadResult line = await _lineRead!;
            session.LastReceived = Environment.TickCount64;
            if (line.Status == LineStatus.Closed)
            {
                await AbortTransferAsync(TransferEndReason.SessionEnded);
            }
            else if (CommandLookup.TryFindDuringTransfer(session, line, out CommandRow? row, out string argument))
            {
                _lineRead = null;
                await RunDuringTransferAsync(row!, argument);
                isNextLineReceived &= session.Channel.HasUnreadInput;
            }
            else
            {
                session.HasLineWaiting = true;
                if (!isNextLineReceived)
                {
                    NoteQuit(line);
                }
            }
        }
    }

    private void NoteQuit(LineReadResult line)
    {
        if (session.Transfer is { } transfer && FtpCommand.TryParse(line.Bytes.Span, out FtpCommand waiting) && waiting.Verb == "QUIT")
        {
            transfer.NoteQuit();
            Log.QuitDuringTransfer(_options.Logger, session.Id, transfer.Bytes, transfer.Description.ToPrintable());
        }
    }

    private async ValueTask RunDuringTransferAsync(CommandRow row, string argument)
    {
        // A second transfer cannot run beside the first.
        FtpReply reply = row.IsTransfer(argument) ? Replies.BadSequence : await CommandRunner.RunAsync(session, row, argument, session.Ending);
        if (session.Transfer is { EndReason: not TransferEndReason.None })
        {
            // RFC 959 §4.1.3, ABOR: first the end of the transfer (426), then the answer to the command that ended it.
            await FinishTransferAsync();
        }

        session.Queue(reply);
        await session.Channel.FlushAsync(session.Ending);
    }

    private async ValueTask FinishTransferAsync()
    {
        if (_runningTransfer is not null)
        {
            session.Queue(await _runningTransfer);
            _runningTransfer = null;
        }

        if (session.Transfer is { EndReason: not TransferEndReason.None, UsesControlConnection: false })
        {
            session.DataConnector.CloseBlockConnection(); // shut down, even where the transfer had just got through
        }

        session.Transfer?.Dispose();
        session.Transfer = null;
        session.LastReceived = Environment.TickCount64;
    }

    /// <summary>The row's rules, then its code. Null when a transfer is left running in <see cref="_runningTransfer"/>.</summary>
    private async ValueTask<FtpReply?> CheckAndRunAsync(CommandRow row, string argument)
    {
        if (!row.HasRule(CommandRules.PreservesPendingState))
        {
            (session.CarriedState, session.NextState) = (session.NextState, PendingState.None);
        }

        if (CommandGate.CheckRules(session, row, argument) is { } refusal)
        {
            return refusal;
        }

        if (!row.IsTransfer(argument))
        {
            if (row.HasRule(CommandRules.ClosesDataConnection) && session.BlockConnection is { } link)
            {
                await link.TryFlushAsync(session.Ending);
            }

            return await CommandRunner.RunAsync(session, row, argument, session.Ending);
        }

        session.Transfer = new Transfer(argument.Length == 0 ? row.Verb : $"{row.Verb} {argument}") { UsesControlConnection = row.HasRule(CommandRules.TransferWithArgument) };
        ValueTask<FtpReply> running = CommandRunner.RunAsync(session, row, argument, session.Transfer.Token);
        if (running.IsCompletedSuccessfully)
        {
            await FinishTransferAsync();
            return running.Result;
        }

        _runningTransfer = running.AsTask();
        return null;
    }

    private async ValueTask AbortTransferAsync(TransferEndReason end)
    {
        if (session.Transfer is { } transfer)
        {
            transfer.Abort(end);
            await FinishTransferAsync();
        }
    }

    /// <summary>A read begun beside a transfer ends with the session's token or stream; how, no longer matters.</summary>
    private async ValueTask AbandonReadAsync()
    {
        if (_lineRead is not null)
        {
            await ((Task)_lineRead).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _lineRead = null;
        }
    }

    /// <summary>
    /// Sends the last reply and reads the remaining input. Closing with unread input would reset the connection, and the client could lose
    /// the reply. If the server stops, closing does not wait for the client.
    /// </summary>
    private async ValueTask CloseAsync()
    {
        await AbortTransferAsync(TransferEndReason.SessionEnded);
        await AbandonReadAsync();
        if (session.FinalReply is { } farewell)
        {
            session.Queue(farewell);
        }

        try
        {
            using var budget = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            await (session.BlockConnection?.TryFlushAsync(budget.Token) ?? Task.CompletedTask);
            await session.Channel.FlushAsync(budget.Token);
            session.Socket.Shutdown(SocketShutdown.Send);
            if (session.FinalReply == Replies.Stopping)
            {
                DiscardInput();
                return;
            }

            for (int lines = 0; lines < 64 && (await session.Channel.ReadLineAsync(budget.Token)).Status != LineStatus.Closed; lines++)
            {
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            // The peer went first, or stays silent: either way it has been told.
        }
    }

    /// <summary>Reads and discards the input that has arrived already, at most the usual size of a socket's buffer.</summary>
    private void DiscardInput()
    {
        Span<byte> discarded = stackalloc byte[4096];
        for (int i = 0; i < 64 && session.Socket.Available > 0; i++)
        {
            session.Socket.Receive(discarded);
        }
    }
}
