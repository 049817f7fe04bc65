namespace Fts.Client.Pool;

/// <summary>
/// The commands that <see cref="FtpClient.SendRawAsync"/> rejects. These commands would desynchronise the replies of the connection, or
/// change state that the client manages itself.
/// </summary>
internal static class RawCommandRules
{
    /// <summary>
    /// Returns the reason why a command is rejected, as a clause in which "it" is the command. Returns null if the command may be sent.
    /// </summary>
    public static string? GetRejectionReason(string verb, string? argument) => verb.ToUpperInvariant() switch
    {
        "RETR" or "STOR" or "STOU" or "APPE" or "LIST" or "NLST" or "MLSD" or "EPSV" or "PASV" or "LPSV" or "SPSV" or "CPSV" or "EPRT"
            or "PORT" or "LPRT" or "ABOR" => "it belongs to a transfer, which needs a data connection",
        "STRU" or "MODE" => "it would change the format of later transfers",
        "REST" or "RANG" or "RNFR" or "RNTO" => "it is one of two commands that must follow each other on the same connection",
        "TYPE" => "the client sets the type for each transfer",
        "CWD" or "XCWD" or "CDUP" or "XCUP" or "SMNT" => "it would change the directory of one connection only",
        "USER" or "PASS" or "REIN" or "QUIT" or "HOST" => "it would end or restart the session",
        "AUTH" or "ADAT" or "PBSZ" or "PROT" or "SSCN" or "CCC" or "MIC" or "CONF" or "ENC" =>
            "the client sets the encryption for all connections",
        "OPTS" when GetFirstWord(argument) is "UTF8" or "UTF-8" or "HASH" or "MODE" or "MLST" => "the client sets this option itself",
        _ => null,
    };

    private static string GetFirstWord(string? argument) => (argument ?? "").TrimStart().Split(' ')[0].ToUpperInvariant();
}
