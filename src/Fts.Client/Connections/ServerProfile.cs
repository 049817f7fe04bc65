using Fts.Client.Data;
using Fts.Client.Listings;
using Fts.Client.Tls;
using Fts.Client.Transfers;
using Fts.Protocol.Rates;

namespace Fts.Client.Connections;

/// <summary>
/// Caches the behaviour of a server for all connections of one client, so that the client does not repeat a rejected command on each
/// connection.
/// </summary>
/// <remarks>Thread-safe: each value is read and written independently, and a stale value only causes one more attempt.</remarks>
/// <param name="options">The options of the client.</param>
internal sealed class ServerProfile(FtpClientOptions options)
{
    private volatile DataConnectionMode _dataConnectionMode;
    private volatile bool _isMachineListingUnsupported;
    private volatile bool _isSizeUnsupported;
    private volatile bool _canResumeTlsAfterUpload;
    private volatile bool _isDeflateUnusable;
    private volatile bool _isRangeUnusable;
    private volatile bool _isSegmentedUploadUnusable;
    private volatile bool _isPipeliningUnusable;
    private volatile bool _isHostCommandUnsupported;
    private volatile bool _isHostCommandAccepted;
    private volatile string? _initialDirectory;
    private long _roundTripTicks = long.MaxValue;

    /// <summary>The limit of the speed that all connections share, or null for none.</summary>
    public BandwidthLimit? RateLimit { get; } =
        options.MaxBytesPerSecond is { } rate ? new BandwidthLimit(rate, options.TimeProvider) : null;

    /// <summary>
    /// The mode that the next data connection tries first, unless the options prescribe another mode. The modes before it in the
    /// enumeration have failed or cannot be used.
    /// </summary>
    public DataConnectionMode DataConnectionMode
    {
        get => _dataConnectionMode;
        set => _dataConnectionMode = value;
    }

    /// <summary>Whether FEAT does not list HOST, or the server rejected HOST.</summary>
    public bool IsHostCommandUnsupported
    {
        get => _isHostCommandUnsupported;
        set => _isHostCommandUnsupported = value;
    }

    /// <summary>Whether the server accepted HOST.</summary>
    public bool IsHostCommandAccepted
    {
        get => _isHostCommandAccepted;
        set => _isHostCommandAccepted = value;
    }

    /// <summary>Whether the server replied "not implemented" to MLSD or MLST although FEAT lists it.</summary>
    public bool IsMachineListingUnsupported
    {
        get => _isMachineListingUnsupported;
        set => _isMachineListingUnsupported = value;
    }

    /// <summary>Whether the server replied "not implemented" to SIZE.</summary>
    public bool IsSizeUnsupported
    {
        get => _isSizeUnsupported;
        set => _isSizeUnsupported = value;
    }

    /// <summary>
    /// Whether the server has accepted a data connection after an encrypted upload. Such a server issues new session tickets during
    /// uploads, or does not require session resumption.
    /// </summary>
    public bool CanResumeTlsAfterUpload
    {
        get => _canResumeTlsAfterUpload;
        set => _canResumeTlsAfterUpload = value;
    }

    /// <summary>Whether MODE Z was rejected, or corrupted a file, although FEAT lists it.</summary>
    public bool IsDeflateUnusable
    {
        get => _isDeflateUnusable;
        set => _isDeflateUnusable = value;
    }

    /// <summary>Whether RANG (a range of bytes for RETR) was rejected, or ignored by RETR, although FEAT lists RANG.</summary>
    public bool IsRangeUnusable
    {
        get => _isRangeUnusable;
        set => _isRangeUnusable = value;
    }

    /// <summary>Whether the server rejected an upload in segments although FEAT lists COMB, which combines the segments.</summary>
    public bool IsSegmentedUploadUnusable
    {
        get => _isSegmentedUploadUnusable;
        set => _isSegmentedUploadUnusable = value;
    }

    /// <summary>Whether the server did not reply to all commands that were sent in one packet.</summary>
    public bool IsPipeliningUnusable
    {
        get => _isPipeliningUnusable;
        set => _isPipeliningUnusable = value;
    }

    /// <summary>
    /// The shortest time from a command to its reply, which approximates the network round trip. Null before the first reply.
    /// </summary>
    public TimeSpan? RoundTripTime => Interlocked.Read(ref _roundTripTicks) is < long.MaxValue and var ticks ? new TimeSpan(ticks) : null;

    /// <summary>
    /// The path of the directory after the login, as PWD reported it. Null before PWD is sent; empty if the server does not report it.
    /// </summary>
    public string? InitialDirectory
    {
        get => _initialDirectory;
        set => _initialDirectory = value;
    }

    /// <summary>The behaviour of the server's listing commands.</summary>
    public ListingProfile ListingProfile { get; } = new();

    /// <summary>The decision on whether connections to the server use TLS.</summary>
    public TlsDecision Tls { get; } = new();

    /// <summary>The account for ACCT that the caller supplied on request.</summary>
    public RequestedAccount RequestedAccount { get; } = new();

    /// <summary>The measured benefit of compression.</summary>
    public DeflateMeasurements DeflateMeasurements { get; } = new();

    /// <summary>Records the time from a command to its reply.</summary>
    public void RecordReplyTime(TimeSpan elapsed)
    {
        long shortest = Interlocked.Read(ref _roundTripTicks);
        while (elapsed.Ticks < shortest)
        {
            shortest = Interlocked.CompareExchange(ref _roundTripTicks, elapsed.Ticks, shortest);
        }
    }
}
