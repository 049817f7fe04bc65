using System.Diagnostics;
using System.Net.Sockets;
using Fts.Protocol;
using Fts.Protocol.Blocks;
using Fts.Protocol.Deflate;
using Fts.Server.Commands;
using Fts.Server.Data;
using Fts.Server.Data.BlockMode;
using Fts.Server.Telemetry;
using Fts.Server.Tls;
using Fts.Storage;
using Microsoft.Extensions.Logging;

namespace Fts.Server.Sessions;

/// <summary>
/// Checks the rules of a command, runs its handler and converts exceptions to replies. The client never receives the message of an
/// exception, except the fixed texts of <see cref="DataConnectionException"/>.
/// </summary>
internal static class CommandRunner
{
    /// <summary>Checks the rules of a command. Returns the negative reply, or null if the command may run.</summary>
    public static FtpReply? CheckRules(Session session, CommandRow row, string argument)
    {
        if (row.HasRule(CommandRules.NeedsLogin) && session.Files is null)
        {
            return Replies.NotLoggedIn;
        }

        if (row.HasRule(CommandRules.NeedsArgument) && argument.Length == 0)
        {
            return new FtpReply(FtpReplyCode.ParameterError, $"Usage: {row.Usage}");
        }

        if (!row.HasRule(CommandRules.NeedsDataConnection))
        {
            return null;
        }

        bool requiresProtection = session.Server.Options.Tls is { Data: FtpTlsPolicy.Required }
            || session.Files is { Account.Limits.RequiresTls: true };
        if (requiresProtection && session.Tls is not { IsDataProtected: true })
        {
            return Replies.ProtectionMismatch;
        }

        return session.DataConnector.IsReady ? null : Replies.NoDataConnectionPrepared;
    }

    /// <summary>Runs the handler and logs the outcome. Returns the final reply.</summary>
    public static async ValueTask<FtpReply> RunAsync(Session session, CommandRow row, string argument, CancellationToken cancellationToken)
    {
        using Activity? span = ServerTraces.Start(session, row);
        (FtpReply reply, string? rule) = await RunHandlerAsync(session, row, argument, cancellationToken);
        if (session.Mode == TransferMode.Block && row.HasRule(CommandRules.NeedsDataConnection))
        {
            reply = await BlockResynchronization.ResynchronizeAsync(session, row, reply, cancellationToken);
        }

        CommandLog.Write(session, row, argument, reply, rule);
        CommandMeter.Record(session, row, reply, rule);
        ServerTraces.SetResult(span, session, row, reply);
        return row.HasRule(CommandRules.NeedsDataConnection) && session.Transfer?.KeptBytes is { } kept
            ? new FtpReply(reply.Code, $"{reply.Text} Kept {kept} bytes; send REST {kept} to resume.")
            : reply;
    }

    /// <summary>Runs the handler. Returns its reply, or the reply for the exception that it threw.</summary>
    private static async ValueTask<CommandOutcome> RunHandlerAsync(
        Session session, CommandRow row, string argument, CancellationToken cancellationToken)
    {
        ILogger log = session.Server.Options.Logger;
        try
        {
            FtpReply reply = await row.Handler(session, argument, cancellationToken);
            return new CommandOutcome(row.AdaptReplyCode(reply), RefusalRules.Find(reply));
        }
        catch (StoreException e)
        {
            LogStoreException(session, row.Verb, e);
            FtpReply? abortReply = e.Error == StoreError.Unavailable ? GetAbortReply(session) : null;
            return new CommandOutcome(abortReply ?? row.AdaptReplyCode(Replies.FromStoreException(e), e.Error), RefusalRules.Find(e));
        }
        catch (HandshakeException e)
        {
            Log.HandshakeFailed(log, session.Id, e.Message.ToPrintable());
            return GetAbortReply(session) ?? (e.IsNotResumed ? Replies.TlsSessionNotResumed : Replies.DataHandshakeFailed);
        }
        catch (NoDataConnectionException e)
        {
            Transfer transfer = session.Transfer!;
            string? reason = TransferFailure.Describe(transfer, session.Server.Options, e);
            string logged = reason ?? e.InnerException?.Message ?? e.Message;
            Log.NoDataConnection(log, session.Id, transfer.Description.ToPrintable(), logged.ToPrintable());
            return transfer.AbortReason is AbortReason.ClientSentAbor or AbortReason.SessionEnded
                ? Replies.TransferAborted
                : Replies.NoDataConnection(reason ?? "the connection failed");
        }
        catch (DeflateException e)
        {
            LogTransferFailure(session, e.Message);
            return GetAbortReply(session) ?? e.Fault switch
            {
                DeflateFault.Truncated => Replies.DataConnectionLost("the data connection closed before the end of the compressed data"),
                DeflateFault.ExpansionLimitExceeded => Replies.DeflateExpansionTooLarge,
                _ => Replies.InvalidDeflateData, // DeflateFault.Corrupt
            };
        }
        catch (BlockFormatException e)
        {
            LogTransferFailure(session, e.Message);
            return GetAbortReply(session) ?? Replies.InvalidBlock;
        }
        catch (Exception e) when (
            e is not StoreException && row.IsTransfer(argument) &&
            e is OperationCanceledException or IOException or SocketException or ObjectDisposedException)
        {
            string? reason = TransferFailure.Describe(session.Transfer!, session.Server.Options, e);
            LogTransferFailure(session, reason ?? e.Message);
            return GetAbortReply(session) ?? Replies.DataConnectionLost(reason ?? "the data connection failed");
        }
        catch (Exception e) when (
            e is not StoreException && (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested))
        {
            Log.CommandFailed(log, e, session.Id, row.Verb);
            return Replies.LocalError;
        }
    }

    /// <summary>
    /// Logs an exception of a store: a rejected operation at the level Debug, a failure of the store with its cause at the level Error.
    /// </summary>
    /// <param name="session">The session.</param>
    /// <param name="operation">The verb of the command, or a noun for the operation.</param>
    /// <param name="e">The exception.</param>
    public static void LogStoreException(Session session, string operation, StoreException e)
    {
        ILogger log = session.Server.Options.Logger;
        if (e.Error == StoreError.Unavailable)
        {
            Log.StoreFailed(log, e, session.Id, operation);
        }
        else
        {
            Log.StoreRejected(log, session.Id, operation, e.Error, e.Message.ToPrintable(), e.Rule);
        }
    }

    private static void LogTransferFailure(Session session, string reason)
    {
        Transfer transfer = session.Transfer!;
        Log.TransferFailed(session.Server.Options.Logger, session.Id, transfer.Description.ToPrintable(), transfer.Bytes, reason);
    }

    /// <summary>Returns the reply for an aborted transfer. Returns null if no transfer was aborted.</summary>
    private static FtpReply? GetAbortReply(Session session) => session.Transfer?.AbortReason switch
    {
        AbortReason.Stalled => Replies.TransferStalled,
        AbortReason.NotConnected =>
            Replies.NoDataConnection(TransferFailure.Describe(AbortReason.NotConnected, session.Server.Options)!),
        AbortReason.Superseded => Replies.TransferSuperseded,
        AbortReason.ClientSentAbor or AbortReason.SessionEnded => Replies.TransferAborted,
        _ => null,
    };
}
