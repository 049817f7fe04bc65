using System.Net.Sockets;
using Fts.Protocol;
using Fts.Protocol.Blocks;
using Fts.Protocol.Deflate;
using Fts.Server.Data;
using Fts.Server.Tls;
using Fts.Storage;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Commands;

/// <summary>Runs a row's handler and turns what it throws into the one reply. Nothing of an exception's own text goes to the peer.</summary>
internal static class CommandRunner
{
    public static async ValueTask<FtpReply> RunAsync(Session session, CommandRow row, string argument, CancellationToken cancellationToken)
    {
        FtpReply reply = await AnswerAsync(session, row, argument, cancellationToken);
        if (session.Mode == TransferMode.Block && row.Has(Rules.DataPort))
        {
            reply = await BlockStep.AfterAsync(session, row, reply, cancellationToken);
        }

        CommandLog.Write(session, row, argument, reply);
        return row.Has(Rules.DataPort) && session.Transfer?.Kept is { } kept ? new FtpReply(reply.Code, $"{reply.Text} {kept} bytes are kept, REST {kept} continues.") : reply;
    }

    private static async ValueTask<FtpReply> AnswerAsync(Session session, CommandRow row, string argument, CancellationToken cancellationToken)
    {
        ILogger log = session.Server.Options.Logger;
        try
        {
            return row.Fit(await row.Handler(session, argument, cancellationToken));
        }
        catch (StoreException e)
        {
            LogRefusal(session, row.Verb, e);
            return (e.Error == StoreError.Unavailable ? Ended(session) : null) ?? row.Fit(Replies.For(e.Error));
        }
        catch (HandshakeException e)
        {
            Log.HandshakeFailed(log, session.Id, e.Message.ToPrintable());
            return Ended(session) ?? (e.NotResumed ? Replies.NotResumed : Replies.HandshakeFailed);
        }
        catch (NoDataConnectionException e)
        {
            string? reason = TransferFailure.Describe(session.Transfer!, session.Server.Options, e);
            Log.NoDataConnection(log, session.Id, session.Transfer!.Description.ToPrintable(), (reason ?? e.InnerException?.Message ?? e.Message).ToPrintable());
            return session.Transfer.End is TransferEnd.Aborted or TransferEnd.SessionEnded ? Replies.TransferAborted : Replies.NoDataConnection(reason ?? "the connection failed");
        }
        catch (DeflateException e)
        {
            Log.BrokeOff(log, session.Id, session.Transfer!.Description.ToPrintable(), session.Transfer.Bytes, e.Message);
            return Ended(session) ?? e.Fault switch
            {
                DeflateFault.Truncated => Replies.DataConnectionLost("the data connection ended before the compressed data did"),
                DeflateFault.ExpansionLimitExceeded => Replies.DeflateTooLarge,
                _ => Replies.DeflateDamaged,
            };
        }
        catch (BlockFormatException e)
        {
            Log.BrokeOff(log, session.Id, session.Transfer!.Description.ToPrintable(), session.Transfer.Bytes, e.Message);
            return Ended(session) ?? Replies.NoBlock;
        }
        catch (Exception e) when (row.IsTransfer(argument) && e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            string? reason = TransferFailure.Describe(session.Transfer!, session.Server.Options, e);
            Log.BrokeOff(log, session.Id, session.Transfer!.Description.ToPrintable(), session.Transfer.Bytes, reason ?? e.Message);
            return Ended(session) ?? Replies.DataConnectionLost(reason ?? "the data connection failed");
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            Log.CommandFailed(log, e, session.Id, row.Verb);
            return Replies.LocalError;
        }
    }

    /// <summary>Logs an exception of a store: a refusal at a detailed level, a failure as an error with its cause.</summary>
    public static void LogRefusal(Session session, string verb, StoreException e)
    {
        ILogger log = session.Server.Options.Logger;
        if (e.Error == StoreError.Unavailable)
        {
            Log.StoreFailed(log, e, session.Id, verb);
        }
        else
        {
            Log.StoreRefused(log, session.Id, verb, e.Error, e.Message.ToPrintable());
        }
    }

    private static FtpReply? Ended(Session session) => session.Transfer?.End switch
    {
        TransferEnd.Stalled => Replies.TransferStalled,
        TransferEnd.NotConnected => Replies.NoDataConnection(TransferFailure.Describe(TransferEnd.NotConnected, session.Server.Options)!),
        TransferEnd.TakenOver => Replies.TransferTakenOver,
        TransferEnd.Aborted or TransferEnd.SessionEnded => Replies.TransferAborted,
        _ => null,
    };
}
