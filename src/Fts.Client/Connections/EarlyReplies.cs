using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>
/// The replies to commands that were sent ahead in one packet. Each is used once, when its command is due. All are discarded as soon as
/// another command is sent, because they may then be outdated.
/// </summary>
internal sealed class EarlyReplies(ControlChannel control)
{
    private readonly List<(FtpCommand Command, FtpReply Reply)> _replies = [];
    private int _commandsSent;

    /// <summary>Adds the reply to a command. No further command was sent after it.</summary>
    public void Add(FtpCommand command, FtpReply reply)
    {
        DiscardOutdated();
        _replies.Add((command, reply));
    }

    /// <summary>Removes and returns the reply to a command; null if it was not sent ahead, or the reply is outdated.</summary>
    public FtpReply? Take(FtpCommand command)
    {
        DiscardOutdated();
        int index = _replies.FindIndex(early => early.Command == command);
        if (index < 0)
        {
            return null;
        }

        FtpReply reply = _replies[index].Reply;
        _replies.RemoveAt(index);
        return reply;
    }

    /// <summary>Discards all replies.</summary>
    public void Clear() => _replies.Clear();

    private void DiscardOutdated()
    {
        if (_commandsSent != control.CommandsSent)
        {
            _replies.Clear();
            _commandsSent = control.CommandsSent;
        }
    }
}
