namespace Fts.Client.Pool;

/// <summary>
/// The commands that <see cref="FtpClient.SendRawAsync"/> does not send, because they would desynchronise the replies of the connection, or because the client
/// relies on the state that they change.
/// </summary>
internal static class RawCommandRules
{
    /// <summary>Returns why a command is not sent; null if it may be.</summary>
    public static string? GetRejectionReason(string verb, string? argument) => verb.ToUpperInvariant() switch
    {
        "RETR" or "STOR" or "STOU" or "APPE" or "LIST" or "NLST" or "MLSD" or "STRU" or "MODE" or "EPSV" or "PASV" or "LPSV" or "SPSV" or "CPSV"
            or "EPRT" or "PORT" or "LPRT" or "SSCN" or "ABOR" => "it belongs to a transfer and needs a data connection",
        "REST" or "RANG" or "RNFR" or "RNTO" => "it is one of two commands that must follow each other on one connection",
        "TYPE" => "the client sets the type for each transfer",
        "CWD" or "XCWD" or "CDUP" or "XCUP" or "SMNT" => "it would change the folder of one connection only",
        "USER" or "PASS" or "REIN" or "QUIT" or "HOST" => "it would end or restart the session",
        "AUTH" or "ADAT" or "PBSZ" or "PROT" or "CCC" or "MIC" or "CONF" or "ENC" => "the client sets the encryption for all connections",
        "OPTS" when FirstWord(argument) is "UTF8" or "UTF-8" or "HASH" or "MODE" or "MLST" => "the client sets this option itself",
        _ => null,
    };

    private static string FirstWord(string? argument) => (argument ?? "").TrimStart().Split(' ')[0].ToUpperInvariant();
}
