using Fts.Protocol;

namespace Fts.Client;

/// <summary>The server said something that is not FTP, or not an answer to what was asked.</summary>
public sealed class FtpProtocolException : FtpException
{
    /// <summary>Nonsense from the server.</summary>
    /// <param name="message">What, and what was expected.</param>
    /// <param name="innerException">The parser's error, when one found it.</param>
    public FtpProtocolException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>
/// The received data is not a listing: no line is in a known format, or the data exceeds a limit. Also thrown if a requested name occurs only in a line
/// that cannot be read. A listing with some lines in an unknown format has entries with <see cref="FtpEntry.RawLine"/> instead.
/// </summary>
public sealed class FtpListingException : FtpException
{
    /// <summary>A line that could not be read.</summary>
    /// <param name="rawLine">The line as it came.</param>
    /// <param name="reason">Why it could not be read.</param>
    /// <param name="innerException">The parser's error.</param>
    public FtpListingException(string rawLine, string reason, Exception? innerException = null)
        : base($"{reason}: {rawLine.ToPrintable()}", innerException) => RawLine = rawLine;

    /// <summary>The line as it came; cut where it was over the limit.</summary>
    public string RawLine { get; }
}
