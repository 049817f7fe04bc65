namespace Fts.Server;

/// <summary>The range of ports for passive data connections, for servers behind a firewall.</summary>
/// <remarks>
/// The server chooses ports at random. Clients with different addresses can use the same port at the same time. Clients with the same
/// address need a port for each data connection that they have requested but not opened yet.
/// </remarks>
/// <param name="First">The lowest port, at least 1024.</param>
/// <param name="Last">The highest port.</param>
public sealed record FtpPassivePorts(int First, int Last)
{
    private const int FirstAllowed = 1024, LastAllowed = 65535;

    /// <summary>
    /// The port of the router that is forwarded to <see cref="First"/>, if the two numbers differ. The following ports of the router are
    /// forwarded to the following ports of the range. Null: the numbers are the same. Default: null.
    /// </summary>
    /// <remarks>
    /// The replies to PASV and EPSV contain the port of the router. Clients in the local network of the server
    /// (<see cref="FtpPassiveAddress.Network"/>) receive the port of the range, unless they receive a configured passive address.
    /// </remarks>
    public int? ExternalFirst { get; init; }

    /// <summary>Returns the port of the router that is forwarded to a port of this range.</summary>
    internal int ToExternalPort(int port) => ExternalFirst is { } externalFirst ? externalFirst + (port - First) : port;

    internal bool Contains(int port) => port >= First && port <= Last;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(First, FirstAllowed);
        ArgumentOutOfRangeException.ThrowIfLessThan(Last, First);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Last, LastAllowed);
        if (ExternalFirst is not null && (ExternalFirst < 1 || ToExternalPort(Last) > LastAllowed))
        {
            throw new ArgumentOutOfRangeException(
                nameof(ExternalFirst), ExternalFirst, $"All external ports must be between 1 and {LastAllowed}.");
        }
    }
}
