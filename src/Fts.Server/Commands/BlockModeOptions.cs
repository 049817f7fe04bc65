using Fts.Protocol;
using Fts.Server.Sessions;

namespace Fts.Server.Commands;

/// <summary>
/// OPTS MODE B DRAIN ON | OFF. With it each STOR, APPE and STOU that is answered 4yz or 5yz has read its file up to the last block all the same, unless the connection
/// was closed: so a client can send one file after the other and read what became of each afterwards. Without it a refused upload reads nothing, as clients
/// expect that send only after 125 or 150.
/// </summary>
internal static class BlockModeOptions
{
    /// <summary>Sets what is asked for; without anything, what is so at the start.</summary>
    /// <param name="session">Whose transfers it is for.</param>
    /// <param name="text">What follows OPTS MODE.</param>
    public static FtpReply Apply(Session session, string text)
    {
        bool? drains = text.ToUpperInvariant() switch
        {
            "B" or "B DRAIN OFF" => false,
            "B DRAIN ON" => true,
            _ => null,
        };
        if (drains is null)
        {
            return Replies.BadParameter;
        }

        session.ShouldDrainRefusedUpload = drains.Value;
        return new FtpReply(FtpReplyCode.Okay, $"MODE B DRAIN set to {(drains.Value ? "ON" : "OFF")}.");
    }
}
