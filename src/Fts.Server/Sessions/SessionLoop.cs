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
        await RunReleaseStepAsync(DisposeTransferAsync);
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

    /// <summary>Disposes of the transfer, which completes <see cref="Transfer.Completion"/>.</summary>
    private ValueTask DisposeTransferAsync()
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

        if (!row!.HasRule(CommandRules.PreservesSequence))
        {
            session.Sequence.Advance();
        }

        if (CommandRunner.CheckRules(session, row, argument) is { } violation)
        {
            session.Queue(violation);
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
    /// Runs a transfer from its start to its final reply. Meanwhile reads lines and runs the commands that are allowed during a transfer. The
    /// first other line waits for the end of the transfer.
    /// </summary>
    private async ValueTask RunTransferAsync(CommandRow row, string argument)
    {
        // A QUIT that the client sent before the transfer began does not interrupt it.
        bool isNextLineReceived = session.Channel.HasUnreadInput;
        var transfer = new Transfer(argument.Length == 0 ? row.Verb : $"{row.Verb} {argument}") { UsesControlConnection = row.HasRule(CommandRules.TransferWithArgument) };
        session.Transfer = transfer;
        Task<FtpReply> reply = transfer.Start(CommandRunner.RunAsync(session, row, argument, transfer.Token));
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
                await AbortTransferAsync(TransferEndReason.SessionEnded);
            }
            else if (CommandLookup.TryFindDuringTransfer(session, line, out CommandRow? other, out string otherArgument))
            {
                _lineRead = null;
                await RunDuringTransferAsync(other!, otherArgument);
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

        await FinishTransferAsync();
    }

    private void NoteQuit(LineReadResult line)
    {
        if (session.Transfer is { } transfer && Command.TryParse(line.Bytes.Span, out Command waiting) && waiting.Verb == "QUIT")
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

    /// <summary>
    /// Waits for the end of the transfer and queues its final reply: 226, or the reply of the failure. Does nothing if no transfer runs. Every
    /// transfer ends here.
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

        if (transfer is { EndReason: not TransferEndReason.None, UsesControlConnection: false })
        {
            session.DataConnector.CloseBlockConnection(); // it was shut down, even if the transfer had just completed
        }

        await DisposeTransferAsync();
        session.LastReceived = Environment.TickCount64;
    }

    private async ValueTask AbortTransferAsync(TransferEndReason reason)
    {
        session.Transfer?.Abort(reason);
        await FinishTransferAsync();
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
