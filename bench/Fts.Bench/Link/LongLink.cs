using Fts.Bench.Load;

namespace Fts.Bench.Link;

/// <summary>
/// Two networks of their own, one for servers and one for clients, with 25 ms of way between them in each direction and no other limit. It lasts as long as
/// the program, and the kernel forgets it then, however the program ended. What is on it can reach nothing else.
/// </summary>
internal sealed class LongLink
{
    /// <summary>Where clients find the servers.</summary>
    public const string ServersAddress = "10.50.0.1";

    private const string ClientsAddress = "10.50.0.2";

    private static readonly TimeSpan s_oneWay = TimeSpan.FromMilliseconds(25);

    private readonly PrivateNetwork _servers = new(ServersAddress), _clients = new(ClientsAddress);
    private readonly DelayLine _down, _up;

    /// <exception cref="LoadException">It takes root, /dev/net/tun and ip.</exception>
    public LongLink()
    {
        _down = new DelayLine(_servers.Device, _clients.Device, s_oneWay);
        _up = new DelayLine(_clients.Device, _servers.Device, s_oneWay);
    }

    /// <summary>Runs it on a thread that is in the servers' network; so is every process it starts.</summary>
    public T AtServers<T>(Func<T> work) => _servers.Run(work);

    /// <summary>The same in the clients' network.</summary>
    public T AtClients<T>(Func<T> work) => _clients.Run(work);

    /// <summary>Runs what measures the length of the way and nothing else.</summary>
    /// <exception cref="LoadException">Packets found a queue full meanwhile: this machine was too slow for what came.</exception>
    public T WithoutLoss<T>(Func<LongLink, T> work)
    {
        long before = ReadLost();
        T result = work(this);
        return ReadLost() - before is > 0 and var lost ? throw new LoadException($"the long link lost {lost} packets") : result;
    }

    private long ReadLost() => _down.Lost + _up.Lost + _servers.ReadDropped() + _clients.ReadDropped();
}
