using Fts.Protocol;

namespace Fts.Client;

/// <summary>Thrown if the server violates the protocol, for example by a malformed or unexpected reply.</summary>
public sealed class FtpProtocolException : FtpException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">The description of the violation.</param>
    /// <param name="innerException">The exception of the parser, if any.</param>
    public FtpProtocolException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>
/// Thrown if the received data is not a listing: no line is in a known format, or the data exceeds a limit. Also thrown if a requested name
/// occurs only in a line that cannot be parsed. If only some lines are in an unknown format, no exception is thrown, and their entries have
/// a <see cref="FtpEntry.RawLine"/>.
/// </summary>
public sealed class FtpListingException : FtpException
{
    /// <summary>Creates the exception. The message is the reason, followed by the line.</summary>
    /// <param name="rawLine">The line as received.</param>
    /// <param name="reason">The reason why the line cannot be parsed.</param>
    /// <param name="innerException">The exception of the parser, if any.</param>
    public FtpListingException(string rawLine, string reason, Exception? innerException = null)
        : base($"{reason}: {rawLine.ToPrintable()}", innerException) => RawLine = rawLine;

    /// <summary>The line as received. A line longer than <see cref="FtpLimits.ListingLine"/> is truncated.</summary>
    public string RawLine { get; }
}
