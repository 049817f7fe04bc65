using Fts.Protocol;

namespace Fts.Client.Connections;

/// <summary>Creates the commands that the client sends, and determines which commands may be repeated.</summary>
internal static class ClientCommand
{
    /// <summary>Creates a command from the caller's verb and argument. The verb is sent in upper case.</summary>
    /// <exception cref="ArgumentException">
    /// The verb contains characters other than ASCII letters and digits, or the argument contains a line break or NUL.
    /// </exception>
    public static FtpCommand Create(string verb, string? argument)
    {
        ArgumentException.ThrowIfNullOrEmpty(verb);
        // Verbs such as XSHA256 contain digits.
        if (!verb.All(char.IsAsciiLetterOrDigit))
        {
            throw new ArgumentException("A verb may contain only ASCII letters and digits.", nameof(verb));
        }

        // The server would execute the text after a line break as a second command.
        return argument is null || argument.AsSpan().IndexOfAny('\r', '\n', '\0') < 0
            ? new FtpCommand(verb.ToUpperInvariant(), argument ?? "")
            : throw new ArgumentException("An argument must not contain a line break or NUL.", nameof(argument));
    }

    /// <summary>
    /// Returns whether a command may be sent again on another connection. Such a command changes no file or directory on the server, and
    /// transfers no file content.
    /// </summary>
    /// <param name="verb">The verb in upper case.</param>
    public static bool IsRepeatable(string verb) => verb is
        "NOOP" or "HELP" or "STAT" or "SYST" or "FEAT" or "PWD" or "XPWD" or "CWD" or "CDUP" or "SIZE" or "MDTM" or "MLST"
        or "MLSD" or "LIST" or "NLST" or "EPSV" or "PASV" or "EPRT" or "PORT" or "TYPE" or "MODE" or "STRU" or "OPTS" or "ALLO" or "REST"
        or "RANG" or "RNFR"
        or "HASH" or "XCRC" or "XMD5" or "XSHA" or "XSHA1" or "XSHA256" or "XSHA512" or "AVBL" or "DSIZ";
}
