using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>
/// Stores the replies to commands that the client sent in advance (<see cref="FtpConnection.SendAheadAsync"/>). A stored reply is used
/// once, instead of sending its command again. All stored replies are discarded as soon as another command is sent, because they may then
/// be outdated.
/// </summary>
internal sealed class EarlyReplies(ControlChannel control)
{
    private readonly List<(FtpCommand Command, FtpReply Reply)> _replies = [];
    private int _commandsSent; // the value of control.CommandsSent for which the stored replies are valid

    /// <summary>Adds the reply to a command. Must be called before the client sends another command.</summary>
    public void Add(FtpCommand command, FtpReply reply)
    {
        DiscardOutdated();
        _replies.Add((command, reply));
    }

    /// <summary>Removes and returns the stored reply to a command. Returns null if no reply is stored, or the reply is outdated.</summary>
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
