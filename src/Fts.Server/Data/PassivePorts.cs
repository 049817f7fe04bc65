using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Fts.Server.Data;

/// <summary>
/// The server's range of passive ports. Each port is listened on once for all sessions, from when it is first needed until it has been idle for a while:
/// a fresh bind for each transfer would have to pass over all the closed connections of that port in TIME_WAIT.
/// </summary>
/// <remarks>The server disposes it, after its sessions.</remarks>
internal sealed class PassivePorts(FtpServer server, FtpPassivePorts range) : IDisposable
{
    /// <summary>How many ports that turn out to be another program's are tried for one command.</summary>
    private const int MostFailures = 100;

    /// <summary>
    /// How many ports stay open that nobody waits on: a client that says PASV without end would otherwise have all of a great range listened on.
    /// </summary>
    private const int MostIdle = 256;

    private readonly Lock _lock = new();
    private readonly PortWatch _watch = new(server.Options.Logger);
    private readonly Dictionary<IPEndPoint, SharedPort> _open = [];

    /// <summary>Waits for a connection of this peer, on a port that cannot be foreseen (RFC 2577 §8) and on which no other session waits for the same address.</summary>
    /// <param name="local">The address of this machine to listen on.</param>
    /// <param name="peer">Whose connection is waited for.</param>
    /// <exception cref="SocketException">No port is free for that peer.</exception>
    public Reservation Reserve(IPAddress local, IPAddress peer)
    {
        int failures = 0;
        lock (_lock)
        {
            // The first draw nearly always does; all ports are gone through only when they run short.
            int drawn = RandomNumberGenerator.GetInt32(range.First, range.Last + 1);
            if (TryReserve(new IPEndPoint(local, drawn), peer, ref failures) is { } first)
            {
                return first;
            }

            foreach (int port in Shuffled())
            {
                if (TryReserve(new IPEndPoint(local, port), peer, ref failures) is { } reservation)
                {
                    return reservation;
                }

                if (failures == MostFailures)
                {
                    break;
                }
            }
        }

        throw new SocketException((int)SocketError.AddressAlreadyInUse);
    }

    /// <summary>Closes the ports on which nobody waits, nor did since <paramref name="before"/> (<see cref="Environment.TickCount64"/>).</summary>
    public void CloseIdle(long before)
    {
        lock (_lock)
        {
            foreach ((IPEndPoint endPoint, SharedPort port) in _open)
            {
                if (port.IsIdle(before))
                {
                    _open.Remove(endPoint);
                    port.Dispose();
                }
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (SharedPort port in _open.Values)
            {
                port.Dispose();
            }

            _open.Clear();
            _watch.Dispose();
        }
    }

    private int[] Shuffled()
    {
        int[] ports = [.. Enumerable.Range(range.First, range.Last - range.First + 1)];
        RandomNumberGenerator.Shuffle<int>(ports);
        return ports;
    }

    private Reservation? TryReserve(IPEndPoint endPoint, IPAddress peer, ref int failures)
    {
        if (!_open.TryGetValue(endPoint, out SharedPort? port))
        {
            if (_open.Count >= MostIdle)
            {
                CloseIdle(before: long.MaxValue);
            }

            try
            {
                _open[endPoint] = port = new SharedPort(server, _watch, endPoint);
            }
            catch (SocketException)
            {
                failures++;
                return null;
            }
        }

        return port.Reserve(peer);
    }
}
