namespace Fts.Client;

/// <summary>What was learnt of a server the hard way, shared by all connections to it so that each lesson is paid for once.</summary>
internal sealed class ServerMemory
{
    private volatile DataWay _dataWay;
    private volatile bool _refusesMachineListing;
    private volatile bool _refusesSize;
    private volatile bool _renewsTickets;
    private volatile bool _refusesDeflate;
    private volatile bool _refusesRange;
    private volatile bool _refusesParts;
    private volatile bool _hasOneHost;
    private volatile bool _takesHost;
    private volatile string? _startFolder;
    private long _roundTrip = long.MaxValue;

    /// <summary>How to open data connections, at first: those before it were answered with 5yz, or led nowhere.</summary>
    public DataWay DataWay
    {
        get => _dataWay;
        set => _dataWay = value;
    }

    /// <summary>HOST is not announced, or was refused.</summary>
    public bool HasOneHost
    {
        get => _hasOneHost;
        set => _hasOneHost = value;
    }

    /// <summary>HOST was accepted.</summary>
    public bool TakesHost
    {
        get => _takesHost;
        set => _takesHost = value;
    }

    /// <summary>MLSD or MLST is announced, but was answered with "not implemented".</summary>
    public bool RefusesMachineListing
    {
        get => _refusesMachineListing;
        set => _refusesMachineListing = value;
    }

    /// <summary>The server replied "not implemented" to SIZE, whether FEAT lists it or not.</summary>
    public bool RefusesSize
    {
        get => _refusesSize;
        set => _refusesSize = value;
    }

    /// <summary>A data connection after an encrypted upload is taken: the server gives new tickets with uploads, or does not ask for any.</summary>
    public bool RenewsTickets
    {
        get => _renewsTickets;
        set => _renewsTickets = value;
    }

    /// <summary>MODE Z is announced, but was refused, or spoilt a file.</summary>
    public bool RefusesDeflate
    {
        get => _refusesDeflate;
        set => _refusesDeflate = value;
    }

    /// <summary>RANG is announced, but was refused, or not followed by RETR.</summary>
    public bool RefusesRange
    {
        get => _refusesRange;
        set => _refusesRange = value;
    }

    /// <summary>COMB is announced, but an upload in parts was refused.</summary>
    public bool RefusesParts
    {
        get => _refusesParts;
        set => _refusesParts = value;
    }

    /// <summary>The shortest time yet from a command to its reply, which is the link's alone; null before the first.</summary>
    public TimeSpan? RoundTrip => Interlocked.Read(ref _roundTrip) is < long.MaxValue and var ticks ? new TimeSpan(ticks) : null;

    /// <summary>The path of the folder that the account starts in (PWD). Null before PWD was sent; empty if the server does not report it.</summary>
    public string? StartFolder
    {
        get => _startFolder;
        set => _startFolder = value;
    }

    /// <summary>Which listing commands work, and how.</summary>
    public ListingMemory Listings { get; } = new();

    /// <summary>Whether the server uses TLS.</summary>
    public TlsDecision Tls { get; } = new();

    /// <summary>The account for ACCT, if the caller was asked for one.</summary>
    public AccountAnswer Account { get; } = new();

    /// <summary>What compressing would be worth.</summary>
    public DeflateMeasures Deflate { get; } = new();

    /// <summary>Notes how long a reply took.</summary>
    public void NoteReply(TimeSpan took)
    {
        for (long least = Interlocked.Read(ref _roundTrip); took.Ticks < least; least = Interlocked.Read(ref _roundTrip))
        {
            Interlocked.CompareExchange(ref _roundTrip, took.Ticks, least);
        }
    }
}
