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
    /// <summary>
    /// OPTS: sets the options of a command. MLST selects facts (RFC 3659 §7.9), and HASH selects the algorithm. MODE B and MODE Z set the
    /// options of these modes. UTF8 ON has no effect, because UTF-8 is always on.
    /// </summary>
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
                return new(value is ['B' or 'b', ..] ? SetBlockModeOptions(session, value) : SetDeflateOptions(session, value));
            default:
                return new(Replies.BadParameter); // RFC 2389 §4 specifies 501 for permanent errors, not 504
        }
    }

    /// <summary>
    /// OPTS MODE B DRAIN ON | OFF: sets whether the server reads a rejected upload to its last block. OPTS MODE B without DRAIN restores
    /// the default, OFF.
    /// </summary>
    /// <remarks>
    /// With ON, a client can send one file after another over an open connection and read the replies later. With OFF, the server reads
    /// nothing of a rejected upload. OFF suits clients that send a file only after the reply 125 or 150.
    /// </remarks>
    private static FtpReply SetBlockModeOptions(Session session, string text)
    {
        bool? shouldDrain = text.ToUpperInvariant() switch
        {
            "B" or "B DRAIN OFF" => false,
            "B DRAIN ON" => true,
            _ => null,
        };
        if (shouldDrain is null)
        {
            return Replies.BadParameter;
        }

        session.ShouldDrainRefusedUpload = shouldDrain.Value;
        return new FtpReply(FtpReplyCode.Okay, $"MODE B DRAIN set to {(shouldDrain.Value ? "ON" : "OFF")}.");
    }

    /// <summary>
    /// OPTS MODE Z: sets all options or none (draft-preston-ftpext-deflate §3.6). Without options, restores the defaults.
    /// </summary>
    /// <remarks>Only LEVEL can change. ENGINE, METHOD and EXTRA accept only the value that the server uses.</remarks>
    private static FtpReply SetDeflateOptions(Session session, string text)
    {
        string[] words = text.Split([' ', ','], StringSplitOptions.RemoveEmptyEntries);
        bool isDeflate = words.Length % 2 == 1 && string.Equals(words[0], "Z", StringComparison.OrdinalIgnoreCase);
        if (!isDeflate || !session.Server.Options.SupportsDeflate)
        {
            return Replies.BadParameter;
        }

        int level = DeflateWriter.DefaultLevel;
        for (int i = 1; i < words.Length; i += 2)
        {
            string name = words[i].ToUpperInvariant(), value = words[i + 1].ToUpperInvariant();
            bool isSupported = (name, value) is ("ENGINE", "ZLIB") or ("METHOD", "8") or ("EXTRA", "ON") ||
                (name == "LEVEL" && int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out level) && level <= 9);
            if (!isSupported)
            {
                return name is "ENGINE" or "METHOD" or "LEVEL" or "EXTRA" or "BLOCKSIZE"
                    ? new FtpReply(FtpReplyCode.ParameterError, $"MODE Z {name}: value not supported; no option was set.")
                    : Replies.BadParameter;
            }
        }

        session.DeflateLevel = level;
        return new FtpReply(FtpReplyCode.Okay, $"MODE Z LEVEL set to {level}.");
    }
}
