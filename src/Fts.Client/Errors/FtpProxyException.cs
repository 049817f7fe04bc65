using Fts.Protocol;

namespace Fts.Client;

/// <summary>The proxy could not be reached, refused, or said something that is no answer. The message is one line, with the proxy's own words where it had any.</summary>
public sealed class FtpProxyException : FtpConnectionException
{
    private readonly bool _isTransient;

    /// <summary>A proxy that does not connect.</summary>
    /// <param name="proxy">Which.</param>
    /// <param name="reason">What it did or said, to follow its name.</param>
    /// <param name="isTransient">Whether the same may work later.</param>
    /// <param name="innerException">What the network said.</param>
    public FtpProxyException(FtpProxy proxy, string reason, bool isTransient, Exception? innerException = null)
        : base(FtpOperationPhase.Proxy, $"the proxy {RequireProxy(proxy).ToString().ToPrintable()} {reason.ToPrintable()}", innerException) => (Proxy, _isTransient) = (proxy, isTransient);

    /// <summary>The proxy.</summary>
    public FtpProxy Proxy { get; }

    /// <summary>True when nothing has to be changed for another try to succeed.</summary>
    public override bool IsTransient => _isTransient;

    private static FtpProxy RequireProxy(FtpProxy proxy)
    {
        ArgumentNullException.ThrowIfNull(proxy);
        return proxy;
    }
}
