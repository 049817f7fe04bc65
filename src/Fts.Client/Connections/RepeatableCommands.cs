namespace Fts.Client.Connections;

/// <summary>The commands that change nothing on the server and pass no content to the caller, so that they may be sent again on another connection.</summary>
internal static class RepeatableCommands
{
    /// <summary>Whether the verb, in upper case, is one of them.</summary>
    public static bool Contains(string verb) => verb is
        "NOOP" or "HELP" or "STAT" or "SYST" or "FEAT" or "PWD" or "XPWD" or "CWD" or "CDUP" or "SIZE" or "MDTM" or "MLST"
        or "MLSD" or "LIST" or "NLST" or "EPSV" or "PASV" or "EPRT" or "PORT" or "TYPE" or "MODE" or "STRU" or "OPTS" or "ALLO" or "REST" or "RANG" or "RNFR"
        or "HASH" or "XCRC" or "XMD5" or "XSHA" or "XSHA1" or "XSHA256" or "XSHA512" or "AVBL" or "DSIZ";
}
