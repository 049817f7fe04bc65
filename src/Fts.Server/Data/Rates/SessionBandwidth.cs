using Fts.Protocol.Rates;

namespace Fts.Server.Data.Rates;

/// <summary>The bandwidth limits of one session. All transfers of the session share them.</summary>
/// <remarks>
/// In block mode, the session's loop may send while the transfer's task receives. They use different limits, so no lock is needed.
/// </remarks>
/// <param name="clock">The clock of the limits.</param>
internal sealed class SessionBandwidth(TimeProvider clock)
{
    private BandwidthLimit? _upload, _download;

    /// <summary>Returns the limit of uploads. A change of the rate creates a new limit.</summary>
    /// <param name="bytesPerSecond">The upload rate of the account.</param>
    public BandwidthLimit GetUpload(long bytesPerSecond) => _upload = Update(_upload, bytesPerSecond);

    /// <summary>Returns the limit of downloads and listings. A change of the rate creates a new limit.</summary>
    /// <param name="bytesPerSecond">The download rate of the account.</param>
    public BandwidthLimit GetDownload(long bytesPerSecond) => _download = Update(_download, bytesPerSecond);

    private BandwidthLimit Update(BandwidthLimit? current, long rate) =>
        current?.BytesPerSecond == Math.Max(1, rate) ? current : new BandwidthLimit(Math.Max(1, rate), clock);
}
