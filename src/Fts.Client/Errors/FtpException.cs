namespace Fts.Client;

/// <summary>An FTP operation that did not succeed; the types derived from it say why. Cancellation is never one of them.</summary>
public class FtpException : Exception
{
    /// <summary>An error without a message.</summary>
    public FtpException()
    {
    }

    /// <summary>An error with a message.</summary>
    public FtpException(string message)
        : base(message)
    {
    }

    /// <summary>An error with a message and what caused it.</summary>
    public FtpException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Whether the same call may succeed later without anything being changed.</summary>
    public virtual bool IsTransient => false;

    /// <summary>
    /// Returns whether the server could not be reached or ended the connection. False for an untrusted certificate, which the user must
    /// see.
    /// </summary>
    internal bool IsConnectionFailure() => this is FtpLoginException or (FtpConnectionException and not FtpTlsException);
}
