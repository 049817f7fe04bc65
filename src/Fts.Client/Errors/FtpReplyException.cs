using Fts.Client.Connections;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>The server refused a command. The connection stays good and in step.</summary>
public class FtpReplyException : FtpException
{
    /// <summary>A refusal.</summary>
    /// <param name="reply">The server's reply.</param>
    /// <param name="command">The command it answers, password masked.</param>
    /// <param name="innerException">What went wrong on this side, when something did.</param>
    public FtpReplyException(FtpReply reply, string command, Exception? innerException = null)
        : this(reply, command, $"{command.ToPrintable()}: {reply.ToPrintable()}", innerException)
    {
    }

    private protected FtpReplyException(FtpReply reply, string command, string message, Exception? innerException)
        : base(message, innerException) => (Reply, Command) = (reply, command);

    /// <summary>The server's reply: code and text.</summary>
    public FtpReply Reply { get; }

    /// <summary>The command it answers, password masked.</summary>
    public string Command { get; }

    /// <summary>True for 4yz replies: the same command may work later (RFC 959 §4.2.1).</summary>
    public override bool IsTransient => Reply.IsTransientFailure;
}

/// <summary>The server did not let the user in.</summary>
public sealed class FtpLoginException : FtpReplyException
{
    /// <summary>A refusal of USER, PASS or ACCT.</summary>
    /// <param name="reply">The server's reply.</param>
    /// <param name="command">The command it answers, password masked.</param>
    /// <param name="userName">Who wanted in.</param>
    public FtpLoginException(FtpReply reply, string command, string userName)
        : base(reply, command, $"sign-in as {userName.ToPrintable()} refused: {reply.ToPrintable()}", null) => UserName = userName;

    /// <summary>Who wanted in.</summary>
    public string UserName { get; }
}
