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

/// <summary>A line of a listing that no known format explains. It is never left out silently: a mirror that deletes would destroy what it cannot see.</summary>
public sealed class FtpListingException : FtpException
{
    /// <summary>A line that could not be read.</summary>
    /// <param name="rawLine">The line as it came.</param>
    /// <param name="reason">Why it could not be read.</param>
    /// <param name="innerException">The parser's error.</param>
    public FtpListingException(string rawLine, string reason, Exception? innerException = null)
        : base($"{reason}: {rawLine.Visible()}", innerException) => RawLine = rawLine;

    /// <summary>The line as it came; cut where it was over the limit.</summary>
    public string RawLine { get; }
}

/// <summary>What arrived is not what was sent: sizes differ.</summary>
public sealed class FtpIntegrityException : FtpException
{
    /// <summary>A transfer that lost or gained bytes.</summary>
    /// <param name="path">The remote path.</param>
    /// <param name="expected">Bytes there should be.</param>
    /// <param name="actual">Bytes there are.</param>
    public FtpIntegrityException(string path, long expected, long actual)
        : base($"{path.Visible()}: {actual} of {expected} bytes were transferred") => (Path, Expected, Actual) = (path, expected, actual);

    /// <summary>The remote path.</summary>
    public string Path { get; }

    /// <summary>Bytes there should be.</summary>
    public long Expected { get; }

    /// <summary>Bytes there are.</summary>
    public long Actual { get; }

    /// <summary>True: another try may get it whole.</summary>
    public override bool IsTransient => true;
}

/// <summary>The target exists and was not to be replaced; nothing was changed.</summary>
public sealed class FtpTargetExistsException : FtpException
{
    /// <summary>A target that exists.</summary>
    /// <param name="path">Its path: remote, or local for a download.</param>
    public FtpTargetExistsException(string path)
        : base($"{path.Visible()} exists already") => Path = path;

    /// <summary>Its path: remote, or local for a download.</summary>
    public string Path { get; }
}
