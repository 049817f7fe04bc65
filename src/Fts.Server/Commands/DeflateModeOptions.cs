using System.Globalization;
using Fts.Protocol;
using Fts.Protocol.Deflate;
using Fts.Server.Sessions;

namespace Fts.Server.Commands;

/// <summary>OPTS MODE Z (draft-preston-ftpext-deflate §3.6). Only the level can be chosen: engine and method are those that every server must have.</summary>
internal static class DeflateModeOptions
{
    /// <summary>Sets all that is asked for, or nothing; without anything, what is so at the start.</summary>
    /// <param name="session">Whose transfers it is for.</param>
    /// <param name="text">What follows OPTS MODE.</param>
    public static FtpReply Apply(Session session, string text)
    {
        string[] words = text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
        if (!session.Server.Options.SupportsDeflate || words.Length % 2 == 0 || !string.Equals(words[0], "Z", StringComparison.OrdinalIgnoreCase))
        {
            return Replies.BadParameter;
        }

        int level = DeflateWriter.DefaultLevel;
        for (int i = 1; i < words.Length; i += 2)
        {
            string name = words[i].ToUpperInvariant(), value = words[i + 1].ToUpperInvariant();
            bool isPossible = (name, value) is ("ENGINE", "ZLIB") or ("METHOD", "8") or ("EXTRA", "ON") ||
                (name == "LEVEL" && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out level) && level <= 9);
            if (!isPossible)
            {
                return name is "ENGINE" or "METHOD" or "LEVEL" or "EXTRA" or "BLOCKSIZE"
                    ? new FtpReply(FtpReplyCode.ParameterError, $"MODE Z {name} cannot be that; nothing was set.")
                    : Replies.BadParameter;
            }
        }

        session.DeflateLevel = level;
        return new FtpReply(FtpReplyCode.Okay, $"MODE Z LEVEL set to {level}.");
    }
}
