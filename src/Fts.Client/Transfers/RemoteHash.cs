using System.Globalization;
using Fts.Protocol;

namespace Fts.Client;

/// <summary>
/// SHA-256 of a file on the server or of its first bytes: HASH (draft-bryan-ftpext-hash) or XSHA256. A part is rather asked for by XSHA256, which takes the range
/// itself: ProFTPD keeps RANG for the next RETR and hashes the whole file.
/// </summary>
internal static class RemoteHash
{
    /// <summary>A server that reads slower than this from its own disk is given up.</summary>
    private const long LeastBytesPerSecond = 10_000_000;

    private const string Name = "SHA-256";

    public static bool IsOffered(FtpServerFeatures features) => HasHash(features) || HasXsha256(features);

    /// <summary>Whether a part of a file can be asked for.</summary>
    public static bool IsOfferedForParts(FtpConnection connection) => (HasHash(connection.Features) && connection.Features.Has("RANG")) || HasXsha256(connection.Features);

    /// <summary>The hash of the file, or of its first <paramref name="length"/> bytes, of which there is at least one; null when the server does not tell.</summary>
    /// <param name="connection">Where to ask.</param>
    /// <param name="path">The file.</param>
    /// <param name="length">Bytes from its beginning.</param>
    /// <param name="isWhole">Whether that is all of it.</param>
    /// <param name="cancellationToken">Ends the wait, and with it the use of the connection.</param>
    public static async Task<byte[]?> OfAsync(FtpConnection connection, string path, long length, bool isWhole, CancellationToken cancellationToken)
    {
        TimeSpan limit = connection.Options.Timeouts.Reply == Timeout.InfiniteTimeSpan
            ? Timeout.InfiniteTimeSpan
            : connection.Options.Timeouts.Reply + TimeSpan.FromSeconds(length / LeastBytesPerSecond);
        return (isWhole ? HasHash(connection.Features) : !HasXsha256(connection.Features))
            ? await ByHashAsync(connection, path, isWhole ? null : length, limit, cancellationToken).ConfigureAwait(false)
            : await ByXsha256Async(connection, path, isWhole ? null : length, limit, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The hash in <c>SHA-256 0-49 a1b2… a.txt</c>, which a HASH reply says; null when it is another kind's, or none, or not that of the part asked for. The
    /// second number is the last byte's or, with ProFTPD, the one's after it.
    /// </summary>
    public static byte[]? FromHashReply(string text, long? length) =>
        text.Split(' ') is [Name, var range, var hex, ..] && (length is not { } bytes || range == Range(bytes - 1) || range == Range(bytes)) ? FromHex(hex) : null;

    /// <summary>The hash in the reply to XSHA256: the last word that is one, for servers put what they like before it.</summary>
    public static byte[]? FromXsha256Reply(string text) => text.Split(' ').Select(FromHex).LastOrDefault(hash => hash is not null);

    private static bool HasHash(FtpServerFeatures features) => Offered(features).Any(name => name.TrimEnd('*').Equals(Name, StringComparison.OrdinalIgnoreCase));

    private static bool HasXsha256(FtpServerFeatures features) => features.Has("XSHA256");

    /// <summary><c>SHA-256*;SHA-1</c>: the star marks the kind that is chosen at sign-in.</summary>
    private static string[] Offered(FtpServerFeatures features) => (features.Parameter("HASH") ?? "").Split(';', StringSplitOptions.TrimEntries);

    private static async Task<byte[]?> ByHashAsync(FtpConnection connection, string path, long? length, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (!connection.HashesBySha256 && !Offered(connection.Features).Contains(Name + "*", StringComparer.OrdinalIgnoreCase))
        {
            connection.HashesBySha256 = (await connection.SendAsync("OPTS", $"HASH {Name}", cancellationToken).ConfigureAwait(false)).IsCompletion;
            if (!connection.HashesBySha256)
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
        byte[]? hash = reply.IsCompletion ? FromHashReply(reply.Text, length) : null;
        if (length is not null && hash is null)
        {
            // The range was not used: the next RETR must not have it.
            await connection.SendAsync("RANG", "1 0", cancellationToken).ConfigureAwait(false);
        }

        return hash;
    }

    private static string Range(long last) => string.Create(CultureInfo.InvariantCulture, $"0-{last}");

    private static async Task<byte[]?> ByXsha256Async(FtpConnection connection, string path, long? length, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (path.Contains('"'))
        {
            // How that would be written inside quotes, servers do not agree.
            return null;
        }

        string argument = length is { } end ? string.Create(CultureInfo.InvariantCulture, $"\"{path}\" 0 {end}") : $"\"{path}\"";
        FtpReply reply = await connection.SendAsync("XSHA256", argument, limit, cancellationToken).ConfigureAwait(false);
        return reply.IsCompletion ? FromXsha256Reply(reply.Text) : null;
    }

    private static byte[]? FromHex(string word) => word.Length == 64 && word.All(char.IsAsciiHexDigit) ? Convert.FromHexString(word) : null;
}
