namespace Fts.Client;

/// <summary>The kinds of TLS errors.</summary>
public enum FtpTlsFailure
{
    /// <summary>The server rejected TLS, and the client does not use an unencrypted connection instead.</summary>
    NotOffered,
    /// <summary>The TLS handshake failed.</summary>
    Handshake,
    /// <summary>
    /// The server is not trusted. <see cref="FtpTlsException.Identity"/> contains its identity. No credentials were sent.
    /// </summary>
    UntrustedServerCertificate,
    /// <summary>The server requires a client certificate, or rejected <see cref="FtpTrust.ClientCertificate"/>.</summary>
    ClientCertificateRejected,
    /// <summary>The server encrypts the control connection but rejected encrypted data connections.</summary>
    DataNotProtected,
    /// <summary>
    /// Encrypted data ended without close_notify, and no length proves that the data is complete. An attacker may have truncated the data.
    /// </summary>
    Truncated,
    /// <summary>
    /// The server does not support TLS, and <see cref="FtpClientOptions.ConfirmPlainPasswordAsync"/> did not allow an unencrypted password
    /// or account (ACCT). The password or account was not sent.
    /// </summary>
    PasswordNotProtected,
}

/// <summary>Thrown if TLS fails or the server is not trusted. The client never retries without encryption.</summary>
public sealed class FtpTlsException : FtpConnectionException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="failure">The kind of error.</param>
    /// <param name="message">The description of the error.</param>
    /// <param name="innerException">The cause, for example the error of the TLS library.</param>
    public FtpTlsException(FtpTlsFailure failure, string message, Exception? innerException = null)
        : base(failure == FtpTlsFailure.Truncated ? FtpOperationPhase.Transfer : FtpOperationPhase.Handshake, message, innerException) =>
        Failure = failure;

    /// <summary>The kind of error.</summary>
    public FtpTlsFailure Failure { get; }

    /// <summary>The identity of the server if its certificate was rejected; otherwise null.</summary>
    public FtpServerIdentity? Identity { get; init; }

    /// <summary>Returns true only for <see cref="FtpTlsFailure.Truncated"/>: another attempt may transfer the file completely.</summary>
    public override bool IsTransient => Failure == FtpTlsFailure.Truncated;

    /// <summary>Returns the exception for data that ended without close_notify.</summary>
    /// <param name="subject">The subject of the message, for example "the listing".</param>
    internal static FtpTlsException CreateTruncated(string subject) =>
        new(FtpTlsFailure.Truncated, $"{subject} ended without TLS close_notify and may be truncated");
}
