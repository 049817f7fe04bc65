using System.Globalization;
using Fts.Protocol;
using Fts.Server.Data;
using Fts.Server.Sessions;

namespace Fts.Server.Commands;

/// <summary>
/// Sets the parameters of transfers, and aborts transfers: TYPE, MODE, STRU, REST, RANG, ALLO, ABOR (RFC 959 §4.1.2, §4.1.3).
/// </summary>
internal static class ParameterCommands
{
    /// <summary>TYPE: sets ASCII (non-print) or image. L 8 (local bytes of 8 bits) is the same as image (RFC 959 §3.1.1).</summary>
    public static ValueTask<FtpReply> TypeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        switch (argument.ToUpperInvariant())
        {
            case "A" or "A N":
                session.IsAscii = true;
                return new(Replies.TypeAscii);
            case "I" or "L 8" or "L8":
                session.IsAscii = false;
                return new(Replies.TypeBinary);
            case ['A' or 'E' or 'L', ..]:
                return new(Replies.ParameterNotImplemented);
            default:
                return new(Replies.BadParameter);
        }
    }

    /// <summary>MODE: sets stream, block or, if the server supports it, deflate mode.</summary>
    public static ValueTask<FtpReply> ModeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        switch (argument.ToUpperInvariant())
        {
            case "S":
                return new(SetMode(session, TransferMode.Stream, Replies.ModeStream));
            case "B":
                return new(SetMode(session, TransferMode.Block, Replies.ModeBlock));
            case "Z" when session.Server.Options.SupportsDeflate:
                return new(SetMode(session, TransferMode.Deflate, Replies.ModeDeflate));
            case "C" or "Z":
                return new(Replies.ParameterNotImplemented);
            default:
                return new(Replies.BadParameter);
        }
    }

    /// <summary>
    /// Sets the mode. If the mode changes, closes the open data connection of block mode, because other modes cannot use this connection.
    /// </summary>
    private static FtpReply SetMode(Session session, TransferMode mode, FtpReply reply)
    {
        if (session.Mode != mode)
        {
            session.DataConnector.CloseBlockConnection();
        }

        session.Mode = mode;
        return reply;
    }

    /// <summary>STRU: accepts only the file structure, which is the default.</summary>
    public static ValueTask<FtpReply> StructureAsync(Session session, string argument, CancellationToken cancellationToken) =>
        new(argument.ToUpperInvariant() switch
        {
            "F" => Replies.CommandOkay,
            "R" or "P" => Replies.ParameterNotImplemented,
            _ => Replies.BadParameter,
        });

    /// <summary>REST: sets the offset in bytes from which the next RETR, STOR or HASH starts (RFC 3659 §5).</summary>
    public static ValueTask<FtpReply> RestartAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (!long.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out long offset))
        {
            return new(Replies.BadParameter);
        }

        session.Sequence.Next = session.Sequence.Next with { RestartOffset = offset, RangeEnd = null };
        return new(new FtpReply(FtpReplyCode.PendingFurtherInformation, $"Restarting at {offset}. Send RETR, STOR or HASH."));
    }

    /// <summary>
    /// RANG: sets the offsets of the first and the last byte for the next RETR or HASH (draft-bryan-ftp-range). <c>1 0</c> resets the
    /// range.
    /// </summary>
    public static ValueTask<FtpReply> RangeAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string[] bounds = argument.Split(' ');
        if (bounds.Length != 2 || !long.TryParse(bounds[0], NumberStyles.None, CultureInfo.InvariantCulture, out long first) ||
            !long.TryParse(bounds[1], NumberStyles.None, CultureInfo.InvariantCulture, out long last) || last == long.MaxValue)
        {
            return new(Replies.BadParameter);
        }

        if (first > last)
        {
            session.Sequence.Next = session.Sequence.Next with { RestartOffset = 0, RangeEnd = null };
            return new((first, last) == (1, 0) ? Replies.RangeReset : Replies.BadParameter);
        }

        session.Sequence.Next = session.Sequence.Next with { RestartOffset = first, RangeEnd = last };
        return new(new FtpReply(FtpReplyCode.PendingFurtherInformation, $"Restarting at {first}, ending at {last}. Send RETR or HASH."));
    }

    /// <summary>
    /// ALLO: announces the size of the next upload in bytes. An upload of another size is not stored, except in ASCII mode. The record size
    /// after <c>R</c> is ignored.
    /// </summary>
    public static ValueTask<FtpReply> AllocateAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string size = argument.Split(" R ", 2, StringSplitOptions.TrimEntries)[0];
        if (!long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out long length))
        {
            return new(Replies.BadParameter);
        }

        session.Sequence.Next = session.Sequence.Next with { AnnouncedLength = length };
        return new(new FtpReply(FtpReplyCode.Okay, $"ALLO command successful, {length} bytes expected."));
    }

    /// <summary>ABOR: aborts the running transfer and returns 226. The reply 426 of the aborted transfer precedes the 226.</summary>
    public static ValueTask<FtpReply> AbortAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        session.Transfer?.Abort(AbortReason.ClientSentAbor);
        session.DataConnector.CancelPreparedConnection();
        return new(Replies.AbortComplete);
    }
}
