using Fts.Client.Connections;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>Thrown if the server sends a negative reply to a command. The connection is still usable.</summary>
public class FtpReplyException : FtpException
{
    /// <summary>Creates the exception. The message contains the command and the reply.</summary>
    /// <param name="reply">The negative reply.</param>
    /// <param name="command">The text of the command, with any password masked.</param>
    /// <param name="innerException">
    /// The exception that occurred before the reply arrived, for example a lost data connection. The reply gives the reason. Null if none
    /// occurred.
    /// </param>
    public FtpReplyException(FtpReply reply, string command, Exception? innerException = null)
        : this(reply, command, $"{command.ToPrintable()}: {reply.ToPrintable()}", innerException)
    {
    }

    private protected FtpReplyException(FtpReply reply, string command, string message, Exception? innerException)
        : base(message, innerException) => (Reply, Command) = (reply, command);

    /// <summary>The negative reply.</summary>
    public FtpReply Reply { get; }

    /// <summary>The text of the command, with any password masked.</summary>
    public string Command { get; }

    /// <summary>Returns true for 4yz replies: the same command may succeed later (RFC 959 §4.2.1).</summary>
    public override bool IsTransient => Reply.IsTransientFailure;
}

/// <summary>Thrown if the server rejects the login.</summary>
public sealed class FtpLoginException : FtpReplyException
{
    /// <summary>Creates the exception for a negative reply to USER, PASS or ACCT.</summary>
    /// <param name="reply">The negative reply.</param>
    /// <param name="command">The text of the command, with any password masked.</param>
    /// <param name="userName">The user name that was sent with USER.</param>
    public FtpLoginException(FtpReply reply, string command, string userName)
        : base(reply, command, $"login failed for {userName.ToPrintable()}: {reply.ToPrintable()}", null) => UserName = userName;

    /// <summary>The user name that was sent with USER.</summary>
    public string UserName { get; }
}
