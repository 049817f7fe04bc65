namespace Fts.Server;

/// <summary>Which uploads the server publishes under their final name.</summary>
/// <remarks>
/// Truncated uploads are never published. An upload is truncated after a connection reset, a timeout, an abort, or a TLS connection that
/// ended without close_notify, or if its size differs from the size in ALLO. Without TLS and ALLO, an upload truncated by a regular close
/// of the connection cannot be distinguished from a complete one.
/// </remarks>
public enum FtpPublishPolicy
{
    /// <summary>Uploads that are complete, and uploads that may be complete because there is no sign of truncation.</summary>
    CompleteOrUnverified,
    /// <summary>
    /// Only uploads that are verified as complete: by the announced size (ALLO), close_notify of TLS, the end of a compressed stream (MODE
    /// Z) or the last block (MODE B).
    /// </summary>
    CompleteOnly,
}
