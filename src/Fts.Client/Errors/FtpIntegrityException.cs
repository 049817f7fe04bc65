using Fts.Protocol;

namespace Fts.Client;

/// <summary>The reason why the verification of a transferred file failed.</summary>
public enum FtpIntegrityFailure
{
    /// <summary>The length differs: too few or too many bytes were transferred.</summary>
    Length,
    /// <summary>The hashes of the local and the remote file differ.</summary>
    Content,
    /// <summary>The file on the server changed during the transfer.</summary>
    SourceChanged,
    /// <summary>A hash was required (<see cref="FtpVerification.ByHash"/>), but the server did not report one.</summary>
    Unverified,
}

/// <summary>
/// Thrown if the received content differs from the sent content, the file on the server changed during the transfer, or a required
/// verification is impossible.
/// </summary>
public sealed class FtpIntegrityException : FtpException
{
    /// <summary>Creates the exception for a wrong length.</summary>
    /// <param name="path">The remote path.</param>
    /// <param name="expected">The expected length in bytes.</param>
    /// <param name="actual">The actual length in bytes.</param>
    public FtpIntegrityException(string path, long expected, long actual)
        : this(
            path, FtpIntegrityFailure.Length, expected, actual,
            actual <= expected ? $"{actual} of {expected} bytes were transferred"
                : $"{actual} bytes were transferred, but the expected length is {expected} bytes")
    {
    }

    private FtpIntegrityException(string path, FtpIntegrityFailure failure, long expected, long actual, string problem)
        : base($"{path.ToPrintable()}: {problem}") => (Path, Failure, Expected, Actual) = (path, failure, expected, actual);

    /// <summary>The remote path.</summary>
    public string Path { get; }

    /// <summary>The reason why the verification failed.</summary>
    public FtpIntegrityFailure Failure { get; }

    /// <summary>The expected length in bytes; 0 if unknown. If the file on the server changed, the length before the transfer.</summary>
    public long Expected { get; }

    /// <summary>The actual length in bytes; 0 if unknown. If the file on the server changed, the length after the change.</summary>
    public long Actual { get; }

    /// <summary>
    /// Returns false if the server did not report a required hash. Otherwise returns true, because another attempt may transfer the file
    /// correctly.
    /// </summary>
    public override bool IsTransient => Failure != FtpIntegrityFailure.Unverified;

    /// <summary>Returns the exception for different hashes.</summary>
    /// <param name="path">The remote path.</param>
    /// <param name="length">The length in bytes.</param>
    internal static FtpIntegrityException CreateContentMismatch(string path, long length) =>
        new(path, FtpIntegrityFailure.Content, length, length, "the local and remote content differ (SHA-256)");

    /// <summary>Returns the exception for a required hash that the server did not report.</summary>
    /// <param name="path">The remote path.</param>
    /// <param name="length">
    /// The length in bytes of the file that cannot be verified; 0 if the exception is thrown before the file was examined.
    /// </param>
    internal static FtpIntegrityException CreateHashUnavailable(string path, long length) =>
        new(
            path, FtpIntegrityFailure.Unverified, length, length,
            "the transfer must be verified by SHA-256, but the server reports no SHA-256 (HASH or XSHA256)");

    /// <summary>Returns the exception for a file that changed on the server during the transfer.</summary>
    /// <param name="path">The remote path.</param>
    /// <param name="before">The length in bytes before the transfer; 0 if unknown.</param>
    /// <param name="after">The length in bytes after the change; 0 if unknown.</param>
    internal static FtpIntegrityException CreateSourceChanged(string path, long before, long after) =>
        new(path, FtpIntegrityFailure.SourceChanged, before, after, "the file changed on the server during the transfer");
}
