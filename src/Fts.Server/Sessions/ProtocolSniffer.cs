using System.Buffers;
using Fts.Protocol;

namespace Fts.Server.Sessions;

/// <summary>
/// Recognises clients of other protocols by the lines that they send. A web page can make a browser send HTTP requests to any port, and the
/// headers or body of a request may contain FTP commands. Therefore no line after a line of another protocol may be executed.
/// </summary>
internal static class ProtocolSniffer
{
    /// <summary>Bytes that no line of ASCII text contains: control characters except the tab, and bytes outside ASCII.</summary>
    private static readonly SearchValues<byte> BinaryBytes =
        SearchValues.Create(
            [.. Enumerable.Range(0, 256).Where(value => value is (< ' ' and not '\t') or > '~').Select(value => (byte)value)]);

    /// <summary>
    /// If no FTP client can have sent the line, returns the line's protocol or a description of the line, for the log. Otherwise returns
    /// null.
    /// </summary>
    /// <param name="line">The line as read.</param>
    /// <param name="isCommand">Whether the line begins with a verb.</param>
    /// <param name="isFirst">Whether the client has sent no line with content before this line.</param>
    /// <param name="isKnown">Whether the line is a command that the server supports.</param>
    public static string? FindForeignProtocol(LineReadResult line, bool isCommand, bool isFirst, bool isKnown) => line.Status switch
    {
        LineStatus.Binary => "binary data",
        LineStatus.TooLong => isFirst ? "overlong first line" : null,
        _ when (isFirst || !isKnown) && IsHttpRequest(line.Bytes.Span) => "HTTP",
        _ when isFirst && !isCommand && line.Bytes.Span.ContainsAny(BinaryBytes) => "binary data",
        _ => null,
    };

    /// <summary>Returns whether the line consists of a method, a target and an HTTP version (RFC 9112 §3).</summary>
    private static bool IsHttpRequest(ReadOnlySpan<byte> line)
    {
        ReadOnlySpan<byte> version = " HTTP/"u8;
        int at = line.LastIndexOf(version);
        return at > line.IndexOf((byte)' ') && at + version.Length < line.Length && char.IsAsciiDigit((char)line[at + version.Length]);
    }
}
