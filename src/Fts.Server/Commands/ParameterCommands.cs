using System.Globalization;
using Fts.Protocol;
using Fts.Server.Data;
using Fts.Server.Sessions;

namespace Fts.Server.Commands;

/// <summary>How the next transfer goes, and how it ends early (RFC 959 §4.1.2 and §4.1.3).</summary>
internal static class ParameterCommands
{
    /// <summary>ASCII with non-print format, image, and local bytes of 8 bits, which are the image type (RFC 959 §3.1.1).</summary>
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

    /// <summary>Another mode's transfers have connections of their own; one that is open is of no more use.</summary>
    private static FtpReply SetMode(Session session, TransferMode mode, FtpReply reply)
    {
        if (session.Mode != mode)
        {
            session.DataConnector.CloseBlockConnection();
        }

        session.Mode = mode;
        return reply;
    }

    public static ValueTask<FtpReply> StructureAsync(Session session, string argument, CancellationToken cancellationToken) => new(argument.ToUpperInvariant() switch
    {
        "F" => Replies.CommandOkay,
        "R" or "P" => Replies.ParameterNotImplemented,
        _ => Replies.BadParameter,
    });

    public static ValueTask<FtpReply> RestartAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        if (!long.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out long offset))
        {
            return new(Replies.BadParameter);
        }

        session.Sequence.Next = session.Sequence.Next with { RestartOffset = offset, RangeEnd = null };
        return new(new FtpReply(FtpReplyCode.PendingFurtherInformation, $"Restarting at {offset}; RETR, STOR or APPE next."));
    }

    /// <summary>RANG (draft-bryan-ftp-range): the first and the last byte of what RETR or HASH does next. <c>1 0</c> takes it back.</summary>
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
        return new(new FtpReply(FtpReplyCode.PendingFurtherInformation, $"Restarting at {first}, ending at {last}; RETR or HASH next."));
    }

    /// <summary>Takes the size of the upload that follows: one that brings less is not stored. A second number, the record size, has no use here.</summary>
    public static ValueTask<FtpReply> AllocateAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string size = argument.Split(" R ", 2, StringSplitOptions.TrimEntries)[0];
        if (!long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out long length))
        {
            return new(Replies.BadParameter);
        }

        session.Sequence.Next = session.Sequence.Next with { AnnouncedLength = length };
        return new(new FtpReply(FtpReplyCode.Okay, $"Expecting {length} bytes."));
    }

    /// <summary>Ends the running transfer, whose own reply (426) goes first; without one there is nothing to do, which is success.</summary>
    public static ValueTask<FtpReply> AbortAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        session.Transfer?.Abort(TransferEndReason.Aborted);
        session.DataConnector.CancelPreparedConnection();
        return new(Replies.AbortComplete);
    }
}
