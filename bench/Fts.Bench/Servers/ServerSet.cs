using Fts.Bench.Link;
using Fts.Bench.Load;

namespace Fts.Bench.Servers;

/// <summary>The servers that run, each started when it is first asked for. Owns them.</summary>
/// <param name="peers">The other ones.</param>
/// <param name="ours">Null if no program of ours was named.</param>
/// <param name="link">At whose far end they are; null for servers on this machine's loopback.</param>
internal sealed class ServerSet(Peers peers, Ours? ours, Lazy<LongLink>? link = null) : IDisposable
{
    private readonly Dictionary<(string Name, bool OverTls), ServerProcess> _running = [];

    /// <summary>Why others do not run: who fails once is not tried again.</summary>
    private readonly Dictionary<(string Name, bool OverTls), string> _absent = [];

    private readonly Lock _lock = new();
    private readonly List<ServerProcess> _others = [];
    private bool _broken;

    /// <summary>Where clients find them.</summary>
    public string Address => link is null ? "127.0.0.1" : LongLink.ServersAddress;

    /// <summary>The server of that name, plain or with a certificate and its data encrypted.</summary>
    /// <exception cref="LoadException">It does not run, and why.</exception>
    public ServerProcess Get(string name, bool overTls = false)
    {
        lock (_lock)
        {
            if (_running.TryGetValue((name, overTls), out ServerProcess? running))
            {
                return running;
            }

            if (_absent.TryGetValue((name, overTls), out string? reason))
            {
                throw new LoadException(reason);
            }
        }

        try
        {
            return _running[(name, overTls)] = Start(name, overTls);
        }
        catch (LoadException e)
        {
            _absent[(name, overTls)] = e.Message;
            throw;
        }
    }

    /// <summary>One more of that name, fresh, which the caller disposes.</summary>
    public ServerProcess StartAnother(string name)
    {
        ServerProcess another = Start(name, overTls: false);
        lock (_lock)
        {
            _others.Add(another);
        }

        return another;
    }

    /// <summary>Ends every server and starts no more, so that whoever waits for one fails.</summary>
    public void Break()
    {
        lock (_lock)
        {
            _broken = true;
            foreach (ServerProcess server in _running.Values.Concat(_others))
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
        if (_broken)
        {
            throw new LoadException("the run was broken off");
        }

        return link is null ? Launch() : link.Value.AtServers(Launch);

        ServerProcess Launch() => name != Options.Ours ? peers.Start(name, overTls) : ours?.Start(overTls) ?? throw new LoadException("no program of ours was named (--program)");
    }
}
