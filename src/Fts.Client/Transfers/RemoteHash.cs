using System.Globalization;
using Fts.Protocol;

namespace Fts.Client.Transfers;

/// <summary>
/// SHA-256 of a file on the server or of its first bytes: HASH (draft-bryan-ftpext-hash) or XSHA256. A part is rather asked for by XSHA256, which takes the range
/// itself: ProFTPD keeps RANG for the next RETR and hashes the whole file.
/// </summary>
internal static class RemoteHash
{
    /// <summary>A server that reads slower than this from its own disk is given up.</summary>
    private const long MinBytesPerSecond = 10_000_000;

    private const string AlgorithmName = "SHA-256";

    public static bool IsSupported(FtpServerFeatures features) => SupportsHash(features) || SupportsXsha256(features);

    /// <summary>Whether a part of a file can be asked for.</summary>
    public static bool IsSupportedForPrefix(FtpConnection connection) => (SupportsHash(connection.Features) && connection.Features.Supports("RANG")) || SupportsXsha256(connection.Features);

    /// <summary>The hash of the file, or of its first <paramref name="length"/> bytes, of which there is at least one; null when the server does not tell.</summary>
    /// <param name="connection">Where to ask.</param>
    /// <param name="path">The file.</param>
    /// <param name="length">Bytes from its beginning.</param>
    /// <param name="isWhole">Whether that is all of it.</param>
    /// <param name="cancellationToken">Ends the wait, and with it the use of the connection.</param>
    public static async Task<byte[]?> RequestAsync(FtpConnection connection, string path, long length, bool isWhole, CancellationToken cancellationToken)
    {
        TimeSpan limit = connection.Options.Timeouts.Reply == Timeout.InfiniteTimeSpan
            ? Timeout.InfiniteTimeSpan
            : connection.Options.Timeouts.Reply + TimeSpan.FromSeconds(length / MinBytesPerSecond);
        return (isWhole ? SupportsHash(connection.Features) : !SupportsXsha256(connection.Features))
            ? await RequestByHashAsync(connection, path, isWhole ? null : length, limit, cancellationToken).ConfigureAwait(false)
            : await RequestByXsha256Async(connection, path, isWhole ? null : length, limit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The hash in <c>SHA-256 0-49 a1b2… a.txt</c>, which a HASH reply says; null when it is another kind's, or none, or not that of the part asked for. The
    /// second number is the last byte's or, with ProFTPD, the one's after it.
    /// </summary>
    public static byte[]? ParseHashReply(string text, long? length) =>
        text.Split(' ') is [AlgorithmName, var range, var hex, ..] && (length is not { } bytes || range == FormatRange(bytes - 1) || range == FormatRange(bytes)) ? ParseHex(hex) : null;

    /// <summary>The hash in the reply to XSHA256: the last word that is one, for servers put what they like before it.</summary>
    public static byte[]? ParseXsha256Reply(string text) => text.Split(' ').Select(ParseHex).LastOrDefault(hash => hash is not null);

    private static bool SupportsHash(FtpServerFeatures features) => GetOfferedAlgorithms(features).Any(name => name.TrimEnd('*').Equals(AlgorithmName, StringComparison.OrdinalIgnoreCase));

    private static bool SupportsXsha256(FtpServerFeatures features) => features.Supports("XSHA256");

    /// <summary><c>SHA-256*;SHA-1</c>: the star marks the kind that is chosen at sign-in.</summary>
    private static string[] GetOfferedAlgorithms(FtpServerFeatures features) => (features.GetParameters("HASH") ?? "").Split(';', StringSplitOptions.TrimEntries);

    private static async Task<byte[]?> RequestByHashAsync(FtpConnection connection, string path, long? length, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (!connection.IsSha256Selected && !GetOfferedAlgorithms(connection.Features).Contains(AlgorithmName + "*", StringComparer.OrdinalIgnoreCase))
        {
            connection.IsSha256Selected = (await connection.SendAsync("OPTS", $"HASH {AlgorithmName}", cancellationToken).ConfigureAwait(false)).IsCompletion;
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
            // The range was not used: the next RETR must not have it.
            await connection.SendAsync("RANG", "1 0", cancellationToken).ConfigureAwait(false);
        }

        return hash;
    }

    private static string FormatRange(long last) => string.Create(CultureInfo.InvariantCulture, $"0-{last}");

    private static async Task<byte[]?> RequestByXsha256Async(FtpConnection connection, string path, long? length, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (path.Contains('"'))
        {
            // How that would be written inside quotes, servers do not agree.
            return null;
        }

        string argument = length is { } end ? string.Create(CultureInfo.InvariantCulture, $"\"{path}\" 0 {end}") : $"\"{path}\"";
        FtpReply reply = await connection.SendAsync("XSHA256", argument, limit, cancellationToken).ConfigureAwait(false);
        return reply.IsCompletion ? ParseXsha256Reply(reply.Text) : null;
    }

    private static byte[]? ParseHex(string word) => word.Length == 64 && word.All(char.IsAsciiHexDigit) ? Convert.FromHexString(word) : null;
}
