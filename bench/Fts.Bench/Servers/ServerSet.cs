using Fts.Bench.Link;
using Fts.Bench.Load;

namespace Fts.Bench.Servers;

/// <summary>The running servers. Starts each server when it is first requested, and owns them.</summary>
/// <param name="peers">The other servers.</param>
/// <param name="ours">Our server, or null if the path of our program is missing.</param>
/// <param name="link">The long link with the servers at its remote end, or null for servers on loopback.</param>
internal sealed class ServerSet(Peers peers, OurServer? ours, Lazy<LongLink>? link = null) : IDisposable
{
    private readonly Dictionary<(string Name, bool OverTls), ServerProcess> _running = [];

    /// <summary>The reasons why servers could not be started. They are not started again.</summary>
    private readonly Dictionary<(string Name, bool OverTls), string> _failures = [];

    private readonly Lock _lock = new();
    private readonly List<ServerProcess> _newServers = [];
    private bool _isAborted;

    /// <summary>The address of the servers.</summary>
    public string Address => link is null ? "127.0.0.1" : LongLink.ServersAddress;

    /// <summary>Returns the running server with this name, without TLS or with TLS on both connections.</summary>
    /// <exception cref="MeasurementException">The server could not be started.</exception>
    public ServerProcess Get(string name, bool overTls = false)
    {
        lock (_lock)
        {
            if (_running.TryGetValue((name, overTls), out ServerProcess? running))
            {
                return running;
            }

            if (_failures.TryGetValue((name, overTls), out string? reason))
            {
                throw new MeasurementException(reason);
            }
        }

        try
        {
            return _running[(name, overTls)] = Start(name, overTls);
        }
        catch (MeasurementException e)
        {
            _failures[(name, overTls)] = e.Message;
            throw;
        }
    }

    /// <summary>Starts another process of the server with this name. The caller disposes it.</summary>
    public ServerProcess StartNew(string name)
    {
        ServerProcess another = Start(name, overTls: false);
        lock (_lock)
        {
            _newServers.Add(another);
        }

        return another;
    }

    /// <summary>Kills all servers and prevents further starts. Measurements that wait for a server then fail.</summary>
    public void Abort()
    {
        lock (_lock)
        {
            _isAborted = true;
            foreach (ServerProcess server in _running.Values.Concat(_newServers))
            {
                server.Kill();
            }
        }
    }

    public void Dispose()
    {
        foreach (ServerProcess server in _running.Values)
        {
            server.Dispose();
        }
    }

    private ServerProcess Start(string name, bool overTls)
    {
        if (_isAborted)
        {
            throw new MeasurementException("the run was interrupted");
        }

        return link is null ? Launch() : link.Value.AtServers(Launch);

        ServerProcess Launch() => !Options.OurServers.Contains(name)
            ? peers.Start(name, overTls)
            : ours?.Start(name, overTls)
                ?? throw new MeasurementException("the path of our program is missing (--program)");
    }
}
