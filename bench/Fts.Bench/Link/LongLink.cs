using Fts.Bench.Load;

namespace Fts.Bench.Link;

/// <summary>
/// Two network namespaces, one for servers and one for clients, between which each packet is delayed by 25 ms. There is no other limit and
/// no connection to other networks. The kernel removes them when the program ends, even after a crash.
/// </summary>
internal sealed class LongLink
{
    /// <summary>The address of the servers.</summary>
    public const string ServersAddress = "10.50.0.1";

    private const string ClientsAddress = "10.50.0.2";

    private static readonly TimeSpan s_oneWay = TimeSpan.FromMilliseconds(25);

    private readonly PrivateNetwork _servers = new(ServersAddress), _clients = new(ClientsAddress);
    private readonly DelayLine _down, _up;

    /// <exception cref="MeasurementException">The program does not run as root, or /dev/net/tun or ip is missing.</exception>
    public LongLink()
    {
        _down = new DelayLine(_servers.Device, _clients.Device, s_oneWay);
        _up = new DelayLine(_clients.Device, _servers.Device, s_oneWay);
    }

    /// <summary>Runs work on a thread in the network of the servers. Processes that it starts are in this network too.</summary>
    public T AtServers<T>(Func<T> work) => _servers.Run(work);

    /// <summary>Runs work on a thread in the network of the clients. Processes that it starts are in this network too.</summary>
    public T AtClients<T>(Func<T> work) => _clients.Run(work);

    /// <summary>Runs a measurement of the delay, which is valid only without packet loss.</summary>
    /// <exception cref="MeasurementException">Packets were dropped because a queue was full: this machine is too slow.</exception>
    public T WithoutLoss<T>(Func<LongLink, T> work)
    {
        long before = ReadLost();
        T result = work(this);
        return ReadLost() - before is > 0 and var lost
            ? throw new MeasurementException($"the long link lost {lost} packets")
            : result;
    }

    private long ReadLost() => _down.Lost + _up.Lost + _servers.ReadDropped() + _clients.ReadDropped();
}
