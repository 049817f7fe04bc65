namespace Fts.Server;

/// <summary>Which uploads the server publishes under their final name.</summary>
/// <remarks>
/// Truncated uploads are never published: after a connection reset, a timeout or an abort, with TLS without close_notify, or with another
/// size than ALLO announced. Without TLS and ALLO, a complete upload and an upload truncated by a regular close of the connection cannot be
/// distinguished.
/// </remarks>
public enum FtpPublishPolicy
{
    /// <summary>Uploads that are complete, and uploads that may be complete because there is no sign of truncation.</summary>
    CompleteOrUnverified,
    /// <summary>
    /// Only uploads whose completeness is verified: by the announced size (ALLO), close_notify of TLS, the end of a compressed stream (MODE
    /// Z) or the last block (MODE B).
    /// </summary>
    CompleteOnly,
}
