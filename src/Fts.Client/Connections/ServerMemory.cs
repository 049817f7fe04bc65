namespace Fts.Client;

/// <summary>What was learnt of a server the hard way, shared by all connections to it so that each lesson is paid for once.</summary>
internal sealed class ServerMemory
{
    private volatile DataWay _dataWay;
    private volatile bool _refusesMachineListing;

    /// <summary>How to open data connections, at first: those before it were answered with 5yz, or led nowhere.</summary>
    public DataWay DataWay
    {
        get => _dataWay;
        set => _dataWay = value;
    }

    /// <summary>MLSD or MLST is announced, but was answered with "not implemented".</summary>
    public bool RefusesMachineListing
    {
        get => _refusesMachineListing;
        set => _refusesMachineListing = value;
    }
}
