using System.Globalization;
using Fts.Protocol;

namespace Fts.Client.Transfers;

/// <summary>
/// Requests the SHA-256 of a file on the server, or of its first bytes, with HASH (draft-bryan-ftpext-hash) or XSHA256. For the first bytes
/// of a file, XSHA256 is preferred, because its arguments contain the range. HASH needs a RANG command, which sets the range, but ProFTPD
/// applies that range to the next RETR instead of HASH.
/// </summary>
internal static class RemoteHash
{
    /// <summary>
    /// The minimum speed at which the server must hash its file, in bytes per second. This speed determines the timeout.
    /// </summary>
    private const long MinBytesPerSecond = 10_000_000;

    private const string AlgorithmName = "SHA-256";

    /// <summary>Returns whether the server can hash a whole file.</summary>
    public static bool IsSupported(FtpServerFeatures features) => SupportsHash(features) || SupportsXsha256(features);

    /// <summary>Returns whether the server can hash the beginning of a file.</summary>
    public static bool IsSupportedForPrefix(FtpConnection connection) =>
        (SupportsHash(connection.Features) && connection.Features.Supports("RANG")) || SupportsXsha256(connection.Features);

    /// <summary>Returns the hash of the file, or of its first bytes; null if the server does not report it.</summary>
    /// <param name="connection">The control connection.</param>
    /// <param name="path">The remote path.</param>
    /// <param name="length">The number of bytes from the beginning of the file; at least 1.</param>
    /// <param name="isWhole">
    /// True to request the hash of the whole file, in which case <paramref name="length"/> is the length of that file; false to request
    /// the hash of its first bytes.
    /// </param>
    /// <param name="cancellationToken">Cancels the request. The connection cannot be used afterwards.</param>
    public static async Task<byte[]?> RequestAsync(
        FtpConnection connection, string path, long length, bool isWhole, CancellationToken cancellationToken)
    {
        TimeSpan limit = connection.Options.Timeouts.Reply == Timeout.InfiniteTimeSpan
            ? Timeout.InfiniteTimeSpan
            : connection.Options.Timeouts.Reply + TimeSpan.FromSeconds(length / MinBytesPerSecond);
        bool shouldSendHash = isWhole ? SupportsHash(connection.Features) : !SupportsXsha256(connection.Features);
        return shouldSendHash
            ? await SendHashAsync(connection, path, isWhole ? null : length, limit, cancellationToken).ConfigureAwait(false)
            : await SendXsha256Async(connection, path, isWhole ? null : length, limit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Returns the hash in the reply to HASH, <c>SHA-256 0-49 a1b2… a.txt</c>. Returns null if the reply has no hash, or is for a different
    /// algorithm or range. The end of the range is the offset of the last byte, but ProFTPD reports the offset after it.
    /// </summary>
    /// <param name="text">The text of the reply.</param>
    /// <param name="length">The number of bytes that were to be hashed; null for the whole file.</param>
    public static byte[]? ParseHashReply(string text, long? length)
    {
        if (text.Split(' ') is not [AlgorithmName, var range, var hex, ..])
        {
            return null;
        }

        return length is not { } bytes || range == FormatRange(bytes - 1) || range == FormatRange(bytes) ? ParseHex(hex) : null;
    }

    /// <summary>
    /// Returns the hash in the reply to XSHA256, or null if the reply contains none. The last hash is used, because the text before it
    /// differs by server.
    /// </summary>
    public static byte[]? ParseXsha256Reply(string text) => text.Split(' ').Select(ParseHex).LastOrDefault(hash => hash is not null);

    private static bool SupportsHash(FtpServerFeatures features) =>
        GetOfferedAlgorithms(features).Any(name => name.TrimEnd('*').Equals(AlgorithmName, StringComparison.OrdinalIgnoreCase));

    private static bool SupportsXsha256(FtpServerFeatures features) => features.Supports("XSHA256");

    /// <summary>
    /// Returns the algorithms of the HASH feature, <c>SHA-256*;SHA-1</c>. The asterisk marks the algorithm that is selected after login.
    /// </summary>
    private static string[] GetOfferedAlgorithms(FtpServerFeatures features) =>
        (features.GetParameters("HASH") ?? "").Split(';', StringSplitOptions.TrimEntries);

    private static async Task<byte[]?> SendHashAsync(
        FtpConnection connection, string path, long? length, TimeSpan limit, CancellationToken cancellationToken)
    {
        bool isPreselected = GetOfferedAlgorithms(connection.Features).Contains(AlgorithmName + "*", StringComparer.OrdinalIgnoreCase);
        if (!isPreselected && !connection.IsSha256Selected)
        {
            FtpReply selected = await connection.SendAsync("OPTS", $"HASH {AlgorithmName}", cancellationToken).ConfigureAwait(false);
            connection.IsSha256Selected = selected.IsCompletion;
            if (!connection.IsSha256Selected)
            {
                return null;
            }
        }

        if (length is { } bytes)
        {
            string range = string.Create(CultureInfo.InvariantCulture, $"0 {bytes - 1}");
            if (!(await connection.SendAsync("RANG", range, cancellationToken).ConfigureAwait(false)).IsIntermediate)
            {
                return null;
            }
        }

        FtpReply reply = await connection.SendAsync("HASH", path, limit, cancellationToken).ConfigureAwait(false);
        byte[]? hash = reply.IsCompletion ? ParseHashReply(reply.Text, length) : null;
        if (length is not null && hash is null)
        {
            // The server did not use the range. RANG 1 0 resets the range, so that the server does not apply it to the next RETR.
            await connection.SendAsync("RANG", "1 0", cancellationToken).ConfigureAwait(false);
        }

        return hash;
    }

    private static string FormatRange(long end) => string.Create(CultureInfo.InvariantCulture, $"0-{end}");

    private static async Task<byte[]?> SendXsha256Async(
        FtpConnection connection, string path, long? length, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (path.Contains('"'))
        {
            // Servers differ in how they escape a quotation mark inside quotes.
            return null;
        }

        string argument = length is { } end ? string.Create(CultureInfo.InvariantCulture, $"\"{path}\" 0 {end}") : $"\"{path}\"";
        FtpReply reply = await connection.SendAsync("XSHA256", argument, limit, cancellationToken).ConfigureAwait(false);
        return reply.IsCompletion ? ParseXsha256Reply(reply.Text) : null;
    }

    private static byte[]? ParseHex(string word) =>
        word.Length == 64 && word.All(char.IsAsciiHexDigit) ? Convert.FromHexString(word) : null;
}
