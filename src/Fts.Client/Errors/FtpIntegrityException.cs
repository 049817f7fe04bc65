using Fts.Protocol;

namespace Fts.Client;

/// <summary>How it showed that a transfer did not bring what was sent.</summary>
public enum FtpIntegrityFailure
{
    /// <summary>Bytes are missing, or there are too many.</summary>
    Length,
    /// <summary>The hashes of the two files differ.</summary>
    Content,
    /// <summary>The file on the server changed while it was fetched.</summary>
    SourceChanged,
    /// <summary>A hash was required (<see cref="FtpVerification.ByHash"/>), and the server does not compute one.</summary>
    Unverified,
}

/// <summary>The received content differs from the sent content, or the required verification cannot be done.</summary>
public sealed class FtpIntegrityException : FtpException
{
    /// <summary>A transfer that lost or gained bytes.</summary>
    /// <param name="path">The remote path.</param>
    /// <param name="expected">Bytes there should be.</param>
    /// <param name="actual">Bytes there are.</param>
    public FtpIntegrityException(string path, long expected, long actual)
        : this(path, FtpIntegrityFailure.Length, expected, actual, $"{actual} of {expected} bytes were transferred")
    {
    }

    private FtpIntegrityException(string path, FtpIntegrityFailure failure, long expected, long actual, string what)
        : base($"{path.ToPrintable()}: {what}") => (Path, Failure, Expected, Actual) = (path, failure, expected, actual);

    /// <summary>The remote path.</summary>
    public string Path { get; }

    /// <summary>How it showed.</summary>
    public FtpIntegrityFailure Failure { get; }

    /// <summary>Bytes there should be.</summary>
    public long Expected { get; }

    /// <summary>Bytes there are.</summary>
    public long Actual { get; }

    /// <summary>True unless the server cannot compute a hash: another attempt may transfer the file correctly.</summary>
    public override bool IsTransient => Failure != FtpIntegrityFailure.Unverified;

    internal static FtpIntegrityException CreateContentMismatch(string path, long length) =>
        new(path, FtpIntegrityFailure.Content, length, length, "the content here and the content on the server differ (SHA-256)");

    /// <summary>The required hash cannot be compared.</summary>
    /// <param name="path">The remote path.</param>
    /// <param name="length">The length in bytes; 0 if nothing was transferred yet.</param>
    internal static FtpIntegrityException CreateHashUnavailable(string path, long length) =>
        new(path, FtpIntegrityFailure.Unverified, length, length, "the server does not compute a SHA-256 (HASH or XSHA256), which is required to verify the transfer");

    internal static FtpIntegrityException CreateSourceChanged(string path, long before, long after) =>
        new(path, FtpIntegrityFailure.SourceChanged, before, after, "it changed on the server while it was fetched");
}
