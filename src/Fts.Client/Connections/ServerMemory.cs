namespace Fts.Client;

/// <summary>What was learnt of a server the hard way, shared by all connections to it so that each lesson is paid for once.</summary>
internal sealed class ServerMemory
{
    private volatile bool _refusesExtendedPassive;
    private volatile bool _refusesMachineListing;
    private volatile bool _hasOneHost;
    private volatile bool _takesHost;

    /// <summary>EPSV was answered with 5yz.</summary>
    public bool RefusesExtendedPassive
    {
        get => _refusesExtendedPassive;
        set => _refusesExtendedPassive = value;
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
}
