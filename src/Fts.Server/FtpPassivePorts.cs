namespace Fts.Server;

/// <summary>The range of ports for passive data connections, for servers behind a firewall.</summary>
/// <remarks>
/// The server chooses ports at random. Sessions of clients with different addresses share a port. Clients from one address can wait for as
/// many data connections at the same time as there are ports.
/// </remarks>
/// <param name="First">The lowest port, at least 1024.</param>
/// <param name="Last">The highest port.</param>
public sealed record FtpPassivePorts(int First, int Last)
{
    private const int FirstAllowed = 1024, LastAllowed = 65535;

    /// <summary>
    /// The lowest port that the server reports to clients, if a router forwards other ports to <see cref="First"/> and the ports after it.
    /// Default: <see cref="First"/>.
    /// </summary>
    /// <remarks>
    /// Clients in the local network of the server receive the real ports, as with <see cref="FtpServerOptions.PassiveAddresses"/>.
    /// </remarks>
    public int? ExternalFirst { get; init; }

    /// <summary>Returns the port to which a client outside the router connects.</summary>
    internal int ToExternalPort(int port) => ExternalFirst is { } first ? port - First + first : port;

    internal bool Contains(int port) => port >= First && port <= Last;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(First, FirstAllowed);
        ArgumentOutOfRangeException.ThrowIfLessThan(Last, First);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Last, LastAllowed);
        if (ExternalFirst is not null && (ExternalFirst < 1 || ToExternalPort(Last) > LastAllowed))
        {
            throw new ArgumentOutOfRangeException(
                nameof(ExternalFirst), ExternalFirst, $"The external ports must be between 1 and {LastAllowed}.");
        }
    }
}
