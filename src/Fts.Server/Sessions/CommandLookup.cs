using Fts.Protocol;
using Fts.Server.Commands;

namespace Fts.Server.Sessions;

/// <summary>Finds the row a line asks for, and refuses lines that ask for none: patiently those of a client, not those of anybody else.</summary>
internal static class CommandLookup
{
    /// <summary>Finds a command that is answered beside a transfer. Any other line leaves no trace here: it will be looked at in its turn.</summary>
    public static bool TryFindDuringTransfer(Session session, LineReadResult line, out CommandRow? row, out string argument)
    {
        (row, argument) = (null, "");
        if (line.Status == LineStatus.Line && FtpCommand.TryParse(line.Bytes.Span, out FtpCommand command) &&
            CommandTable.Find(command) is { Row: var found } && found.HasRule(CommandRules.AllowedDuringTransfer) && (found.Verb == "ABOR" || session.Transfer is not { UsesControlConnection: true }))
        {
            return TryFind(session, line, out row, out argument, out _);
        }

        return false;
    }

    /// <summary>Finds a command's row, or the reply that refuses the line.</summary>
    public static bool TryFind(Session session, LineReadResult line, out CommandRow? row, out string argument, out FtpReply? refusal)
    {
        (row, argument, refusal) = (null, "", null);
        bool isFirst = !session.HasReadLine;
        session.HasReadLine |= line.Status != LineStatus.Line || !line.Bytes.IsEmpty;
        FtpCommand command = default;
        bool isCommand = line.Status == LineStatus.Line && FtpCommand.TryParse(line.Bytes.Span, out command);
        session.Server.Options.Trace?.Invoke(new FtpServerTrace(session.Id, IsReply: false, isCommand ? command.Redacted : "(not a command)"));
        (CommandRow Row, string Argument)? found = isCommand && CommandTable.Find(command) is { } match && match.Row.IsAvailableTo(session) ? match : null;
        if (ProtocolSniffer.FindForeignProtocol(line, isCommand, isFirst, isKnown: found is not null) is { } protocol)
        {
            Log.NotFtp(session.Server.Options.Logger, session.Id, protocol);
            session.Next = NextAction.Close;
            refusal = Replies.TooManyUnknownCommands;
        }
        else if (found is not null && EscapedUtf8.HasEscape(command.Argument) && (session.Files is null || command.Verb is "USER" or "PASS" or "ACCT"))
        {
            // Only names of files may have other bytes. Accounts are compared as text.
            refusal = RejectLine(session, Replies.NotUtf8);
        }
        else if (found is { } known)
        {
            (row, argument) = known;
            return true;
        }
        else
        {
            refusal = line.Status == LineStatus.TooLong ? RejectLine(session, Replies.LineTooLong)
                : !isCommand ? RejectLine(session, Replies.NotACommand)
                : RejectLine(session, Replies.UnknownCommand, isHttp: IsHttpMethod(command.Verb));
        }

        return false;
    }

    /// <summary>Counts what is no command of ours before sign-in: a browser or a scanner is not a client to be patient with.</summary>
    private static FtpReply RejectLine(Session session, FtpReply reply, bool isHttp = false)
    {
        session.UnknownCommands += session.Files is null ? 1 : 0;
        if (!isHttp && (session.Files is not null || session.UnknownCommands < session.Server.Options.MaxUnknownCommands))
        {
            return reply;
        }

        session.Next = NextAction.Close;
        return Replies.TooManyUnknownCommands;
    }

    /// <summary>A web page can make a browser send these with FTP commands in their body.</summary>
    private static bool IsHttpMethod(string verb) => verb is "GET" or "POST" or "HEAD" or "PUT" or "DELETE" or "OPTIONS" or "PATCH" or "CONNECT" or "TRACE";
}
