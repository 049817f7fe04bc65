using Fts.Protocol;

namespace Fts.Client;

/// <summary>
/// Thrown if the proxy cannot be reached, rejects the connection, or sends an invalid response. The message is one line and contains the
/// reason that the proxy sent, if any.
/// </summary>
public sealed class FtpProxyException : FtpConnectionException
{
    private readonly bool _isTransient;

    /// <summary>Creates the exception. The message contains the proxy and the reason.</summary>
    /// <param name="proxy">The proxy.</param>
    /// <param name="reason">The predicate of a sentence about the proxy, for example "cannot be reached".</param>
    /// <param name="isTransient">Whether the same call may succeed later.</param>
    /// <param name="innerException">The cause, for example a socket error.</param>
    public FtpProxyException(FtpProxy proxy, string reason, bool isTransient, Exception? innerException = null)
        : base(
            FtpOperationPhase.Proxy, $"the proxy {RequireNotNull(proxy).ToString().ToPrintable()} {reason.ToPrintable()}",
            innerException) =>
        (Proxy, _isTransient) = (proxy, isTransient);

    /// <summary>The proxy.</summary>
    public FtpProxy Proxy { get; }

    /// <summary>Whether the same call may succeed later without any change by the caller.</summary>
    public override bool IsTransient => _isTransient;

    private static FtpProxy RequireNotNull(FtpProxy proxy)
    {
        ArgumentNullException.ThrowIfNull(proxy);
        return proxy;
    }
}
