using System.Globalization;
using Fts.Protocol;
using Fts.Protocol.Deflate;
using Fts.Protocol.Listings;
using Fts.Server.Hashing;
using Fts.Server.Sessions;

namespace Fts.Server.Commands;

/// <summary>OPTS (RFC 2389 §4): the options of MLST, HASH and MODE.</summary>
internal static class OptionCommands
{
    /// <summary>OPTS UTF8 ON, which is so anyway, OPTS MLST with the facts wanted (RFC 3659 §7.9), OPTS HASH with the hash wanted, OPTS MODE B and Z.</summary>
    public static ValueTask<FtpReply> OptionsAsync(Session session, string argument, CancellationToken cancellationToken)
    {
        string[] words = argument.Split(' ', 2, StringSplitOptions.TrimEntries);
        string value = words.Length > 1 ? words[1] : "";
        switch (words[0].ToUpperInvariant())
        {
            case "UTF8" or "UTF-8" when value.ToUpperInvariant() is "" or "ON":
                return new(Replies.CommandOkay);
            case "MLST":
                session.Facts = MlsxFactNames.Parse(value);
                return new(new FtpReply(FtpReplyCode.Okay, $"MLST OPTS {MlsxFactNames.FormatSelected(session.Facts)}".TrimEnd()));
            case "HASH" when value.Length == 0 || HashNames.Parse(value) is not null:
                session.Hash = HashNames.Parse(value) ?? session.Hash;
                return new(new FtpReply(FtpReplyCode.Okay, session.Hash.ToWireName()));
            case "MODE":
                return new(value is ['B' or 'b', ..] ? SetBlockMode(session, value) : SetDeflateMode(session, value));
            default:
                return new(Replies.BadParameter); // RFC 2389 §4 knows 501 for every lasting refusal, and no 504
        }
    }

    /// <summary>
    /// OPTS MODE B DRAIN ON | OFF. With it each STOR, APPE and STOU that is answered 4yz or 5yz has read its file up to the last block all the same, unless the connection
    /// was closed: so a client can send one file after the other and read what became of each afterwards. Without it a refused upload reads nothing, as clients
    /// expect that send only after 125 or 150.
    /// </summary>
    private static FtpReply SetBlockMode(Session session, string text)
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

    /// <summary>OPTS MODE Z (draft-preston-ftpext-deflate §3.6). Only the level can be chosen: engine and method are those that every server must have.</summary>
    private static FtpReply SetDeflateMode(Session session, string text)
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
