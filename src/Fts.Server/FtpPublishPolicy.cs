namespace Fts.Server;

/// <summary>Determines which uploads the server publishes under their final name.</summary>
/// <remarks>
/// Uploads that are known to be truncated are never published. Signs of truncation are a connection reset, a timeout, an abort, a size that
/// differs from ALLO, and a missing close_notify (<see cref="FtpTlsOptions.RequiresCloseNotify"/>). A client that disconnects or sends QUIT
/// before the end of the data is another sign. A truncated upload that uses none of TLS, ALLO, MODE B and MODE Z can look like a complete
/// upload.
/// </remarks>
public enum FtpPublishPolicy
{
    /// <summary>Publishes every upload without a sign of truncation, even if nothing proves that the upload is complete.</summary>
    CompleteOrUnverified,
    /// <summary>
    /// Publishes only uploads that are verified as complete: by the announced size (ALLO), the close_notify of TLS, the end of a compressed
    /// stream (MODE Z) or the last block (MODE B).
    /// </summary>
    CompleteOnly,
}
