namespace Fts.Server;

/// <summary>
/// Which uploads are published. Cut ones never are: a connection that was reset or timed out, a transfer that was aborted, TLS whose end was not announced, another
/// size than ALLO told. In plain text, with no size announced, a client that sent all and one that was cut off in good order look the same.
/// </summary>
public enum FtpPublishPolicy
{
    /// <summary>Those that are complete, and those that may be, because nothing says otherwise.</summary>
    CompleteOrUnverified,
    /// <summary>Only those that are proven complete: by the size announced (ALLO), the announced end of TLS, or the end of a compressed stream (MODE Z).</summary>
    CompleteOnly,
}
