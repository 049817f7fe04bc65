using Fts.Protocol;
using Fts.Server.Commands;

namespace Fts.Server.Sessions;

/// <summary>
/// Finds the command of a received line, or the reply that rejects the line. Also closes the connection of a client that does not use FTP,
/// or that sends too many rejected lines before login.
/// </summary>
internal static class CommandLookup
{
    /// <summary>
    /// Finds the command of a line that arrived during a transfer. Returns false if the line contains no command that is allowed during a
    /// transfer. The line is then processed after the transfer.
    /// </summary>
    public static bool TryFindDuringTransfer(Session session, LineReadResult line, out CommandRow? row, out string argument)
    {
        (row, argument) = (null, "");
        // While a transfer sends its data as lines of a reply, only ABOR may run, because its reply follows the end of the transfer.
        if (line.Status == LineStatus.Line && FtpCommand.TryParse(line.Bytes.Span, out FtpCommand command) &&
            CommandTable.Find(command) is { Row: var found } && found.HasRule(CommandRules.AllowedDuringTransfer) &&
            (found.Verb == "ABOR" || session.Transfer is not { UsesControlConnection: true }))
        {
            return TryFind(session, line, out row, out argument, out _);
        }

        return false;
    }

    /// <summary>Finds the command of a line. Returns false if the line is rejected.</summary>
    /// <param name="session">The session.</param>
    /// <param name="line">The line as received.</param>
    /// <param name="row">The row of the command in the command table; null if the line is rejected.</param>
    /// <param name="argument">The argument for the handler.</param>
    /// <param name="rejection">The reply that rejects the line; null if the command was found.</param>
    public static bool TryFind(Session session, LineReadResult line, out CommandRow? row, out string argument, out FtpReply? rejection)
    {
        (row, argument, rejection) = (null, "", null);
        bool isFirst = !session.HasReadLine;
        session.HasReadLine |= line.Status != LineStatus.Line || !line.Bytes.IsEmpty;
        if (session.Files is null && ++session.LinesBeforeLogin > session.Server.Options.MaxCommandsBeforeLogin)
        {
            Log.TooManyCommandsBeforeLogin(session.Server.Options.Logger, session.Id, session.Peer.Address);
            session.Next = NextAction.Close;
            rejection = Replies.TooManyCommandsBeforeLogin;
            return false;
        }

        FtpCommand command = default;
        bool isCommand = line.Status == LineStatus.Line && FtpCommand.TryParse(line.Bytes.Span, out command);
        string traced = isCommand ? command.Redacted : "(not a command)";
        session.Server.Options.CurrentTrace?.Invoke(new FtpServerTrace(session.Id, IsReply: false, traced));
        (CommandRow Row, string Argument)? found =
            isCommand && CommandTable.Find(command) is { } match && match.Row.IsAvailableTo(session) ? match : null;
        if (ProtocolSniffer.FindForeignProtocol(line, isCommand, isFirst, isKnown: found is not null) is { } protocol)
        {
            Log.NotFtp(session.Server.Options.Logger, session.Id, protocol);
            session.Next = NextAction.Close;
            rejection = Replies.NotAnFtpClient;
        }
        else if (found is not null && EscapedUtf8.HasEscape(command.Argument) &&
            (session.Files is null || command.Verb is "USER" or "PASS" or "ACCT"))
        {
            // Only file names may contain invalid UTF-8. Account names are compared as text.
            rejection = RejectLine(session, Replies.NotUtf8);
        }
        else if (found is { } known)
        {
            (row, argument) = known;
            return true;
        }
        else
        {
            FtpReply syntaxError = line.Status == LineStatus.TooLong ? Replies.LineTooLong : Replies.NotACommand;
            rejection = isCommand
                ? RejectLine(session, Replies.UnknownCommand, isHttp: IsHttpMethod(command.Verb))
                : RejectLine(session, syntaxError);
        }

        return false;
    }

    /// <summary>
    /// Returns the reply that rejects a line. Before login, also counts the line, and closes the connection at the limit. Closes the
    /// connection at once if the line begins with an HTTP method.
    /// </summary>
    private static FtpReply RejectLine(Session session, FtpReply reply, bool isHttp = false)
    {
        session.RejectedLines += session.Files is null ? 1 : 0;
        if (!isHttp && (session.Files is not null || session.RejectedLines < session.Server.Options.MaxUnknownCommands))
        {
            return reply;
        }

        session.Next = NextAction.Close;
        return Replies.NotAnFtpClient;
    }

    /// <summary>
    /// Returns whether the verb is an HTTP method. No line of an HTTP request may be executed, because a web page can make a browser send a
    /// request with FTP commands in its body.
    /// </summary>
    private static bool IsHttpMethod(string verb) =>
        verb is "GET" or "POST" or "HEAD" or "PUT" or "DELETE" or "OPTIONS" or "PATCH" or "CONNECT" or "TRACE";
}
