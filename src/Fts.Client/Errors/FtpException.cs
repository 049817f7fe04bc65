namespace Fts.Client;

/// <summary>
/// The base class of the exceptions for failed FTP operations. Cancellation throws <see cref="OperationCanceledException"/> instead.
/// </summary>
public class FtpException : Exception
{
    /// <summary>Creates an exception without a message.</summary>
    public FtpException()
    {
    }

    /// <summary>Creates an exception with a message.</summary>
    public FtpException(string message)
        : base(message)
    {
    }

    /// <summary>Creates an exception with a message and a cause.</summary>
    public FtpException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    /// <summary>Whether the error is transient: the same call may succeed later without any change by the caller.</summary>
    public virtual bool IsTransient => false;

    /// <summary>
    /// Returns whether the operation failed for lack of a working connection. For example, the server could not be reached, rejected the
    /// login, did not reply in time, or ended the connection. Returns false for TLS errors, which must be reported to the user.
    /// </summary>
    internal bool IsConnectionFailure() => this is FtpLoginException or (FtpConnectionException and not FtpTlsException);

    /// <summary>
    /// Returns whether the server rejected the login or the client certificate, the client does not trust the server, or the server does
    /// not offer TLS. Another attempt would fail in the same way, and repeated logins can lock the account.
    /// </summary>
    internal bool IsLoginOrTrustFailure() => this is FtpLoginException or FtpTlsException
    {
        Failure: FtpTlsFailure.NotOffered or FtpTlsFailure.UntrustedServerCertificate or FtpTlsFailure.ClientCertificateRejected
            or FtpTlsFailure.PasswordNotProtected,
    };
}
