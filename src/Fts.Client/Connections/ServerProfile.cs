using Fts.Client.Data;
using Fts.Client.Listings;
using Fts.Client.Tls;
using Fts.Client.Transfers;

namespace Fts.Client.Connections;

/// <summary>What was learnt of a server the hard way, shared by all connections to it so that each lesson is paid for once.</summary>
internal sealed class ServerProfile
{
    private volatile DataConnectionMode _dataConnectionMode;
    private volatile bool _isMachineListingUnsupported;
    private volatile bool _isSizeUnsupported;
    private volatile bool _canResumeTlsAfterUpload;
    private volatile bool _isDeflateUnusable;
    private volatile bool _isRangeUnusable;
    private volatile bool _isSegmentedUploadUnusable;
    private volatile bool _isHostUnsupported;
    private volatile bool _isHostAccepted;
    private volatile string? _initialDirectory;
    private long _roundTripTicks = long.MaxValue;

    /// <summary>How to open data connections, at first: those before it were answered with 5yz, or led nowhere.</summary>
    public DataConnectionMode DataConnectionMode
    {
        get => _dataConnectionMode;
        set => _dataConnectionMode = value;
    }

    /// <summary>HOST is not announced, or was refused.</summary>
    public bool IsHostUnsupported
    {
        get => _isHostUnsupported;
        set => _isHostUnsupported = value;
    }

    /// <summary>HOST was accepted.</summary>
    public bool IsHostAccepted
    {
        get => _isHostAccepted;
        set => _isHostAccepted = value;
    }

    /// <summary>MLSD or MLST is announced, but was answered with "not implemented".</summary>
    public bool IsMachineListingUnsupported
    {
        get => _isMachineListingUnsupported;
        set => _isMachineListingUnsupported = value;
    }

    /// <summary>The server replied "not implemented" to SIZE, whether FEAT lists it or not.</summary>
    public bool IsSizeUnsupported
    {
        get => _isSizeUnsupported;
        set => _isSizeUnsupported = value;
    }

    /// <summary>A data connection after an encrypted upload is taken: the server gives new tickets with uploads, or does not ask for any.</summary>
    public bool CanResumeTlsAfterUpload
    {
        get => _canResumeTlsAfterUpload;
        set => _canResumeTlsAfterUpload = value;
    }

    /// <summary>MODE Z is announced, but was refused, or spoilt a file.</summary>
    public bool IsDeflateUnusable
    {
        get => _isDeflateUnusable;
        set => _isDeflateUnusable = value;
    }

    /// <summary>RANG is announced, but was refused, or not followed by RETR.</summary>
    public bool IsRangeUnusable
    {
        get => _isRangeUnusable;
        set => _isRangeUnusable = value;
    }

    /// <summary>COMB is announced, but an upload in parts was refused.</summary>
    public bool IsSegmentedUploadUnusable
    {
        get => _isSegmentedUploadUnusable;
        set => _isSegmentedUploadUnusable = value;
    }

    /// <summary>The shortest time yet from a command to its reply, which is the link's alone; null before the first.</summary>
    public TimeSpan? RoundTripTime => Interlocked.Read(ref _roundTripTicks) is < long.MaxValue and var ticks ? new TimeSpan(ticks) : null;

    /// <summary>The path of the folder that the account starts in (PWD). Null before PWD was sent; empty if the server does not report it.</summary>
    public string? InitialDirectory
    {
        get => _initialDirectory;
        set => _initialDirectory = value;
    }

    /// <summary>Which listing commands work, and how.</summary>
    public ListingProfile ListingProfile { get; } = new();

    /// <summary>Whether the server uses TLS.</summary>
    public TlsDecision Tls { get; } = new();

    /// <summary>The account for ACCT, if the caller was asked for one.</summary>
    public RequestedAccount RequestedAccount { get; } = new();

    /// <summary>What compressing would be worth.</summary>
    public DeflateMeasurements DeflateMeasurements { get; } = new();

    /// <summary>Notes how long a reply took.</summary>
    public void NoteReplyTime(TimeSpan took)
    {
        for (long least = Interlocked.Read(ref _roundTripTicks); took.Ticks < least; least = Interlocked.Read(ref _roundTripTicks))
        {
            Interlocked.CompareExchange(ref _roundTripTicks, took.Ticks, least);
        }
    }
}
