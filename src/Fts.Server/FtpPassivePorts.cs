namespace Fts.Server;

/// <summary>
/// The ports on which data connections of passive mode are waited for, because a firewall lets only these through. Which one a transfer gets is left to
/// chance. Sessions of peers with different addresses share a port; from one address as many data connections can be waited for at once as there are ports.
/// </summary>
/// <param name="First">The lowest, from 1024 on.</param>
/// <param name="Last">The highest.</param>
public sealed record FtpPassivePorts(int First, int Last)
{
    private const int FirstAllowed = 1024, LastAllowed = 65535;

    /// <summary>
    /// What peers are told instead of <see cref="First"/> where a router in front of the server forwards other ports to these; the following ports likewise.
    /// Peers of the server's own network are told the real ones, as with <see cref="FtpServerOptions.PassiveAddresses"/>. Default: the same.
    /// </summary>
    public int? ExternalFirst { get; init; }

    /// <summary>The port a peer beyond the router connects to.</summary>
    internal int ToExternalPort(int port) => ExternalFirst is { } first ? port - First + first : port;

    internal bool Contains(int port) => port >= First && port <= Last;

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(First, FirstAllowed);
        ArgumentOutOfRangeException.ThrowIfLessThan(Last, First);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Last, LastAllowed);
        if (ExternalFirst is not null && (ExternalFirst < 1 || ToExternalPort(Last) > LastAllowed))
        {
            throw new ArgumentOutOfRangeException(nameof(ExternalFirst), ExternalFirst, $"The external ports must lie between 1 and {LastAllowed}.");
        }
    }
}
