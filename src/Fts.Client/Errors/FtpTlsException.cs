namespace Fts.Client;

/// <summary>What about encryption failed.</summary>
public enum FtpTlsFailure
{
    /// <summary>The server does not offer encryption where it is required.</summary>
    NotOffered,
    /// <summary>The two sides could not agree, or what came was no TLS.</summary>
    Handshake,
    /// <summary>The server is not trusted; <see cref="FtpTlsException.Identity"/> says who it claims to be. Nothing was sent to it.</summary>
    UntrustedServerCertificate,
    /// <summary>The server wants a certificate of the client's, or another one than <see cref="FtpTrust.ClientCertificate"/>.</summary>
    ClientCertificateRejected,
    /// <summary>The server encrypts commands but refuses to encrypt data.</summary>
    DataNotProtected,
    /// <summary>Data ended without the sender's word that it was all (close_notify), and no size proves it: somebody may have cut it.</summary>
    Truncated,
    /// <summary>
    /// The server offers no encryption, and <see cref="FtpClientOptions.ConfirmPlainPasswordAsync"/> does not allow a password in plain. Neither user name nor
    /// password was sent.
    /// </summary>
    PasswordNotProtected,
}

/// <summary>Encryption failed, or the server is not trusted. Never followed by another try in plain.</summary>
public sealed class FtpTlsException : FtpConnectionException
{
    /// <summary>A failure of encryption.</summary>
    /// <param name="failure">What failed.</param>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">What TLS or the network said.</param>
    public FtpTlsException(FtpTlsFailure failure, string message, Exception? innerException = null)
        : base(failure == FtpTlsFailure.Truncated ? FtpOperationPhase.Transfer : FtpOperationPhase.Handshake, message, innerException) => Failure = failure;

    /// <summary>What failed.</summary>
    public FtpTlsFailure Failure { get; }

    /// <summary>Who the server says it is, where a certificate was refused.</summary>
    public FtpServerIdentity? Identity { get; init; }

    /// <summary>Whether another try may help: only where data was cut.</summary>
    public override bool IsTransient => Failure == FtpTlsFailure.Truncated;

    internal static FtpTlsException CreateTruncated(string what) => new(FtpTlsFailure.Truncated, $"{what} ended without the server's word that it was all (TLS close_notify)");
}
